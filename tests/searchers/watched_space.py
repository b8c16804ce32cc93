"""Spaces and predictors that tell what was asked of them, or that break their contract."""

from collections.abc import Sequence

import numpy as np

from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from surrogates.encoding import Encoding
from surrogates.predictor import FloatArray, Prediction, Predictor


class WatchedSpace(Cell201):
    """Remembers whose children were made: keys of parents, and how many mutations there were."""

    def __init__(self) -> None:
        super().__init__("compact", channels=(4, 8), input_shape=(1, 8, 8))
        self.forget()

    def forget(self) -> None:
        self.parents: set[str] = set()
        self.mutations = 0
        self.crossovers = 0
        self.builds = 0
        self._crossed: list[Architecture] = []

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        self.mutations += 1
        if not any(architecture is child for child in self._crossed):
            self.parents.add(self.simplify(architecture).key)
        self._crossed.clear()
        return super().mutate(architecture, rng)

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        self.crossovers += 1
        self.parents |= {self.simplify(left).key, self.simplify(right).key}
        self._crossed.append(super().crossover(left, right, rng))
        return self._crossed[-1]

    def build(self, architecture: Architecture):  # type: ignore[no-untyped-def]
        self.builds += 1
        return super().build(architecture)


class StubbornSpace(WatchedSpace):
    """Breaks the contract: every mutation is its parent."""

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        return architecture


class WatchedPredictor:
    """Makes predictors that remember what they were taught and predict the mean of it."""

    def __init__(self) -> None:
        self.lessons: list[tuple[list[str], FloatArray, int]] = []
        self._made = 0

    def factory(self, encoding: Encoding) -> Predictor:
        lessons, column = self.lessons, self._made % 2
        self._made += 1

        class Remembering(Predictor):
            def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
                lessons.append(([one.key for one in architectures], targets.copy(), column))

            def predict(self, architectures: Sequence[Architecture]) -> Prediction:
                level = lessons[-1][1].mean()
                return Prediction(np.full(len(architectures), level), np.ones(len(architectures)))

        return Remembering()
