"""Everything a run needs, assembled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from evonas.core.evaluation import Evaluator
from evonas.core.problem import Problem
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
        budget: Candidates evaluated in all, failures included.
        initial: Candidates of the first round.
        batch: Candidates of every later round.
        seed: Fixes every random choice.
        retrain_seeds: Retrainings of each member of the front; 0 for none.
        resolved: The campaign as plain values with every default, as it is journalled.
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
