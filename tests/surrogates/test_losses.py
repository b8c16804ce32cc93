"""Losses against loops over the formulas, their gradients, and the laws that all of them keep."""

import math
from collections.abc import Callable
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from surrogates.losses import LOSSES, NAMES, loss_at, piecewise
from surrogates.predictor import FloatArray

Twin = Callable[[FloatArray, FloatArray], float]


def pairs(y: FloatArray) -> list[tuple[int, int]]:
    return [(i, j) for i in range(len(y)) for j in range(len(y)) if y[i] < y[j]]


def over_pairs(y: FloatArray, term: Callable[[int, int], float]) -> float:
    return float(np.mean([term(i, j) for i, j in pairs(y)])) if pairs(y) else 0.0


def mape(s: FloatArray, y: FloatArray) -> float:
    bound = min(y) - 1
    return float(np.mean([abs((a - bound) / (b - bound) - 1) for a, b in zip(s, y, strict=True)]))


def exponentially_weighted(s: FloatArray, y: FloatArray) -> float:
    def weight(target: float) -> float:
        good = (max(y) - target) / (max(y) - min(y)) if max(y) > min(y) else 1.0
        return (math.exp(good) - 1) / (math.e - 1)

    return float(np.mean([weight(b) * (a - b) ** 2 for a, b in zip(s, y, strict=True)]))


def sequence_ranking(s: FloatArray, y: FloatArray) -> float:
    """The mean over all permutations that leave no place as it is, as the paper draws them."""
    n = len(y)
    drawn = [p for p in permutations(range(n)) if all(p[i] != i for i in range(n))]
    means = [np.mean([abs((s[i] - s[p[i]]) - (y[i] - y[p[i]])) for i in range(n)]) for p in drawn]
    return float(np.mean(means)) if drawn else 0.0


def list_mle(s: FloatArray, y: FloatArray) -> float:
    remaining = sorted(range(len(y)), key=lambda i: y[i])  # stable
    logarithm = 0.0
    while remaining:
        logarithm += math.log(math.exp(-s[remaining[0]]) / sum(math.exp(-s[i]) for i in remaining))
        remaining.pop(0)
    return -logarithm / len(y)


def warp(s: FloatArray, y: FloatArray) -> float:
    """The expectation of a violator drawn evenly, weighed by the rank's harmonic number."""
    total = 0.0
    for i in range(len(y)):
        violators = [j for j in range(len(y)) if y[j] > y[i] and 0.1 - (s[j] - s[i]) > 0]
        if violators:
            harmonic = sum(1 / rank for rank in range(1, len(violators) + 1))
            total += harmonic * float(np.mean([0.1 - (s[j] - s[i]) for j in violators]))
    return total / len(y)


TWINS: dict[str, Twin] = {
    "mse": lambda s, y: float(np.mean([(a - b) ** 2 for a, b in zip(s, y, strict=True)])),
    "mape": mape,
    "exponentially_weighted": exponentially_weighted,
    "hinge": lambda s, y: over_pairs(y, lambda i, j: max(0.0, 0.1 - (s[j] - s[i]))),
    "logistic": lambda s, y: over_pairs(y, lambda i, j: math.log(1 + math.exp(s[i] - s[j]))),
    "kendall": lambda s, y: 1 - over_pairs(y, lambda i, j: math.tanh((s[j] - s[i]) / 2)) if pairs(y) else 0.0,
    "sequence_ranking": sequence_ranking,
    "list_mle": list_mle,
    "warp": warp,
}


def lists() -> list[tuple[FloatArray, FloatArray]]:
    rng = np.random.default_rng(0)
    drawn = [(rng.normal(size=n), rng.normal(size=n)) for n in (1, 2, 3, 5, 6)]
    tied = (rng.normal(size=6), np.array([0.0, 1.0, 1.0, 0.0, 2.0, 1.0]))
    return [*drawn, tied, (np.zeros(5), rng.normal(size=5)), (rng.normal(size=4), np.ones(4))]


def number(name: str, s: npt.ArrayLike, y: npt.ArrayLike, progress: float = 0.0) -> float:
    return float(loss_at(name, progress)(torch.tensor(s, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)))


def test_every_loss_has_a_twin() -> None:
    assert TWINS.keys() == LOSSES.keys()


@pytest.mark.parametrize("name", LOSSES)
def test_loss_is_its_formula(name: str) -> None:
    for s, y in lists():
        assert number(name, s, y) == pytest.approx(TWINS[name](s, y), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_right(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 6, dtype=torch.float64, generator=generator, requires_grad=True)
    targets = torch.randn(2, 6, dtype=torch.float64, generator=generator)
    for progress in (0.0, 1.0):
        loss = loss_at(name, progress)
        assert torch.autograd.gradcheck(lambda s, loss=loss: loss(s, targets), (scores,))


@pytest.mark.parametrize("name", NAMES)
def test_a_better_order_has_a_lower_loss(name: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        y = rng.permutation(np.linspace(-1.5, 1.5, 8))
        swapped = y.copy()
        best, worst = int(np.argmin(y)), int(np.argmax(y))
        swapped[[best, worst]] = y[[worst, best]]
        for progress in (0.0, 1.0):
            assert number(name, y, y, progress) < number(name, swapped, y, progress) < number(name, -y, y, progress)


@pytest.mark.parametrize("name", NAMES)
def test_lists_without_an_order_have_finite_losses_and_gradients(name: str) -> None:
    for targets in ([[1.0]], [[2.0, 2.0, 2.0]], [[0.0, 0.0, 1.0]]):
        for value in (0.0, 1.0, 1e4):
            scores = torch.full((1, len(targets[0])), value, requires_grad=True)
            for progress in (0.0, 1.0):
                loss = loss_at(name, progress)(scores, torch.tensor(targets))
                (gradient,) = torch.autograd.grad(loss.sum(), scores)
                assert torch.isfinite(loss).all()
                assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_leading_indices_are_independent(name: str) -> None:
    rng = np.random.default_rng(2)
    s, y = rng.normal(size=(2, 3, 7))
    together = loss_at(name, 0.0)(torch.tensor(s), torch.tensor(y))
    np.testing.assert_allclose(together, [number(name, *row) for row in zip(s, y, strict=True)])


def test_the_piecewise_loss_ranks_first_and_weighs_then() -> None:
    s, y = np.array([0.3, 0.1, 0.9]), np.array([0.0, 1.0, 2.0])
    tensors = torch.tensor(s), torch.tensor(y)
    assert float(piecewise(*tensors, progress=0.49)) == pytest.approx(TWINS["hinge"](s, y))
    assert float(piecewise(*tensors, progress=0.5)) == pytest.approx(TWINS["exponentially_weighted"](s, y))


def test_an_unknown_loss_is_refused() -> None:
    with pytest.raises(ValueError, match=r"loss must be one of mse, .*, piecewise; got 'rmse'"):
        loss_at("rmse", 0.0)
