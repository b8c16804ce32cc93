"""The contract of a predictor that can judge itself, and how any other is judged."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from spaces.architecture import Architecture
from surrogates.predictor import FloatArray, Prediction, Predictor


class CrossValidated(Predictor):
    """A predictor that knows what it would have said of each target had it not seen it, without fitting again.

    A Gaussian process knows it in closed form, bagged trees from the bags that left the target out.
    """

    @abstractmethod
    def left_out(self) -> Prediction:
        """Predicts each of the ``n`` fitted architectures, in their order, as if its own target were not known.

        Raises:
            RuntimeError: ``fit`` was not called.
        """


def left_out(
    predictor: Predictor,
    architectures: Sequence[Architecture],
    targets: FloatArray,
    rng: np.random.Generator,
    folds: int,
) -> Prediction | None:
    """Fits on all targets, and predicts each as if it were not known.

    A ``CrossValidated`` predictor is asked; any other is fitted ``folds`` times more, each time without one part.

    Args:
        predictor: Stays fitted on all.
        architectures: ``n`` trained architectures.
        targets: Shape ``(n,)``, lower is better, finite.
        rng: Source of all randomness.
        folds: Parts, at least 2.

    Returns:
        Of all ``n``; None where parts would leave fewer than the 4 targets that a fit needs.

    Raises:
        ValueError: The targets are none that a predictor may be fitted on.
    """
    if isinstance(predictor, CrossValidated):
        predictor.fit(architectures, targets, rng)
        return predictor.left_out()
    n = len(targets)
    parts = rng.permutation(n) % folds
    mean, std = np.empty((2, n))
    possible = n - np.bincount(parts, minlength=1).max() >= 4
    for part in range(min(folds, n)) if possible else ():
        inside, outside = np.flatnonzero(parts != part).tolist(), np.flatnonzero(parts == part).tolist()
        predictor.fit([architectures[index] for index in inside], targets[inside], rng)
        prediction = predictor.predict([architectures[index] for index in outside])
        mean[outside], std[outside] = prediction.mean, prediction.std
    predictor.fit(architectures, targets, rng)
    return Prediction(mean, std) if possible else None
