"""Measurements of the engine itself, and comparisons of its parts on tables of published measurements.

``evonas benchmark NAME`` prints the tables of the former, one file each: ``demo``, ``workers``, ``overhead``,
``resume``, ``spaces`` and ``latency`` (with ``latency_table.py``). Each compares within one run, repeats, and reports
medians; none is a test.

- ``predictors.py``, ``predictor_trials.py``: ``evonas predictors compare``.
- ``proxy_ranks.py``, ``proxy_trials.py``: ``evonas proxies compare``.
- ``table_target.py``: the column that they rank by, and its direction.
- ``cached_runs.py``, ``progress_line.py``: many runs on several processes, none done twice.
- ``comparison_figures.py``: their plots.
"""
