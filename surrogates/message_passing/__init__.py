"""Networks that pass messages along an architecture's graph: what predictors, dominance and pretraining share.

- ``graph_tensors.py``: architectures as dense tensors. ``network.py``: nodes' states and their pooling, for several
  members at once. ``heads.py``: scores, comparisons and dominance. ``training.py``: the optimiser's loop.
- ``pretrained.py``: trunks as files, and what another space takes over from them.

Parameters are dictionaries of tensors whose first dimension counts the members of an ensemble.
"""
