"""Combinations of proxies: many scores to one. Each file holds one, named after it; higher is better.

- ``rank_aggregation.py``: the mean logarithm of ranks, or the mean rank; training-free, and what to take first:
  the logarithm ranked better than the mean rank for every set of proxies tried (runs/benchmarks/README.md).
- ``stochastic_ordering.py``: repeated scores of one proxy, compared as distributions; training-free.
- ``information_gain.py``: chooses proxies and their signs on trained candidates, then aggregates ranks.
- ``random_forest.py``: regresses the trained candidates' measurements on their scores; the best where 16 or more are
  trained.

``ranks.py`` holds the ranks that they share; ``surrogates/combination.py`` is their contract.
"""
