"""What a campaign file may say, and every fault of one with its line.

- ``document.py``: a file, read and found right. ``source.py``: its values with their lines.
- ``specification.py``, ``sections.py``, ``checks.py``, ``schema.py``: its keys, their types and what they may hold.
- ``rooms.py``, ``arguments.py``, ``objective.py``: names of components, what their constructors take.
- ``fault.py``, ``wording.py``: how a fault is told. ``starter.py``: the file that ``evonas new`` writes.
"""
