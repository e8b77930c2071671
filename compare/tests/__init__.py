"""Tests of what judges and prints: python3 -B -m unittest discover -s compare/tests -t compare"""
