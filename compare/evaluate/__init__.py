"""An evaluation of near-duplicate search on pictures made by edits; `run` is the program, README.md of compare/ the guide."""
