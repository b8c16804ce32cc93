"""The first floor: what predicts an architecture's rank before anything is trained.

- ``encoding.py``, ``encodings/``: architectures as rows of numbers, from the simplified graph alone.
- ``predictor.py``, ``predictors/``: learn one objective from trained architectures; mean and calibrated deviation.
- ``mean_first.py``: means alone of many, where deviations cost time.
- ``cross_validated.py``: what a predictor would have said of its own targets, had it not seen them.
- ``conformal.py``: the quantiles and factors that make intervals cover.
- ``losses.py``, ``operation_descriptors.py``, ``message_passing/``: what graph networks are made of.
- ``pretraining/``: what a graph network learns before any target is known.
- ``dominance.py``: which of two architectures dominates the other.
- ``threads.py``: one torch thread for small work.
- ``proxies/``: scores of built, untrained networks in milliseconds; ``probe.py`` shares the passes among them.
- ``combination.py``, ``combinations/``: one score of many proxies'.
- ``training_speed.py``, ``curve_families.py``: what the beginning of a training tells of its end.
- ``formula.py``, ``graph_statistics.py``, ``evolution.py``: formulas over proxies and graphs, and how they are evolved.
- ``ranking.py``: how well predictions rank and how honest their intervals are.

To add a component, add a file to its room; it is found by the file's name and its laws are tested by themselves.

    encoding = find(ENCODINGS, "graph_features")(space)
    predictor = find(PREDICTORS, "gaussian_process")(space)
    predictor.fit(architectures, targets, np.random.default_rng(0))
    prediction = predictor.predict(candidates)

Importing this package loads neither torch nor xgboost; a component's own file does.
"""

from spaces.discovery import Room
from surrogates.encoding import Encoding
from surrogates.predictor import Prediction, Predictor
from surrogates.ranking import coverage, kendall_tau, precision_at_k, spearman, true_rank_of_best

ENCODINGS = Room("encoding", "surrogates.encodings", "surrogates.encoding.Encoding")
PREDICTORS = Room("predictor", "surrogates.predictors", "surrogates.predictor.Predictor")
COMBINATIONS = Room("combination", "surrogates.combinations", "surrogates.combination.Combination")
PROXIES = Room("proxy", "surrogates.proxies", "surrogates.proxies.proxy.Proxy")

__all__ = [
    "COMBINATIONS",
    "ENCODINGS",
    "PREDICTORS",
    "PROXIES",
    "Encoding",
    "Prediction",
    "Predictor",
    "coverage",
    "kendall_tau",
    "precision_at_k",
    "spearman",
    "true_rank_of_best",
]
