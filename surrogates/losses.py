"""Losses for predictors that are trained by gradients.

The selection follows Ji, Feng, Fan & Sun, "Loss Functions for Predictor-based Neural Architecture Search" (ICCV 2025,
arXiv 2506.05869): regression (``mse``), pairwise ranking (``hinge``, ``logistic``, ``kendall``, ``sequence_ranking``),
listwise ranking (``list_mle``), weighted towards the best (``mape``, ``exponentially_weighted``, ``warp``), and
``piecewise``, which begins with a ranking loss and ends with a weighted one.

Every loss takes scores ``s`` and targets ``y`` of shape ``(…, n)``, both **lower is better**, and gives one number for
each leading index, shape ``(…)``; lower is better. Papers that speak of accuracies are turned round. Targets are
expected to be standardised: margins and lower bounds are in their deviations. "Pairs" are the ordered pairs ``(i, j)``
with ``y_i < y_j``, which should end with ``s_i < s_j``; a list without such a pair has ranking loss 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]

_MARGIN = 0.1  # GATES' margin
_BELOW_BEST = 1.0
_SHARPNESS = 0.5  # DiffKendall's alpha
_WARM_UP_SHARE = 0.5


def mse(scores: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error: ``1/n Σ (s_i − y_i)²``."""
    return ((scores - targets) ** 2).mean(dim=-1)


def mape(scores: Tensor, targets: Tensor) -> Tensor:
    """Mean absolute percentage error: ``1/n Σ |(s_i − b) / (y_i − b) − 1|``, so that errors among the best weigh most.

    The lower bound ``b`` lies one deviation below the list's best target (White et al., "BANANAS", AAAI 2021, eq. 1,
    where it is a global bound of the error).
    """
    bound = targets.amin(dim=-1, keepdim=True) - _BELOW_BEST
    return ((scores - targets).abs() / (targets - bound)).mean(dim=-1)


def exponentially_weighted(scores: Tensor, targets: Tensor) -> Tensor:
    """Squared errors weighted by goodness: ``1/n Σ (exp(g_i) − 1) / (e − 1) · (s_i − y_i)²``.

    Goodness ``g_i = (max y − y_i) / (max y − min y)`` is 1 for the best of the list and 0 for its worst (Ji et al.,
    2025, weighted losses); all weights are 1 where the targets are equal.
    """
    worst = targets.amax(dim=-1, keepdim=True)
    reach = worst - targets.amin(dim=-1, keepdim=True)
    goodness = torch.where(reach > 0, (worst - targets) / reach.clamp_min(torch.finfo(targets.dtype).tiny), 1.0)
    weights = torch.expm1(goodness) / torch.expm1(torch.ones((), dtype=targets.dtype))
    return (weights * (scores - targets) ** 2).mean(dim=-1)


def hinge(scores: Tensor, targets: Tensor) -> Tensor:
    """Pairwise hinge: the mean over pairs of ``max(0, m − (s_j − s_i))``, margin ``m = 0.1``.

    Source: Ning et al., "GATES", ECCV 2020, eq. 3.
    """
    return _mean_over_pairs(functional.relu(_MARGIN - _differences(scores)), targets)


def logistic(scores: Tensor, targets: Tensor) -> Tensor:
    """Pairwise logistic: the mean over pairs of ``log(1 + exp(−(s_j − s_i)))`` (Burges et al., ICML 2005)."""
    return _mean_over_pairs(functional.softplus(-_differences(scores)), targets)


def kendall(scores: Tensor, targets: Tensor) -> Tensor:
    """Differentiable Kendall: one minus the mean over pairs of ``tanh(α (s_j − s_i))``, ``α = 0.5``.

    Source: Zheng et al., "DiffKendall", NeurIPS 2023, eq. 4, whose sigmoid ``(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)`` is the
    hyperbolic tangent. Between 0 and 2; 1 for constant scores.
    """
    return _mean_over_pairs(1 - torch.tanh(_SHARPNESS * _differences(scores)), targets)


def sequence_ranking(scores: Tensor, targets: Tensor) -> Tensor:
    """Sequence ranking: the mean over all ordered ``(i, j)``, ``i ≠ j``, of ``|(s_i − s_j) − (y_i − y_j)|``.

    Source: Yi et al., "NAR-Former", CVPR 2023, section 3.4, which draws one ``j`` for each ``i`` by permuting the list;
    this is the mean over permutations without fixed places. It leaves the scores' level free.
    """
    n = scores.shape[-1]
    return (_differences(scores) - _differences(targets)).abs().sum(dim=(-2, -1)) / max(n * (n - 1), 1)


def list_mle(scores: Tensor, targets: Tensor) -> Tensor:
    """ListMLE: minus the logarithm of the Plackett–Luce likelihood of the true order, divided by ``n``.

    ``1/n Σ_k (log Σ_{l ≥ k} exp(−s_(l)) + s_(k))`` where ``(k)`` is the k-th best by target; equal targets stand in
    the order given. Source: Xia et al., "Listwise approach to learning to rank", ICML 2008, section 4.2.
    """
    order = targets.argsort(dim=-1, stable=True)
    merits = -torch.gather(scores, -1, order)
    later = merits.flip(-1).logcumsumexp(dim=-1).flip(-1)
    return (later - merits).mean(dim=-1)


def warp(scores: Tensor, targets: Tensor) -> Tensor:
    """Weighted approximate-rank pairwise: ``1/n Σ_i Φ(k_i) / k_i Σ_{j in V_i} (m − (s_j − s_i))``, margin ``m = 0.1``.

    ``V_i`` are the items that are truly worse than ``i`` and not scored worse by the margin, ``k_i`` their number, and
    ``Φ(k) = Σ_{r ≤ k} 1/r`` weighs a fault near the top of a ranking more than one far down. Source: Weston et al.,
    "WSABIE", IJCAI 2011, eq. 1–5, which estimates ``k_i`` by sampling; lists are short here, so it is counted.
    """
    faults = functional.relu(_MARGIN - _differences(scores)) * _pairs(targets)
    count = (faults > 0).sum(dim=-1)
    ranks = torch.arange(1, scores.shape[-1] + 1, dtype=scores.dtype)
    weight = torch.cat([ranks.new_zeros(1), (1 / ranks).cumsum(0) / ranks])  # Φ(k) / k
    return (weight[count] * faults.sum(dim=-1)).mean(dim=-1)


def piecewise(scores: Tensor, targets: Tensor, progress: float) -> Tensor:
    """``hinge`` in the first half of the training, ``exponentially_weighted`` in the second (Ji et al., 2025, PWLNAS).

    Args:
        scores: Shape ``(…, n)``.
        targets: Shape ``(…, n)``.
        progress: Share of the training that is over, from 0 to 1.
    """
    return hinge(scores, targets) if progress < _WARM_UP_SHARE else exponentially_weighted(scores, targets)


LOSSES: Mapping[str, Loss] = {
    loss.__name__: loss
    for loss in (
        mse,
        mape,
        exponentially_weighted,
        hinge,
        logistic,
        kendall,
        sequence_ranking,
        list_mle,
        warp,
    )
}
"""Losses by name that are the same throughout a training."""

NAMES = (*LOSSES, piecewise.__name__)
"""Every name that ``loss_at`` takes."""


def loss_at(name: str, progress: float) -> Loss:
    """The loss of that name when a share ``progress`` of the training is over.

    Raises:
        ValueError: There is no such loss; the message lists those there are.
    """
    if name == piecewise.__name__:
        return partial(piecewise, progress=progress)
    if name not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(NAMES)}; got {name!r}")
    return LOSSES[name]


def _differences(values: Tensor) -> Tensor:
    """``values_j − values_i`` at ``(…, i, j)``."""
    return values[..., None, :] - values[..., :, None]


def _pairs(targets: Tensor) -> Tensor:
    """One at ``(…, i, j)`` where ``y_i < y_j``, zero elsewhere."""
    return (_differences(targets) > 0).to(targets.dtype)


def _mean_over_pairs(losses: Tensor, targets: Tensor) -> Tensor:
    pairs = _pairs(targets)
    return (losses * pairs).sum(dim=(-2, -1)) / pairs.sum(dim=(-2, -1)).clamp_min(1)
