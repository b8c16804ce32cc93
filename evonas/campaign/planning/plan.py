"""Everything a run needs, assembled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from evonas.campaign.planning.early_stopping import EarlyStopping
from evonas.core.archive import Archive, Proposal
from evonas.core.evaluation import Evaluator
from evonas.core.problem import Problem
from evonas.core.rung import Rung
from evonas.core.searcher import Searcher
from evonas.searchers.proxy_scores import ProxyScores


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign with its parts made.

    Attributes:
        name: Name of the campaign.
        problem: Space, objectives and constraints.
        searcher: Chooses.
        proxies: Scores candidates for a searcher that takes them; idle workers help it.
        evaluator: Evaluates in a worker.
        final_evaluator: Retrains the front and looks at test data; None where there are none.
        executor: Starts the executor; called once a run.
        workers: Evaluations at a time.
        budget: Full trainings in all, failures and replicates included; one on a rung below counts by its epochs.
        initial: Candidates of the first round.
        batch: Candidates of every later round.
        seed: Fixes every random choice.
        retrain_seeds: Retrainings of each member of the front; 0 for none.
        resolved: The campaign as plain values with every default, as it is journalled.
        rung_evaluators: What evaluates instead on each rung below the full training.
        pack: Candidates that a worker is given to train together, at most; None for all that wait.
        pinned: What was taken over of the campaign that this one is started from, as it is journalled; None for none.
        stopping: Says when a training is given up; None where all are trained to their end.
        replicate_evaluators: What evaluates instead each further training of one architecture, from the first.
    """

    name: str
    problem: Problem
    searcher: Searcher
    proxies: ProxyScores
    evaluator: Evaluator
    final_evaluator: Evaluator | None
    executor: Callable[[], Executor]
    workers: int
    budget: int
    initial: int
    batch: int
    seed: int
    retrain_seeds: int
    resolved: Mapping[str, Any]
    rung_evaluators: Mapping[Rung, Evaluator] = field(default_factory=dict)
    pack: int | None = 1
    pinned: Mapping[str, Any] | None = None
    stopping: EarlyStopping | None = None
    replicate_evaluators: Sequence[Evaluator] = ()

    def evaluator_of(self, proposal: Proposal) -> Evaluator:
        """What evaluates a proposal: its rung's evaluator, or its replicate's."""
        if proposal.replicate:
            return self.replicate_evaluators[proposal.replicate - 1]
        return self.evaluator if proposal.rung is None else self.rung_evaluators[proposal.rung]

    def affordable(self, archive: Archive) -> int:
        """How many full trainings the budget leaves; what is proposed never exceeds it."""
        return max(0, self.budget - math.ceil(archive.spent))
