"""Runs a plan in its results folder, goes on with it, and reads it back.

- ``session.py``: begins or goes on. ``run.py``: proposes, hands out (``waiting.py``), writes down. ``interruption.py``:
  Ctrl-C. ``ledger.py``: archive and journal as one.
- ``recall.py``: a campaign read back, to look at. ``result.py``: what a search hands back. ``merge.py``: two as one.
- ``aftermath.py``: trains and exports what was found.
"""
