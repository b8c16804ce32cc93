"""What is read off a graph's vector: a score, who wins a comparison, who dominates whom."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from surrogates.message_passing.network import Parameters, weights


def new_head(members: int, pooled: int, side: int, hidden: int, generator: torch.Generator) -> Parameters:
    """Parameters of ``embedded`` and ``scores``.

    Args:
        members: ``e``.
        pooled: Width of a graph's vector.
        side: Number of side features ``d``.
        hidden: Width ``h`` of an embedding.
        generator: Source of all draws.
    """
    return {
        "head.pooled": weights(members, pooled, hidden, generator),
        "head.side": weights(members, side, hidden, generator),
        "head.bias": torch.zeros(members, 1, hidden),
        "head.score": weights(members, hidden, 1, generator),
    }


def new_relation(members: int, hidden: int, forms: int, generator: torch.Generator) -> Parameters:
    """Parameters of ``wins`` (1 form) and ``dominance`` (2 forms)."""
    return {f"relation.{form}": 0.1 * weights(members, hidden, hidden, generator) for form in range(forms)} | {
        "relation.level": torch.zeros(members, 1, 1)
    }


def embedded(parameters: Mapping[str, Tensor], pooled: Tensor, side: Tensor) -> Tensor:
    """Embeddings of graphs ``(e, n, p)`` and their side features ``(e, n, d)``, shape ``(e, n, h)``."""
    joined = torch.baddbmm(parameters["head.bias"], pooled, parameters["head.pooled"])
    return functional.silu(torch.baddbmm(joined, side, parameters["head.side"]))


def scores(parameters: Mapping[str, Tensor], embeddings: Tensor) -> Tensor:
    """Scores of embeddings ``(e, n, h)``, lower is better, shape ``(e, n)``."""
    return torch.bmm(embeddings, parameters["head.score"]).squeeze(-1)


def wins(parameters: Mapping[str, Tensor], left: Tensor, right: Tensor) -> Tensor:
    """Log-odds that each of ``a`` on the left is better than each of ``b`` on the right, shape ``(e, a, b)``.

    ``s(right) − s(left) + leftᵀ (K − Kᵀ) right`` for embeddings ``left`` ``(e, a, h)`` and ``right`` ``(e, b, h)``: a
    difference of scores and a skew-symmetric form, so that the odds of (b, a) are one over those of (a, b), and wins
    need not be transitive. After the binary relation of BRP-NAS (Dudziak et al., NeurIPS 2020, section 4), which learns
    from concatenated embeddings that one of two is better.
    """
    form = parameters["relation.0"]
    difference = scores(parameters, right)[:, None, :] - scores(parameters, left)[:, :, None]
    return difference + torch.bmm(torch.bmm(left, form - form.transpose(1, 2)), right.transpose(1, 2))


def dominance(parameters: Mapping[str, Tensor], left: Tensor, right: Tensor) -> Tensor:
    """Logits of three outcomes: left dominates, right dominates, neither; shape ``(e, a, b, 3)``.

    They are ``w``, ``−w`` and ``leftᵀ (S + Sᵀ) right + c``, where ``w`` is what ``wins`` says: exchanging the two
    exchanges the first two outcomes and leaves the third.
    """
    odds = wins(parameters, left, right)
    form = parameters["relation.1"]
    apart = (
        torch.bmm(torch.bmm(left, form + form.transpose(1, 2)), right.transpose(1, 2)) + parameters["relation.level"]
    )
    return torch.stack([odds, -odds, apart], dim=-1)
