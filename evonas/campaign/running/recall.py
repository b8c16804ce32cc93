"""A campaign read back from its results folder, to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evonas.campaign.planning.making import make_space
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.importable import importable
from evonas.core.record import Record
from evonas.journal.journal import Journal
from evonas.journal.recalled import Recalled
from evonas.journal.results_folder import JOURNAL
from spaces.architecture import Architecture
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn


def recall(folder: Path) -> Record:
    """Everything the journal in ``folder`` tells; nothing is written, also while the campaign runs.

    A space that cannot be made anew (an object of a script, a module that is gone) is stood in for by one that draws
    architectures as they were written down.

    Raises:
        JournalError: There is no journal, or it cannot be read.
    """
    with Journal.open(folder / JOURNAL, read_only=True) as journal:
        manifest = journal.manifest
        campaign = manifest["campaign"]
        objectives = [Recalled(**stored) for stored in manifest["objectives"]]
        with importable(folder):
            try:
                space = make_space(campaign["space"], campaign["dataset"], campaign["evaluator"])
            except CampaignError:
                space = Written()
        return journal.record(campaign["name"], space, objectives)


class Written(Space):
    """Stands in for a space that cannot be made anew: its architectures can be looked at, and nothing else."""

    ops = ()
    attributes = ()
    input_shape = ()
    classes = 0
    size = None

    def sample(self, rng: np.random.Generator) -> Architecture:
        raise self._refusal("sample")

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        raise self._refusal("mutate")

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        raise self._refusal("cross")

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        raise self._refusal("vary")

    def check(self, architecture: Architecture) -> None:
        raise self._refusal("check")

    def simplify(self, architecture: Architecture) -> Architecture:
        """The architecture as it was written down."""
        return architecture

    def cost(self, architecture: Architecture) -> Cost:
        raise self._refusal("count")

    def build(self, architecture: Architecture) -> nn.Module:
        raise self._refusal("build")

    def parse(self, text: str) -> Architecture:
        raise self._refusal("read")

    def format(self, architecture: Architecture) -> str:
        """JSON."""
        return architecture.to_json()

    def _refusal(self, what: str) -> Exception:
        reason = f"this campaign's space could not be made anew, so there is nothing to {what} with"
        return CampaignError([Fault(("space",), reason)])
