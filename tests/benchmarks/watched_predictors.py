"""Predictors that tell what they were given; found by their dotted names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.predictor import FloatArray, Prediction, Predictor

FITS: list[tuple[str, tuple[Architecture, ...], FloatArray]] = []
ENCODED: list[tuple[tuple[str, ...], dict[Architecture, npt.NDArray[np.float32]]]] = []


def guess(architecture: Architecture) -> float:
    """Any number that depends on the architecture and nothing else."""
    return sum((place + 2) ** 2 * len(node.op) % 13 for place, node in enumerate(architecture.nodes)) / 7


class Guessing(Predictor):
    """Learns nothing; remembers its training rows and refuses to predict one of them."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.saw: set[Architecture] = set()

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        FITS.append((type(self).__name__, tuple(architectures), targets))
        self.saw = set(architectures)

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        if self.saw & set(architectures):
            raise AssertionError("a row that it was trained on is to be predicted")
        mean = np.array([guess(architecture) for architecture in architectures])
        return Prediction(mean, np.ones(len(mean)))


class Failing(Predictor):
    """Fails on more than eight rows."""

    def __init__(self, space: Space) -> None:
        self.guessing = Guessing(space)

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        if len(architectures) > 8:
            raise FloatingPointError("too many")
        FITS.append((type(self).__name__, tuple(architectures), targets))

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        return self.guessing.predict(architectures)


class Encoded(Predictor):
    """Predicts the first column that it sees."""

    def __init__(self, space: Space, encoding: Encoding) -> None:
        self.encoding = encoding

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        rows = self.encoding.encode(architectures)
        ENCODED.append((self.encoding.names, dict(zip(architectures, rows, strict=True))))

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        mean = self.encoding.encode(architectures)[:, 0].astype(np.float64)
        return Prediction(mean, np.ones(len(mean)))
