"""Published measurements of architectures, read from the user's own path. Tables are never part of evonas.

- ``table.py``: ``Table``, a CSV file with a column ``arch``.
- ``table_format.py``: the contract of a form that others published measurements in; ``formats/``: one file each.
- ``importing.py``: writes such a form as a table.
- ``unpickling.py``: reads pickles that hold data, and refuses those that would call anything.
"""
