"""Searchers: they choose what to evaluate next. One file each; to add one, add a file.

- ``random.py``, ``nsga2.py``, ``aging_evolution.py``, ``predictor_guided.py``, ``inner_nsga2.py``,
  ``training_free.py``, ``screened_nsga2.py``: the searchers.
- ``lots.py``, ``variation.py``, ``selection.py``: the steps they share: unseen feasible candidates at random,
  children of parents, and NSGA-II's ranking.
- ``proxy_scores.py``, ``gate.py``, ``improvement.py``: stages of the funnel; proxies score on idle workers too.

Every searcher is a pure function of the archive, a count and a generator.
"""
