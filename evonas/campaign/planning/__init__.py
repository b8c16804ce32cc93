"""From names and objects to a ``Plan``: every part is made here, once.

- ``parts.py``, ``inline.py``: what a file, a call in Python or an option names. ``making.py``, ``fitting.py``: made.
- ``assemble.py``: all of it as a ``Plan`` (``plan.py``).
- ``rungs.py``, ``successive_halving.py``, ``replication.py``: what wraps the searcher.
- ``early_stopping.py``, ``earlier.py``, ``warm_start.py``, ``proxy_batch.py``, ``workers.py``: what else a plan holds.
"""
