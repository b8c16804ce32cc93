"""Objectives of candidates before training: exact where they are known, predicted where they need training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evonas.core.archive import Archive, Estimate, FloatArray, Trial
from evonas.core.problem import Candidate, Problem
from evonas.searchers.selection import best_first
from surrogates.cross_validated import CrossValidated
from surrogates.encoding import Encoding
from surrogates.mean_first import means_of
from surrogates.predictor import Predictor

PredictorFactory = Callable[[Encoding], Predictor]

MOST_LEARNED = 1500  # trained candidates: a Gaussian process takes time with their cube


class Forecast:
    """One fitted predictor for each objective that needs training; the others are read off.

    Of more than ``MOST_LEARNED`` trained trials, predictors learn from the best half of so many, by NSGA-II's survival,
    and as many of the others at random: the search decides near the front, and the others say what lies away from it.
    So the time to fit is bounded.

    Args:
        problem: What is searched for.
        archive: What is known; its trained trials train the predictors.
        predictor: Makes a predictor that reads ``encoding``; None predicts nothing, and such objectives are all equal.
        encoding: Rows of numbers for architectures.
        rng: Source of all randomness.
    """

    def __init__(
        self,
        problem: Problem,
        archive: Archive,
        predictor: PredictorFactory | None,
        encoding: Encoding,
        rng: np.random.Generator,
    ) -> None:
        trained = learned_from(archive, rng)
        self.problem = problem
        self.archive = archive
        self.signs = archive.signs
        self._targets = archive.values(trained)
        self._predictors: dict[str, Predictor] = {}
        if predictor is not None:
            known = [problem.space.simplify(trial.proposal.architecture) for trial in trained]
            for column, objective in enumerate(problem.objectives):
                if objective.needs == "training":
                    self._predictors[objective.name] = predictor(encoding)
                    self._predictors[objective.name].fit(known, self._targets[:, column], rng)

    def of(self, candidates: Sequence[Candidate]) -> tuple[FloatArray, FloatArray]:
        """Values of the candidates, minimised, and their deviations, 0 for exact ones: both ``(n, objectives)``.

        An objective that is not known of a candidate yet stands at the mean of the trained.
        """
        mean = self._known(candidates)
        std = np.zeros_like(mean)
        architectures = [candidate.simplified for candidate in candidates]
        for column, predictor in self._predicted():
            if candidates:
                prediction = predictor.predict(architectures)
                mean[:, column], std[:, column] = prediction.mean, prediction.std
        return mean, std

    def means(self, candidates: Sequence[Candidate]) -> FloatArray:
        """The values that ``of`` gives, without the deviations, which may take most of the time."""
        mean = self._known(candidates)
        architectures = [candidate.simplified for candidate in candidates]
        for column, predictor in self._predicted():
            if candidates:
                mean[:, column] = means_of(predictor, architectures)
        return mean

    def _known(self, candidates: Sequence[Candidate]) -> FloatArray:
        """Exact objectives where they are known, and means of the trained: ``(n, objectives)``."""
        values = np.tile(self._targets.mean(axis=0), (len(candidates), 1))
        for column, objective in enumerate(self.problem.objectives):
            if objective.needs != "training":
                for row, candidate in enumerate(candidates):
                    if objective.name in candidate.exact:
                        values[row, column] = self.signs[column] * candidate.exact[objective.name]
        return values

    def _predicted(self) -> list[tuple[int, Predictor]]:
        """Predictors with their objectives' columns."""
        names = [objective.name for objective in self.problem.objectives]
        return [(names.index(name), predictor) for name, predictor in self._predictors.items()]

    @property
    def is_complete(self) -> bool:
        """Whether every objective that needs training is predicted."""
        return self._predictors.keys() == set(self.problem.predicted_names)

    @property
    def targets(self) -> FloatArray:
        """Values of the ``n`` trials that were learned from, minimised: shape ``(n, objectives)``."""
        return self._targets

    def left_out(self) -> tuple[FloatArray, FloatArray] | None:
        """What would be predicted of each learned trial had it not been trained: mean and deviation as of ``of``.

        None where a predictor cannot tell, or nothing is predicted.
        """
        mean, std = self._targets.copy(), np.zeros_like(self._targets)
        for column, objective in enumerate(self.problem.objectives):
            predictor = self._predictors.get(objective.name)
            if isinstance(predictor, CrossValidated):
                prediction = predictor.left_out()
                mean[:, column], std[:, column] = prediction.mean, prediction.std
            elif objective.needs == "training":
                return None
        return mean, std

    def estimates(self, mean: FloatArray, std: FloatArray) -> dict[str, Estimate]:
        """What is journalled of one candidate's row of ``of``: estimates of the predicted objectives."""
        return {
            objective.name: Estimate(float(mean[column]), float(std[column]))
            for column, objective in enumerate(self.problem.objectives)
            if objective.name in self._predictors
        }


def learned_from(archive: Archive, rng: np.random.Generator) -> list[Trial]:
    """The trained trials that predictors learn from; of more than ``MOST_LEARNED`` the best and some at random."""
    trained = archive.trained
    if len(trained) <= MOST_LEARNED:
        return trained
    best = best_first(archive.values(trained), MOST_LEARNED // 2)
    others = np.setdiff1d(np.arange(len(trained)), best)
    some = rng.choice(others, MOST_LEARNED - len(best), replace=False)
    return [trained[index] for index in np.sort(np.concatenate([best, some]))]


def pending_values(forecast: Forecast) -> FloatArray:
    """Pending trials as they are predicted by now, minimised: shape ``(pending, objectives)``.

    Those count too that were proposed before there was a predictor. No rows where an objective that needs training is
    not predicted: such trials are no better known than by the mean of the trained.
    """
    simplify = forecast.problem.space.simplify
    pending = [
        Candidate(one.architecture, simplify(one.architecture), one.exact, one.key)
        for one in (trial.proposal for trial in forecast.archive.pending)
    ]
    return forecast.means(pending if forecast.is_complete else [])
