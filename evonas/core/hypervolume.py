"""Hypervolume against a reference that is fixed once and never moves."""

from __future__ import annotations

from dataclasses import dataclass

import moocore
import numpy as np

from evonas.core.archive import Archive, FloatArray


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The box that hypervolumes of one campaign are measured in.

    The reference is the worst value of each objective among the trained trials of the first round, and each objective
    is scaled by the range it has there. Both stay as they are for the rest of the campaign, so that hypervolumes of
    different instants can be compared. A hypervolume of 1 dominates the whole box of the first round.

    Attributes:
        reference: Shape ``(objectives,)``, minimised.
        scale: Shape ``(objectives,)``, positive.
    """

    reference: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, archive: Archive) -> Yardstick | None:
        """The campaign's yardstick; None until every trial of the first round with two trained ones has come home."""
        trained = []
        for index, trial in enumerate(archive.trials):
            if trial.evaluation is None:
                return None
            if trial.trained:
                trained.append(trial)
            following = archive.trials[index + 1 : index + 2]
            ends_round = not following or following[0].proposal.funnel.round != trial.proposal.funnel.round
            if ends_round and len(trained) >= 2:
                values = archive.rung_values(trained)  # of the first training alone: replicates must not move it
                reference = values.max(axis=0)
                spread = reference - values.min(axis=0)
                return cls(reference, np.where(spread > 0, spread, 1.0))
        return None

    def scaled(self, values: FloatArray) -> FloatArray:
        """Minimised points in units of the box, the reference at 0: the shape of ``values``."""
        return (values - self.reference) / self.scale

    def hypervolume(self, values: FloatArray) -> float:
        """Hypervolume of minimised points ``(n, objectives)``; 0 for none."""
        if len(values) == 0:
            return 0.0
        return float(moocore.hypervolume(self.scaled(values), ref=np.zeros(values.shape[1])))
