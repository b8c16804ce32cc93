"""What the beginnings of trainings tell of their ends, on published learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import moocore
import numpy as np

from evonas.core.archive import FloatArray
from evonas.core.stopping import StoppingRule
from surrogates.curve_families import FAMILIES, extrapolated
from surrogates.ranking import kendall_tau
from surrogates.training_speed import training_speed

DECAY = 0.9
FIRST = 24
"""Trainings of a simulated campaign that are done to their end whatever they promise, as a campaign's random ones."""
Estimate = Callable[[FloatArray], FloatArray]
_FIELDS = ("train_loss", "valid_acc", "test_acc", "seconds_per_100_epochs")


@dataclass(frozen=True, slots=True)
class Curves:
    """Learning curves of whole trainings.

    Attributes:
        losses: Mean training loss of every epoch: shape ``(n, epochs)``.
        errors: Validation error after every epoch, in [0, 1]: shape ``(n, epochs)``.
        test_errors: Test error at the end, in [0, 1]: shape ``(n,)``.
        seconds: What each training took: shape ``(n,)``.
    """

    losses: FloatArray
    errors: FloatArray
    test_errors: FloatArray
    seconds: FloatArray

    @classmethod
    def read(cls, path: Path) -> Curves:
        """Reads an ``.npz`` file.

        It holds ``train_loss`` and ``valid_acc`` of ``(n, epochs)``, and ``test_acc`` and ``seconds_per_100_epochs`` of
        ``(n,)``; accuracies in percent.

        Raises:
            ValueError: Something is missing, or shapes do not fit.
            OSError: The file cannot be read.
        """
        if path.exists() and not is_zipfile(path):
            raise ValueError(f"{path} is no .npz file; curves are read from one that holds {', '.join(_FIELDS)}")
        with np.load(path) as file:
            missing = [name for name in _FIELDS if name not in file]
            if missing:
                raise ValueError(f"{path}: curves need {', '.join(_FIELDS)}; missing {', '.join(missing)}")
            losses, valid, test, seconds = (np.asarray(file[name], np.float64) for name in _FIELDS)
        if losses.ndim != 2 or valid.shape != losses.shape or not len(test) == len(seconds) == len(losses):
            raise ValueError(f"{path}: expected curves (n, epochs) and ends (n,); got {losses.shape} and {test.shape}")
        return cls(losses, 1 - valid / 100, 1 - test / 100, seconds * losses.shape[1] / 100)


def measure_estimates(curves: Curves, looked_at: Sequence[int]) -> list[dict[str, Any]]:
    """Kendall tau of every estimate, early in the training, with how the training ended.

    Args:
        curves: Of whole trainings.
        looked_at: Epochs after which the estimates are made, each from 2 to the last.

    Returns:
        A row for each estimate and epoch: ``tau_test`` and ``tau_validation`` with the error at the end, and
        ``tau_better_half`` with the test error among those trainings that end no worse than the median.

    Raises:
        ValueError: There is no such epoch.
    """
    epochs = curves.losses.shape[1]
    for looked in looked_at:
        if not 2 <= looked <= epochs:
            raise ValueError(f"expected epochs from 2 to {epochs}, the curves' last. Got {looked}")
    better = curves.test_errors <= np.median(curves.test_errors)
    rows = []
    for looked in looked_at:
        for name, (series, estimate) in _estimates(curves).items():
            values = estimate(series[:, :looked])
            row: dict[str, Any] = {"estimate": name, "epochs": looked}
            row["tau_test"] = kendall_tau(values, curves.test_errors)
            row["tau_validation"] = kendall_tau(values, curves.errors[:, -1])
            row["tau_better_half"] = kendall_tau(values[better], curves.test_errors[better])
            rows.append(row)
    return rows


def measure_stopping(
    curves: Curves, error_rates: Sequence[float], repeats: int, budget: int, seed: int = 0
) -> list[dict[str, Any]]:
    """What early stopping would have saved and lost, had campaigns with random candidates used it.

    Each repeat draws ``budget`` trainings; the first ``FIRST`` are done to their end, every other is stopped by the
    rule that those make that finished before it (``StoppingRule``). Objectives are the validation error alone, or with
    the seconds of a training, which are known before. All candidates, or those alone that end no worse than the median:
    so near each other as the candidates of a search are.

    Returns:
        A row for each case, means over the repeats: ``stopped``, the share of trainings; ``epochs_saved``, the share of
        all epochs; ``wrongly``, the share of those that might be stopped that were, and ended dominated by none of
        those before them; ``front_lost``, the share of the front of all trainings that was stopped; ``regret``, how
        much the least validation error is worse for it.

    Raises:
        ValueError: There are fewer curves than the budget, or it is too small.
    """
    if not FIRST < budget <= len(curves.errors):
        raise ValueError(f"expected a budget above {FIRST} and at most {len(curves.errors)}, the curves. Got {budget}")
    every, ends = np.arange(len(curves.errors)), curves.errors[:, -1]
    pools = {"all": every, "better half": every[ends <= np.median(ends)]}
    rows = []
    for known in ((), ("seconds",)):
        costs = np.column_stack([curves.seconds for _ in known]) if known else np.empty((len(every), 0))
        for candidates, pool in pools.items():
            for rate in error_rates:
                rng = np.random.default_rng(seed)
                drawn = [rng.choice(pool, budget, replace=False) for _ in range(repeats)]
                found = [_simulated(curves.losses[one], ends[one], costs[one], rate) for one in drawn]
                mean = {name: float(np.mean([row[name] for row in found])) for name in found[0]}
                case = {"objectives": " and ".join(("error", *known)), "candidates": candidates, "error_rate": rate}
                rows.append(case | mean)
    return rows


def _simulated(losses: FloatArray, ends: FloatArray, costs: FloatArray, error_rate: float) -> dict[str, float]:
    """One campaign: trainings in the order of ``losses (n, epochs)``."""
    budget, epochs = losses.shape
    values = np.column_stack([ends, costs])
    finished: list[int] = []
    stopped: dict[int, int] = {}
    for one in range(budget):
        if one >= FIRST:
            rivals = [each for each in finished if (costs[each] <= costs[one]).all()]
            rule = StoppingRule.learned(losses[finished], ends[finished, None], ends[rivals, None], epochs, error_rate)
            looks = (look for look in sorted(rule.ends) if rule.verdict(losses[one, :look].tolist()))
            look = next(looks, None)
            if look is not None:
                stopped[one] = look
                continue
        finished.append(one)
    best = moocore.is_nondominated(values, keep_weakly=False) if costs.size else ends == ends.min()
    front = set(np.flatnonzero(best).tolist())
    wrongly = [one for one in stopped if not (values[:one] <= values[one]).all(axis=1).any()]
    return {
        "stopped": len(stopped) / budget,
        "epochs_saved": sum(1 - look / epochs for look in stopped.values()) / budget,
        "wrongly": len(wrongly) / (budget - FIRST),
        "front_lost": len(front & set(stopped)) / len(front),
        "regret": float(ends[finished].min() - ends.min()),
    }


def _estimates(curves: Curves) -> dict[str, tuple[FloatArray, Estimate]]:
    """What each reads, validation errors or training losses, and what it makes of their beginning; lower is better."""
    errors, losses = curves.errors, curves.losses
    continued = {family: partial(extrapolated, full_epochs=losses.shape[1], family=family) for family in FAMILIES}
    return {
        "last validation error": (errors, lambda so_far: so_far[:, -1]),
        "least validation error": (errors, lambda so_far: so_far.min(axis=1)),
        "last training loss (TSE-E, E=1)": (losses, partial(training_speed, last=1)),
        "TSE-E, E=5": (losses, partial(training_speed, last=5)),
        "TSE": (losses, training_speed),
        f"TSE-EMA, {DECAY}": (losses, partial(training_speed, decay=DECAY)),
        **{f"{family} of validation errors": (errors, estimate) for family, estimate in continued.items()},
        **{f"{family} of training losses": (losses, estimate) for family, estimate in continued.items()},
    }
