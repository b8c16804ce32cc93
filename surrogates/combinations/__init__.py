"""Combinations of proxies: many scores to one. Each file holds one, named after it; higher is better.

- ``rank_aggregation.py``: the mean logarithm of ranks, or the mean rank; training-free, and what to take first:
  the logarithm ranked better than the mean rank for every set of proxies tried (runs/benchmarks/README.md).
- ``stochastic_ordering.py``: repeated scores of one proxy, compared as distributions; training-free.
- ``information_gain.py``: chooses proxies and their signs on trained candidates, then aggregates ranks; ``libra.py``
  likewise, by the least gain and by the bias towards size.
- ``random_forest.py``: regresses the trained candidates' measurements on their scores.
- ``per_architecture_weights.py``: weighs ranks by what the trained teach of an architecture's features; as good as the
  forest with 16 and 50 trained, better with 200 (runs/benchmarks/README.md).

``ranks.py`` and ``entropies.py`` hold what they share; ``surrogates/combination.py`` is their contract.
"""
