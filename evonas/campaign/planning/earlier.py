"""An earlier campaign that another is started from: what is taken over of it, and kept whatever becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.randomness import generator
from evonas.journal.errors import JournalError
from evonas.journal.journal import Journal
from evonas.journal.recalled import Recalled
from evonas.journal.results_folder import JOURNAL
from evonas.searchers.forecast import learned_from
from spaces.space import Space

FEWEST_TRAINED = 8
_PATH = ("warm_start",)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A campaign over the same space, as it stood when another was started from it.

    Its values are never taken for measurements of the new campaign: they may be of another dataset, recipe or machine.

    Attributes:
        name: Its name.
        directory: Its results folder, as the new campaign names it.
        archive: Its full trainings; the best and some others of very many, see ``learned_from``.
    """

    name: str
    directory: str
    archive: Archive

    @classmethod
    def read(cls, directory: str, space: Space, rng: np.random.Generator) -> Earlier:
        """Reads a results folder.

        Args:
            directory: The folder.
            space: The new campaign's.
            rng: Draws some of very many trainings.

        Raises:
            CampaignError: There is no journal that can be read, too little is trained, or the space is another.
        """
        try:
            with Journal.open(Path(directory) / JOURNAL, read_only=True) as journal:
                manifest = journal.manifest
                archive = journal.load([Recalled(**stored) for stored in manifest["objectives"]])
        except (JournalError, OSError) as error:
            raise _refusal(f"expected the results folder of a campaign. Got {directory!r}: {error}") from error
        if len(archive.trained) < FEWEST_TRAINED:
            raise _refusal(
                f"expected a campaign with at least {FEWEST_TRAINED} full trainings. Got {directory!r}, which has "
                f"{len(archive.trained)}; let it train more, or leave warm_start out"
            )
        trials = [
            {"notation": trial.proposal.notation, "values": dict(trial.values)} for trial in learned_from(archive, rng)
        ]
        name = str(manifest["campaign"]["name"])
        pinned = {"name": name, "directory": directory, "objectives": manifest["objectives"], "trials": trials}
        return cls.pinned_in(pinned, space)

    @classmethod
    def pinned_in(cls, pinned: Mapping[str, Any], space: Space) -> Earlier:
        """Takes up what ``pinned`` gave to a journal.

        Raises:
            CampaignError: An architecture is not in the space.
        """
        archive = Archive([Recalled(**stored) for stored in pinned["objectives"]])
        trained = {objective.name for objective in archive.objectives if objective.needs == "training"}
        for stored in pinned["trials"]:
            try:
                architecture = space.parse(stored["notation"])
                space.check(architecture)
            except ValueError as error:
                raise _refusal(
                    f"expected a campaign over the same space. Got {pinned['directory']!r}, whose architecture "
                    f"{stored['notation']!r} is not in this campaign's: {error}. Name a campaign over this space, or "
                    "leave warm_start out"
                ) from error
            exact = {name: value for name, value in stored["values"].items() if name not in trained}
            key = space.simplify(architecture).key
            proposal = Proposal(architecture, key, stored["notation"], "random", exact, {}, {}, Funnel(0, {}))
            measured = {name: value for name, value in stored["values"].items() if name in trained}
            archive.record(archive.propose(proposal).number, Evaluation(measured, 0.0))
        return cls(pinned["name"], pinned["directory"], archive)

    def pinned(self) -> dict[str, Any]:
        """Plain values that stand in the new campaign's journal, so that it needs the folder never again."""
        objectives = [
            {"name": one.name, "needs": one.needs, "goal": one.goal, "unit": one.unit}
            for one in self.archive.objectives
        ]
        trials = [{"notation": trial.proposal.notation, "values": dict(trial.values)} for trial in self.archive.trials]
        return {"name": self.name, "directory": self.directory, "objectives": objectives, "trials": trials}


def earlier_campaign(directory: str | None, space: Space, folder: Path | None, seed: int) -> Earlier | None:
    """The campaign that another is started from: as the new one's journal pins it, else as its own folder has it now.

    Args:
        directory: Results folder of the earlier campaign; None for none.
        space: The new campaign's.
        folder: Results folder of the new campaign; None where it has none.
        seed: The new campaign's; draws some of very many trainings.

    Raises:
        CampaignError: It is the new campaign itself, or ``Earlier.read`` refuses it.
        JournalError: The new campaign's own journal cannot be read.
    """
    if directory is None:
        return None
    if folder is not None and folder.resolve() == Path(directory).resolve():
        raise _refusal(
            f"expected another campaign's results folder. Got {directory!r}, this campaign's own; a campaign goes on "
            "by itself: leave warm_start out, or give this campaign another name"
        )
    if folder is not None and Journal.exists(folder / JOURNAL):
        with Journal.open(folder / JOURNAL, read_only=True) as journal:
            pinned = journal.manifest.get("warm_start")
        if pinned is not None:
            return Earlier.pinned_in(pinned, space)
    return Earlier.read(directory, space, generator(seed, 0, "warm start"))


def _refusal(message: str) -> CampaignError:
    return CampaignError([Fault(_PATH, message)])
