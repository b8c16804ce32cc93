"""Who climbs by the training losses of its rung, and not by the rung's own validation error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from climbing import EPOCHS
from quick import Recorder, quick_plan

from evonas.campaign.planning.plan import Plan
from evonas.campaign.planning.successive_halving import SuccessiveHalving
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.reading.sections import PromoteBy
from evonas.campaign.running.session import execute
from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.observer import Silent
from evonas.core.problem import Problem
from evonas.core.rung import Rung
from evonas.core.searcher import Searcher, SearchError
from evonas.objectives.macs import Macs
from evonas.objectives.validation_error import ValidationError
from evonas.searchers.rung_columns import RungColumns
from spaces.cell201 import Cell201
from surrogates.predictors.gaussian_process import GaussianProcess

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


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"promote_by": "predictor", "predictor": {"name": "trees", "bags": 2, "trees": 10}},
    ],
    ids=["training_speed", "predictor"],
)
def test_a_killed_campaign_goes_on_to_the_same_climbers(tmp_path: Path, changes: dict[str, Any]) -> None:
    def kill(count: int) -> None:
        if count == 17:
            raise Killed

    whole = execute(plan_of(**changes), None, Silent())[0].archive
    with pytest.raises(Killed):
        execute(plan_of(**changes), tmp_path, Recorder(kill))
    resumed = execute(plan_of(**changes), tmp_path, Silent())[0].archive
    told = [[(trial.proposal.key, trial.proposal.rung) for trial in one.trials] for one in (whole, resumed)]
    assert told[0] == told[1]
    assert whole.spent == resumed.spent


def test_an_evaluator_without_losses_is_told_so() -> None:
    plan = plan_of(evaluator={"name": "climbing.Climbing", "curves": False})
    with pytest.raises(SearchError, match=r"promote_by reads the training loss of every epoch, and trial \d+ brought"):
        execute(plan, None, Silent())


def test_the_predictor_learns_what_the_rung_tells_and_lets_climb_what_it_expects_most_of() -> None:
    """Here what does well on the rung does badly in the end, by nothing that the graph shows."""
    space, rng = Cell201(), np.random.default_rng(0)
    found = {cell.key: cell for cell in (space.simplify(space.sample(rng)) for _ in range(60))}
    cells = list(found.values())[:40]
    archive = Archive([ValidationError()])
    short = {cell.key: int(cell.key[:6], 16) / 16**6 for cell in cells}
    for rung, some in ((RUNG, cells), (None, cells[:12])):
        for cell in some:
            error = short[cell.key] if rung else 1 - short[cell.key]
            trial = archive.propose(Proposal(cell, cell.key, cell.key, "variation", {}, {}, {}, Funnel(0, {}), rung))
            archive.record(trial.number, Evaluation({"validation_error": error}, 1.0))
    columns = RungColumns(Problem(space, [ValidationError()]), lambda encoding: GaussianProcess(space, encoding))
    waiting = sorted((cell.key for cell in cells[12:]), key=lambda key: short[key])
    best = {}
    for promote_by in ("values", "predictor"):
        told = columns if promote_by == "predictor" else None
        halving = SuccessiveHalving(Nobody(), [RUNG], 2, promote_by, told)
        best[promote_by] = [one.key for one in halving.propose(archive, 3, np.random.default_rng(0))]
    assert best["values"] == waiting[:3]
    assert len(set(best["predictor"]) & set(waiting[-5:])) >= 2


def test_a_campaign_without_a_predictor_cannot_ask_it() -> None:
    with pytest.raises(CampaignError, match="promote_by: predictor needs one, and this campaign has none; name a pred"):
        plan_of(promote_by="predictor")


def test_the_same_campaign_as_before_says_nothing_of_it() -> None:
    assert plan_of(promote_by="values").resolved["rungs"] == {"epochs": [3], "reduction_factor": 3}
    assert plan_of().resolved["rungs"]["promote_by"] == "training_speed"
    assert replace(plan_of(), name="x").rung_evaluators.keys() == {Rung(3, EPOCHS)}
