"""How good the predictor was on unseen candidates: what it said before each training against what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from evonas.core.archive import Archive, FloatArray
from evonas.report.wording import percent_text
from surrogates.predictor import Prediction
from surrogates.ranking import coverage, kendall_tau, precision_at_k

IntegerArray = npt.NDArray[np.int64]

TOP_SHARE = 0.25
PROMISED_COVERAGE = 0.8
FEWEST_TO_JUDGE = 8
FEWEST_FOR_PRECISION = 4


@dataclass(frozen=True, slots=True)
class Pairs:
    """Predictions written before training, with what training then measured. Everything is minimised.

    Attributes:
        objective: Name of the objective.
        numbers: Trial numbers, shape ``(n,)``.
        rounds: Round of each trial, shape ``(n,)``.
        random: Whether the trial was drawn at random, shape ``(n,)``.
        mean: Predicted, shape ``(n,)``.
        std: Predicted deviation, shape ``(n,)``.
        measured: Shape ``(n,)``.
    """

    objective: str
    numbers: IntegerArray
    rounds: IntegerArray
    random: npt.NDArray[np.bool_]
    mean: FloatArray
    std: FloatArray
    measured: FloatArray

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, mask: npt.NDArray[np.bool_]) -> Pairs:
        """Those pairs that the mask of shape ``(n,)`` keeps."""
        return Pairs(
            self.objective,
            self.numbers[mask],
            self.rounds[mask],
            self.random[mask],
            self.mean[mask],
            self.std[mask],
            self.measured[mask],
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """Out-of-sample quality of the predictor over some candidates.

    Attributes:
        scope: Which candidates, in words: ``"round 3"``, ``"all rounds"``, ``"random share"``.
        n: How many had a prediction before their training and trained successfully.
        tau: Kendall tau between prediction and measurement, in [-1, 1]; None where it is not defined.
        precision: Share of the predicted best quarter that is in the measured best quarter; None below four candidates.
        chance: The precision that a random order has on average; None below four candidates.
        coverage: Share of measurements within the 80 % interval ``mean ± 1.2816 std``; None for no candidates.
    """

    scope: str
    n: int
    tau: float | None
    precision: float | None
    chance: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Honesty:
    """The predictor's record on one objective.

    Attributes:
        pairs: Every prediction with its measurement, by trial number.
        rounds: One quality for each round that has predictions, in order.
        pooled: Over all rounds.
        random_share: Over those candidates that were drawn at random and so were not chosen for their prediction.
    """

    pairs: Pairs
    rounds: tuple[Quality, ...]
    pooled: Quality
    random_share: Quality


def predictor_honesty(archive: Archive) -> tuple[Honesty, ...]:
    """The predictor's record on each objective that needs training, in the order of the objectives."""
    names = [objective.name for objective in archive.objectives if objective.needs == "training"]
    return tuple(_honesty(prediction_pairs(archive, name)) for name in names)


def prediction_pairs(archive: Archive, objective: str) -> Pairs:
    """Predictions of one objective with their measurements, for trials that trained; both minimised.

    Estimates that are not finite are left out: they say nothing that could be ranked.
    """
    column = archive.names.index(objective)
    trials = [trial for trial in archive.trained if objective in trial.proposal.predicted]
    estimates = [trial.proposal.predicted[objective] for trial in trials]
    pairs = Pairs(
        objective,
        np.array([trial.number for trial in trials], dtype=np.int64),
        np.array([trial.proposal.funnel.round for trial in trials], dtype=np.int64),
        np.array([trial.proposal.origin == "random" for trial in trials], dtype=np.bool_),
        np.array([estimate.mean for estimate in estimates], dtype=np.float64),
        np.array([estimate.std for estimate in estimates], dtype=np.float64),
        archive.values(trials)[:, column],
    )
    return pairs.where(np.isfinite(pairs.mean) & np.isfinite(pairs.std))


def quality(pairs: Pairs, scope: str) -> Quality:
    """Kendall tau, precision in the top quarter and coverage of the 80 % interval over ``pairs``."""
    n = len(pairs)
    if n == 0:
        return Quality(scope, 0, None, None, None, None)
    top = ceil(TOP_SHARE * n)
    enough = n >= FEWEST_FOR_PRECISION
    return Quality(
        scope,
        n,
        kendall_tau(pairs.mean, pairs.measured),
        precision_at_k(pairs.mean, pairs.measured, top) if enough else None,
        float(np.mean(pairs.measured <= np.sort(pairs.measured)[top - 1])) if enough else None,
        coverage(Prediction(pairs.mean, pairs.std), pairs.measured),
    )


def interpretation(pooled: Quality, random_share: Quality) -> str:
    """Plain sentences on what the figures mean, good or bad."""
    if pooled.n == 0:
        return "No candidate had a prediction before its training, so there is nothing to judge."
    if pooled.n < FEWEST_TO_JUDGE:
        return f"Only {pooled.n} trained candidates had a prediction before their training: too few to judge."
    sentences = [_ranking_sentence(pooled)]
    if pooled.precision is not None and pooled.chance is not None:
        sentences.append(
            f"Of the quarter it thought best, {percent_text(pooled.precision)} were among the best quarter "
            f"by measurement (chance: {percent_text(pooled.chance)})."
        )
    if pooled.coverage is not None:
        sentences.append(_coverage_sentence(pooled.coverage, pooled.n))
    if random_share.n >= FEWEST_TO_JUDGE and random_share.n < pooled.n and random_share.tau is not None:
        sentences.append(
            f"On the {random_share.n} candidates drawn at random, which its own choice did not narrow, "
            f"tau was {random_share.tau:.2f}."
        )
    return " ".join(sentences)


def chance_tau(n: int) -> float:
    """The tau that a random order of ``n`` candidates exceeds once in twenty times (normal approximation).

    The variance of tau without any relation is ``2 (2n + 5) / (9 n (n - 1))`` (Kendall 1938).
    """
    return 1.645 * sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)))


def _honesty(pairs: Pairs) -> Honesty:
    rounds: Sequence[int] = np.unique(pairs.rounds).tolist()
    return Honesty(
        pairs,
        tuple(quality(pairs.where(pairs.rounds == number), f"round {number}") for number in rounds),
        quality(pairs, "all rounds"),
        quality(pairs.where(pairs.random), "random share"),
    )


def _ranking_sentence(pooled: Quality) -> str:
    if pooled.tau is None:
        return f"Over {pooled.n} candidates its ranking is not defined: all predictions or all measurements are equal."
    limit = chance_tau(pooled.n)
    basis = f"Kendall tau {pooled.tau:.2f} over {pooled.n} candidates; chance alone reaches ±{limit:.2f}"
    if pooled.tau < -limit:
        return f"The predictor ranked worse than chance in this campaign: it tended to prefer the worse ({basis})."
    if pooled.tau <= limit:
        return f"The predictor ranked no better than chance in this campaign ({basis})."
    if pooled.tau < 0.3:
        return f"The predictor ranked better than chance, but weakly ({basis})."
    if pooled.tau < 0.6:
        return f"The predictor ranked unseen candidates fairly well ({basis})."
    return f"The predictor ranked unseen candidates well ({basis})."


def _coverage_sentence(share: float, n: int) -> str:
    slack = 2 * sqrt(PROMISED_COVERAGE * (1 - PROMISED_COVERAGE) / n)
    if share < PROMISED_COVERAGE - slack:
        return f"Its 80 % intervals were too narrow: {percent_text(share)} of the measurements fell inside."
    if share > PROMISED_COVERAGE + slack:
        return f"Its 80 % intervals were too wide: {percent_text(share)} of the measurements fell inside."
    return f"Its 80 % intervals held what they promise: {percent_text(share)} of the measurements fell inside."
