"""What a searcher proposes to have evaluated, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

from evonas.core.rung import Rung
from spaces.architecture import Architecture

Origin = Literal["random", "variation", "screened", "warm_start"]
ORIGINS: tuple[str, ...] = get_args(Origin)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a predictor said of one objective before the training: minimised, as inside the archive.

    Attributes:
        mean: Predicted value, lower is better.
        std: Positive; ``mean ± 1.2816 std`` is meant to cover 80 %.
    """

    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """How one round narrowed its candidates down; shared by the round's proposals.

    Attributes:
        round: Number of the round, from 0.
        counts: Candidates by stage in order, e.g. ``{"drawn": 2000, "distinct": 1400, "predicted": 1400, ...}``.
        seconds: Wall time by stage; not part of the funnel's identity.
        notes: Sentences for the report, e.g. a proxy that could not be computed.
    """

    round: int
    counts: Mapping[str, int]
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """An architecture that a searcher chose to have evaluated.

    Attributes:
        architecture: As the space notates it; it is simplified for training.
        key: Identity: the key of the simplified architecture, or of the notation where a table tells twins apart.
        notation: ``Space.format`` of the architecture.
        origin: ``random`` (drawn at random from the feasible), ``variation`` (mutation or crossover, not screened),
            ``screened`` (chosen by a predictor among many) or ``warm_start`` (of an earlier campaign's best).
        exact: Objectives that need no training, in their own unit and direction.
        predicted: Estimates of those that do; empty where no predictor was asked.
        proxies: Zero-cost proxy scores, higher is better; those that failed are absent.
        funnel: How its round chose.
        rung: The shorter training that it is proposed for; None for the full one.
        replicate: 0 for an architecture's first training of its length; 1 for the first that repeats the full one with
            another seed, and so on.
    """

    architecture: Architecture
    key: str
    notation: str
    origin: Origin
    exact: Mapping[str, float]
    predicted: Mapping[str, Estimate]
    proxies: Mapping[str, float]
    funnel: Funnel
    rung: Rung | None = None
    replicate: int = 0

    @property
    def share(self) -> Fraction:
        """What its training costs, in full trainings: 1, or less on a rung below."""
        return self.rung.share if self.rung is not None else Fraction(1)
