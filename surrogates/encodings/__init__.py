"""Encodings: architectures as rows of numbers. Each file holds one, named after it; the first argument is the space.

- ``graph_features.py``: neural graph features of operations, paths and degrees, for any directed acyclic graph.
- ``log_cost.py``: parameters, multiply-accumulates and depth.
- ``paths.py``: which operation strings are paths; ``contracted_paths.py``: how many paths, without identities.
- ``random_walks.py``: operations that a random walk is expected to meet; ``operation_pairs.py``: which follows which.
- ``depth_profile.py``: where along the network operations and node attributes stand.
- ``columns.py``: side information known by architecture, such as proxy scores.
- ``concatenated.py``: several encodings side by side.

Names carry meaning: in ``statistic(subject)`` the Gaussian process expects columns of one statistic, and columns about
one subject, to matter alike; in ``statistic[entry]`` those of one statistic alone.

``graph_batch.py`` (many graphs as padded arrays, statistics of their paths) and ``row_cache.py`` serve them.
"""
