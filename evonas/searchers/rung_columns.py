"""What shorter trainings say of full ones, as columns that a predictor reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from evonas.core.archive import Archive, FloatArray, Trial
from evonas.core.problem import Problem
from evonas.core.rung import Rung
from evonas.searchers.forecast import PredictorFactory
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.concatenated import Concatenated
from surrogates.mean_first import means_of
from surrogates.predictor import Predictor

LEAST = 8
"""Trainings on a rung that its column is made from."""


class RungColumns:
    """A factory of predictors that are told the rungs, too: a column for each rung and objective that needs training.

    Where a candidate had the shorter training, its column is what that measured; where not, what a predictor that is
    fitted on the rung's trainings lets expect. So all candidates have it, also those that no rung saw. Values of two
    rungs, or of a rung and the full training, are never compared: what one tells of the other is learnt.

    The idea is that of multi-fidelity regression, where a cheap response is an input of the dear one's model: Kennedy
    and O'Hagan, "Predicting the output from a complex computer code when fast approximations are available", Biometrika
    2000.

    Args:
        problem: What is searched for.
        predictor: Makes a predictor that reads an encoding.
    """

    def __init__(self, problem: Problem, predictor: PredictorFactory) -> None:
        self.problem = problem
        self._make = predictor
        self._columns: Encoding | None = None

    def __call__(self, encoding: Encoding) -> Predictor:
        """A predictor that reads an encoding and the columns, as ``learn`` left them."""
        if self._columns is None:
            return self._make(encoding)
        return self._make(Concatenated(self.problem.space, (encoding, self._columns)))

    def learn(self, archive: Archive, rungs: Sequence[Rung], rng: np.random.Generator) -> None:
        """Makes the columns anew from an archive; nothing of another stays."""
        found: dict[str, _Column] = {}
        for rung in rungs:
            trials = [trial for trial in archive.shortened if trial.proposal.rung == rung]
            if len(trials) >= LEAST:
                values = archive.rung_values(trials)
                for place, objective in enumerate(archive.objectives):
                    if objective.needs == "training":
                        found[f"{objective.name} after {rung}"] = self._column(trials, values[:, place], rng)
        self._columns = _RungValues(self.problem.space, found) if found else None

    def _column(self, trials: Sequence[Trial], values: FloatArray, rng: np.random.Generator) -> _Column:
        known = [self.problem.space.simplify(trial.proposal.architecture) for trial in trials]
        predictor = self._make(Concatenated(self.problem.space))
        predictor.fit(known, values, rng)
        return {architecture.key: float(value) for architecture, value in zip(known, values, strict=True)}, predictor


_Column = tuple[Mapping[str, float], Predictor]


class _RungValues(Encoding):
    """The columns; lower is better."""

    def __init__(self, space: Space, columns: Mapping[str, _Column]) -> None:
        self._space = space
        self._columns = dict(columns)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._columns)

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        keys = [self._space.simplify(architecture).key for architecture in architectures]
        rows = np.empty((len(architectures), len(self._columns)), np.float32)
        for place, (measured, predictor) in enumerate(self._columns.values()):
            expected = means_of(predictor, architectures)
            rows[:, place] = [measured.get(key, value) for key, value in zip(keys, expected, strict=True)]
        return rows
