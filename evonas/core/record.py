"""Everything a finished or interrupted campaign knows of itself, as the journal tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation
from spaces.space import Space


@dataclass(frozen=True, slots=True)
class Record:
    """A campaign to look at: what reports, tables and drawings are made of.

    Attributes:
        name: Name of the campaign.
        space: The search space.
        archive: Every trial.
        manifest: ``campaign`` (the resolved campaign file), ``versions`` (of code and packages), ``machine``,
            ``created`` (ISO 8601).
        elapsed_seconds: For every evaluated trial number, the campaign's running time when its evaluation came home;
            time between an interruption and going on does not count.
        retrainings: For members of the final front, their evaluations on test data, one a seed; ``values`` hold
            ``test_error`` beside the objectives.
        stage_seconds: Wall time of the main process by stage, over all sessions, e.g. ``{"propose": 3.1, "wait": 40.2,
            "journal": 0.2, "start workers": 2.0, "retrain front": 20.1}``.
        evaluated_by_session: Number of evaluations that came home in each session of the campaign, in order.
    """

    name: str
    space: Space
    archive: Archive
    manifest: Mapping[str, Any]
    elapsed_seconds: Mapping[int, float]
    retrainings: Mapping[int, Sequence[Evaluation]]
    stage_seconds: Mapping[str, float]
    evaluated_by_session: Sequence[int]
