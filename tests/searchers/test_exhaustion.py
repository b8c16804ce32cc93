"""Small spaces are searched to the end, and the end is told."""

from itertools import product

import numpy as np
import pytest
from searcher_stories import SEARCHERS, archive_of, campaign, made, problem_of

from evonas.core.searcher import Exhausted
from spaces.cell201 import Cell201

TINY = Cell201("compact", channels=(4, 8), ops=("none", "skip_connect"), input_shape=(1, 8, 8))
SMALL = Cell201("compact", channels=(4,), ops=("none", "nor_conv_1x1", "skip_connect"), input_shape=(1, 8, 8))
NOTATION = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"


def functions(space: Cell201, widths: tuple[str, ...]) -> set[str]:
    """Keys of every function of the space, from its notations."""
    ops = [op for op in space.ops if op not in ("input", "output")]
    texts = [NOTATION.format(*six) + width for six in product(ops, repeat=6) for width in widths]
    return {space.simplify(space.parse(text)).key for text in texts}


@pytest.mark.parametrize("name", SEARCHERS)
@pytest.mark.parametrize(
    ("space", "widths", "batch"), [(TINY, (" channels=4", " channels=8"), 3), (SMALL, ("",), 12)], ids=["tiny", "small"]
)
def test_every_function_is_found_and_then_the_end_is_told(
    name: str, space: Cell201, widths: tuple[str, ...], batch: int
) -> None:
    everything = functions(space, widths)
    problem = problem_of(space=space)
    searcher = made(name, problem)
    archive = campaign(searcher, problem, len(everything) + 1, initial=8, batch=batch)
    assert {trial.proposal.key for trial in archive.trials} == everything
    assert len(archive) == len(everything)
    with pytest.raises(Exhausted, match=rf"no unseen feasible architecture was found.* {len(everything)} are in the"):
        searcher.propose(archive, 2, np.random.default_rng(0))


@pytest.mark.parametrize("name", SEARCHERS)
def test_a_bound_that_only_a_few_meet_is_exhausted_too(name: str) -> None:
    everything = functions(SMALL, ("",))
    graphs = [SMALL.simplify(SMALL.parse(NOTATION.format(*six))) for six in product(SMALL.ops[2:], repeat=6)]
    cheap = {graph.key for graph in graphs if SMALL.cost(graph).macs <= 5000}
    assert 3 < len(cheap) < len(everything) / 2
    problem = problem_of(space=SMALL, macs="<= 5000")
    archive = campaign(made(name, problem), problem, 200, initial=8, batch=5)
    assert {trial.proposal.key for trial in archive.trials} == cheap


@pytest.mark.parametrize("name", SEARCHERS)
def test_failures_do_not_come_back_when_the_space_runs_out(name: str) -> None:
    problem = problem_of(space=TINY)
    total = len(functions(TINY, (" channels=4", " channels=8")))
    archive = campaign(made(name, problem), problem, 200, initial=4, batch=2, fails=lambda number: True)
    assert len(archive) == len(archive.failed) == total


def test_more_is_asked_for_than_is_left() -> None:
    problem = problem_of(space=TINY)
    total = len(functions(TINY, (" channels=4", " channels=8")))
    for name in SEARCHERS:
        archive = archive_of(problem, trained=total - 1)
        proposals = made(name, problem, population=2, sample_size=2).propose(archive, 5, np.random.default_rng(0))
        assert len(proposals) == 1
