"""Encodings: architectures as rows of numbers. Each file holds one, named after it; the first argument is the space.

- ``graph_features.py``: neural graph features of operations, paths and degrees, for any directed acyclic graph.
- ``log_cost.py``: parameters, multiply-accumulates and depth.
- ``columns.py``: side information known by architecture, such as proxy scores.
- ``concatenated.py``: several encodings side by side.

``graph_batch.py`` (many graphs as padded arrays, statistics of their paths) and ``row_cache.py`` serve them.
"""
