"""Who climbs by the training losses of its rung, and not by the rung's own validation error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from climbing import EPOCHS
from quick import Recorder, quick_plan

from evonas.campaign.plan import Plan
from evonas.campaign.session import execute
from evonas.campaign.specification import PromoteBy
from evonas.campaign.successive_halving import SuccessiveHalving
from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.observer import Silent
from evonas.core.rung import Rung
from evonas.core.searcher import Searcher, SearchError
from evonas.objectives.macs import Macs
from evonas.objectives.validation_error import ValidationError
from spaces.cell201 import Cell201

RUNG = Rung(2, EPOCHS)
# error after the rung, losses of its two epochs, macs: the error, the sum and the last loss each name another best
ROWS = [
    (0.1, (9.0, 5.0), 1.0),
    (0.2, (2.0, 4.0), 1.0),
    (0.3, (9.0, 1.0), 1.0),
    (0.4, (9.0, 6.0), 1.0),
    (0.5, (9.0, 7.0), 1.0),
    (0.6, (9.0, 8.0), 1.0),
]


class Killed(BaseException):
    """Stands in for SIGKILL: nothing of the campaign handles it."""


class Nobody(Searcher):
    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        raise AssertionError("whoever may climb goes first")


def archive_of(rows: list[tuple[float, tuple[float, ...], float]]) -> Archive:
    space, rng = Cell201(), np.random.default_rng(0)
    archive = Archive([ValidationError(), Macs()])
    for error, losses, macs in rows:
        cell = space.sample(rng)
        proposal = Proposal(
            cell, cell.key, space.format(cell), "variation", {"macs": macs}, {}, {}, Funnel(0, {}), RUNG
        )
        trial = archive.propose(proposal)
        curve = tuple({"train_loss": loss} for loss in losses)
        archive.record(trial.number, Evaluation({"validation_error": error}, 1.0, epochs=2, curve=curve))
    return archive


@pytest.mark.parametrize(("promote_by", "first"), [("values", 0), ("training_speed", 1), ("last_loss", 2)])
def test_the_best_by_what_was_asked_for_climbs(promote_by: PromoteBy, first: int) -> None:
    archive = archive_of(ROWS)
    halving = SuccessiveHalving(Nobody(), [RUNG], 6, promote_by)
    (chosen,) = halving.propose(archive, 1, np.random.default_rng(0))
    assert chosen.key == archive.trials[first].proposal.key
    assert chosen.rung is None


def test_what_is_known_without_training_still_counts() -> None:
    rows = [(error, losses, 1.0 if row < 5 else 0.5) for row, (error, losses, _) in enumerate(ROWS)]
    archive = archive_of(rows)
    halving = SuccessiveHalving(Nobody(), [RUNG], 3, "last_loss")
    chosen = halving.propose(archive, 2, np.random.default_rng(0))
    assert {one.key for one in chosen} == {archive.trials[row].proposal.key for row in (2, 5)}


def plan_of(**changes: Any) -> Plan:
    return quick_plan(
        **{
            "objectives": ["validation_error", "macs"],
            "evaluator": {"name": "climbing.Climbing"},
            "searcher": {"name": "nsga2", "population": 8},
            "predictor": None,
            "proxies": (),
            "rungs": (3,),
            "promote_by": "training_speed",
            "budget": 14,
            **changes,
        }
    )


def test_a_killed_campaign_goes_on_to_the_same_climbers(tmp_path: Path) -> None:
    def kill(count: int) -> None:
        if count == 17:
            raise Killed

    whole = execute(plan_of(), None, Silent())[0].archive
    with pytest.raises(Killed):
        execute(plan_of(), tmp_path, Recorder(kill))
    resumed = execute(plan_of(), tmp_path, Silent())[0].archive
    told = [[(trial.proposal.key, trial.proposal.rung) for trial in one.trials] for one in (whole, resumed)]
    assert told[0] == told[1]
    assert whole.spent == resumed.spent


def test_an_evaluator_without_losses_is_told_so() -> None:
    plan = plan_of(evaluator={"name": "climbing.Climbing", "curves": False})
    with pytest.raises(SearchError, match=r"promote_by reads the training loss of every epoch, and trial \d+ brought"):
        execute(plan, None, Silent())


def test_the_same_campaign_as_before_says_nothing_of_it() -> None:
    assert plan_of(promote_by="values").resolved["rungs"] == {"epochs": [3], "reduction_factor": 3}
    assert plan_of().resolved["rungs"]["promote_by"] == "training_speed"
    assert replace(plan_of(), name="x").rung_evaluators.keys() == {Rung(3, EPOCHS)}
