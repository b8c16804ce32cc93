"""Objectives: figures to minimise or maximise. One file each; any callable is one too (``function.py``)."""
