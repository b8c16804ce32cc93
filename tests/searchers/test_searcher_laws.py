"""Every law over every searcher that the registry discovers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import searcher_laws
from searcher_stories import SEARCHERS, archive_of, made, problem_of, proposed_by_all
from watched_space import WatchedPredictor, WatchedSpace


def test_the_registry_holds_what_the_engine_comes_with() -> None:
    assert {"random", "nsga2", "aging_evolution", "screened_nsga2"} <= SEARCHERS.keys()


@pytest.mark.parametrize("law", searcher_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", SEARCHERS)
def test_law(law: Callable[[str], None], name: str) -> None:
    law(name)


def test_another_process_with_another_hash_seed_proposes_the_same() -> None:
    script = Path(__file__).with_name("searcher_stories.py")
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(proposed_by_all()))


def test_the_watching_law_sees_a_predictor_at_work() -> None:
    """Else ``the_failed_and_the_pending_are_no_parents_and_teach_nothing`` might hold for want of lessons."""
    space = WatchedSpace()
    taught = WatchedPredictor()
    problem = problem_of("two that need training", space)
    searcher = made("screened_nsga2", problem, predictor=taught.factory)
    searcher.propose(archive_of(problem), 5, np.random.default_rng(1))
    assert {column for _, _, column in taught.lessons} == {0, 1}
    assert len(taught.lessons) == 2
    assert len(space.parents) > 3
    assert space.crossovers > 20
