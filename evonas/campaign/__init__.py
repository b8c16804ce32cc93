"""Campaigns: from a file or a call in Python to a finished search.

- ``specification.py``, ``document.py``, ``checks.py`` …: what a campaign file may say, and every fault with its line.
- ``assemble.py``: from names and objects to a ``Plan``; every part is made here, once.
- ``run.py``, ``session.py``, ``interruption.py``: runs a plan in its results folder, or goes on with it.
- ``recall.py``: reads a campaign back, to look at. ``result.py``: what a search hands back. ``api.py``: ``search``.
"""
