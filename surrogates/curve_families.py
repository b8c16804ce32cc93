"""Learning curves continued to their end by parametric families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import product
from types import MappingProxyType

import numpy as np

from surrogates.predictor import FloatArray

Shape = Callable[[FloatArray], FloatArray]


def _power(x: FloatArray, power: float) -> FloatArray:
    return x**-power


def _inverse_logarithm(x: FloatArray) -> FloatArray:
    return 1 / np.log(x + 1)


def _janoschek(x: FloatArray, rate: float, power: float) -> FloatArray:
    return np.asarray(np.exp(-rate * x**power))


def _mmf(x: FloatArray, rate: float, power: float) -> FloatArray:
    return 1 / (1 + (rate * x) ** power)


def _on_grid(shape: Callable[..., FloatArray], **grid: Iterable[float]) -> tuple[Shape, ...]:
    return tuple(partial(shape, **dict(zip(grid, values, strict=True))) for values in product(*grid.values()))


FAMILIES: Mapping[str, tuple[Shape, ...]] = MappingProxyType(
    {
        "pow3": _on_grid(_power, power=np.geomspace(0.05, 4, 16)),
        "ilog2": _on_grid(_inverse_logarithm),
        "janoschek": _on_grid(_janoschek, rate=np.geomspace(0.003, 2, 10), power=(0.25, 0.5, 0.75, 1.0, 1.5)),
        "mmf": _on_grid(_mmf, rate=np.geomspace(0.003, 3, 10), power=(0.5, 1.0, 1.5, 2.0, 3.0)),
    }
)
"""Falling shapes ``g`` by the name of their family, each on a grid of its nonlinear parameters."""


def extrapolated(curves: FloatArray, full_epochs: int, family: str) -> FloatArray:
    """What falling curves come to at the end, by ``y(x) = c + b g(x)`` with ``b >= 0``; lower is better.

    Source: families of Domhan et al., "Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks by
    Extrapolation of Learning Curves", IJCAI 2015, table 1, of errors instead of accuracies; ``janoschek`` with a power
    of 1 is ``exp3`` too. They are linear in two of their parameters, which have least squares in closed form; the
    others are taken from a grid, the fit with the least squared residual (variable projection: Golub and Pereyra,
    SIAM Journal on Numerical Analysis 1973). So there is no start that it depends on, and no failure to converge.

    Args:
        curves: Shape ``(n, epochs)``, at least two epochs: errors or losses, which fall as training goes on.
        full_epochs: The epoch whose value is asked for, not before the last known.
        family: One of ``FAMILIES``.

    Returns:
        Shape ``(n,)``: between 0, where curves have no negative values, and the last known value, or above where the
        fit smooths it.

    Raises:
        ValueError: There are fewer than two epochs, more than ``full_epochs``, or no such family.
    """
    if curves.ndim != 2 or not 2 <= curves.shape[1] <= full_epochs:
        raise ValueError(f"curves must have shape (n, epochs) with 2 to {full_epochs} epochs; got {curves.shape}")
    if family not in FAMILIES:
        raise ValueError(f"expected a family: one of {', '.join(FAMILIES)}. Got {family!r}")
    known = np.arange(1.0, curves.shape[1] + 1)
    centre = curves.mean(axis=1)
    away = curves - centre[:, None]
    least = np.full(len(curves), np.inf)
    ends = np.empty(len(curves))
    for shape in FAMILIES[family]:
        falling, end = shape(known), float(shape(np.array([float(full_epochs)]))[0])
        deviation = falling - falling.mean()
        slope = np.maximum(away @ deviation / (deviation @ deviation), 0.0)
        residual = ((away - slope[:, None] * deviation) ** 2).sum(axis=1)
        better = residual < least
        least[better] = residual[better]
        ends[better] = (centre + slope * (end - falling.mean()))[better]
    floor = np.where(curves.min(axis=1) >= 0, 0.0, -np.inf)
    return np.maximum(ends, floor)
