"""Tests of what judges and prints; they need none of the programs: python3 -B -m unittest discover -s compare/tests -t compare"""
