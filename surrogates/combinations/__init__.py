"""Combinations of proxies: many scores to one. Each file holds one, named after it; higher is better.

- ``rank_aggregation.py``: the mean logarithm of ranks, or the mean rank; training-free, and what to take first.
- ``stochastic_ordering.py``: repeated scores of one proxy, compared as distributions; training-free.
- ``information_gain.py``: chooses proxies and their signs on trained candidates, then aggregates ranks.
- ``random_forest.py``: regresses the trained candidates' measurements on their scores.

``ranks.py`` holds the ranks that they share; ``surrogates/combination.py`` is their contract.
"""
