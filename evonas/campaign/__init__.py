"""Campaigns: from a file or a call in Python to a finished search.

Three rooms, in the order of a campaign: ``reading/``, ``planning/``, ``running/``. Two doors for Python: ``api.py``,
``search``, and ``elsewhere.py``, ``Search``, whose candidates are evaluated by the caller.
"""
