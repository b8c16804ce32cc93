"""Measurements of the engine itself, one file each; ``evonas benchmark NAME`` prints their tables.

Each compares within one run, repeats, and reports medians; none is a test.
"""
