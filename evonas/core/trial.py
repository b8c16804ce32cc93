"""A proposal and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.proposal import Proposal
from evonas.core.spread import Spread, spread
from evonas.core.stop import Stop


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal with its number and, once it has come home, its evaluation.

    Attributes:
        number: From 0, in the order of proposing.
        proposal: What was proposed.
        evaluation: None while pending.
        replicates: What further trainings of the same architecture with other seeds brought home, by their trials'
            numbers; failed ones are not among them, and a replicate's own trial has none.
    """

    number: int
    proposal: Proposal
    evaluation: Evaluation | None = None
    replicates: tuple[Evaluation, ...] = ()

    def __str__(self) -> str:
        """Number, known objectives and notation in one line; the whole of it is its ``repr``."""
        told = {
            name: f"{value:,.0f}" if value == round(value) else f"{value:.4g}" for name, value in self.values.items()
        }
        known = "".join(f", {name} {text}" for name, text in told.items())
        return f"trial {self.number}{known}: {self.proposal.notation}"

    @property
    def failure(self) -> Failure | None:
        """Why it failed; None where it is pending or trained."""
        return self.evaluation.failure if self.evaluation is not None else None

    @property
    def stop(self) -> Stop | None:
        """Why its training was given up; None where it was not."""
        return self.evaluation.stop if self.evaluation is not None else None

    @property
    def cost(self) -> Fraction:
        """What its training costs or has cost, in full trainings: less than 1 on a rung, or where it was given up."""
        return self.proposal.share * (1 - self.stop.saved if self.stop is not None else 1)

    @property
    def trained(self) -> bool:
        """Whether a full training, its architecture's first, has given it values for every objective."""
        return self.proposal.rung is None and not self.proposal.replicate and self._home

    @property
    def shortened(self) -> bool:
        """Whether it has the values of a shorter training: neither trained, nor pending, nor failed."""
        return self.proposal.rung is not None and self._home

    @property
    def values(self) -> Mapping[str, float]:
        """Every known objective in its own unit and direction: the exact ones, and once it is trained the others.

        Where the architecture was trained with several seeds, each is the mean over these trainings.
        """
        if self.proposal.rung is not None:
            return self.proposal.exact
        means = {name: over.mean for name, over in self.spreads.items()}
        return {**self.rung_values, **means} if means else self.rung_values

    @property
    def spreads(self) -> Mapping[str, Spread]:
        """Mean, deviation and count of what its replicates measured anew, with its own; empty where there are none."""
        if not self.replicates or self.evaluation is None:
            return {}
        trainings = [evaluation.values for evaluation in (self.evaluation, *self.replicates)]
        names = [name for name in self.evaluation.values if name not in self.proposal.exact]
        return {name: spread([values[name] for values in trainings if name in values]) for name in names}

    @property
    def rung_values(self) -> Mapping[str, float]:
        """What this one training measured, on whatever rung: to be compared with trials of that rung alone."""
        if self.evaluation is None or not self.evaluation.complete:
            return self.proposal.exact
        return {**self.proposal.exact, **self.evaluation.values, **self.proposal.exact}

    @property
    def _home(self) -> bool:
        return self.evaluation is not None and self.evaluation.complete
