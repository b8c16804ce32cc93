"""When a training is given up, by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.rung import Rung
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.objectives.macs import Macs
from evonas.objectives.validation_error import ValidationError
from spaces.cell201 import Cell201

# After 2 of 8 epochs the loss is twice the error at the end, after 4 it is the error.
ENDS = np.linspace(0.1, 0.5, 41)
LOSSES = np.stack([4 * ENDS, 2 * ENDS, 1.5 * ENDS, ENDS, ENDS, ENDS, ENDS, ENDS], axis=1)


def rule(rivals: list[list[float]], ends: np.ndarray = ENDS[:, None]) -> StoppingRule:
    return StoppingRule.learned(LOSSES, ends, np.array(rivals).reshape(len(rivals), ends.shape[1]), 8, 0.1)


def test_a_training_is_given_up_where_it_ends_dominated() -> None:
    stopping = rule([[0.4], [0.2]])
    assert sorted(stopping.ends) == [2, 4]
    assert stopping.verdict([9.0]) == ""
    assert stopping.verdict([9.0, 0.39]) == ""
    assert stopping.verdict([9.0, 0.41]) == "a training loss of 0.41 then ends dominated"
    assert stopping.verdict([9.0, 0.41, 0.41]) == "", "it is looked at after 2 and 4 epochs"
    assert stopping.verdict([9.0, 9.0, 9.0, 0.19]) == ""
    assert stopping.verdict([9.0, 9.0, 9.0, 0.21])
    assert pickle.loads(pickle.dumps(stopping)).verdict([9.0, 0.41])


def test_every_objective_must_be_worse_than_one_rival() -> None:
    ends = np.stack([ENDS, 0.1 / ENDS], axis=1)
    assert rule([[0.2, 0.5]], ends).verdict([9.0, 0.5]) == ""  # ends at (0.25, 0.4)
    assert rule([[0.2, 0.5], [0.3, 0.3]], ends).verdict([9.0, 0.5]) == ""
    assert rule([[0.2, 0.5], [0.2, 0.3]], ends).verdict([9.0, 0.5])


def test_without_rivals_or_with_too_few_finished_all_goes_on() -> None:
    assert rule([]).verdict([9.0, 9.0]) == ""
    few = StoppingRule.learned(LOSSES[::4], ENDS[::4, None], np.array([[0.1]]), 8, 0.1)
    assert few.verdict([9.0, 9.0]) == ""
    assert StoppingRule.learned(LOSSES[:, :1], ENDS[:, None], np.array([[0.1]]), 1, 0.1).ends == {}


def proposal(number: int, rung: Rung | None = None) -> Proposal:
    space = Cell201()
    cell = space.sample(np.random.default_rng(number))
    return Proposal(cell, cell.key, space.format(cell), "variation", {"macs": 1.0}, {}, {}, Funnel(0, {}), rung)


def test_a_stopped_trial_has_no_values_and_costs_what_was_done_of_it() -> None:
    archive = Archive([ValidationError(), Macs()])
    for number in range(2):
        archive.propose(proposal(number))
    assert archive.spent == 2
    stop = Stop(8, "for a reason", (3.0, 2.0))
    archive.record(0, Evaluation({}, 1.0, epochs=2, stop=stop))
    archive.record(1, Evaluation({"validation_error": 0.2}, 1.0))
    assert archive.spent == 1.25
    assert [trial.number for trial in archive.stopped] == [0]
    assert [trial.number for trial in archive.trained] == [1]
    assert (archive.failed, archive.pending, archive.shortened) == ([], [], [])
    assert [trial.number for trial in archive.front()] == [1]
    assert archive.trials[0].values == {"macs": 1.0}
    assert archive.trials[0].proposal.key in archive
    assert str(stop) == "stopped after 2 of 8 epochs: for a reason"
    with pytest.raises(ValueError, match="trial 0 is stopped and has no values"):
        archive.values([archive.trials[0]])
