"""What is said of proxies against brute force, and how often chance is mistaken for more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import core_stories as stories
import numpy as np
import pytest

from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.proxy_track import ProxyTrack, proxy_tracks, tau_interval


def archive_of(
    errors: Sequence[float | None],
    proxies: Sequence[Mapping[str, float]],
    origins: Sequence[Any] | None = None,
    goal: str = "min",
) -> Archive:
    archive = Archive([stories.Named("error", goal), stories.Named("macs", needs="architecture")])
    for number, (error, scores) in enumerate(zip(errors, proxies, strict=True)):
        origin = origins[number] if origins else "random"
        archive.propose(replace(stories.proposal(number, {"macs": 1.0}), proxies=scores, origin=origin))
        failed = Evaluation({}, 1.0, Failure("crash", "died"))
        archive.record(number, failed if error is None else Evaluation({"error": error}, 1.0))
    return archive


def brute_tau(scores: Sequence[float], errors: Sequence[float]) -> float:
    pairs = list(combinations(zip(scores, errors, strict=True), 2))
    return float(sum(-np.sign((a - b) * (x - y)) for (a, x), (b, y) in pairs) / len(pairs))


def test_tau_is_positive_where_a_proxy_puts_the_better_higher_and_counts_what_it_scored() -> None:
    rng = np.random.default_rng(0)
    errors = rng.random(30)
    rows = [{"good": -error + rng.normal(0, 0.2), "bad": error + rng.normal(0, 0.1)} for error in errors]
    for number in (3, 8):
        del rows[number]["good"]
    origins = ["screened" if number % 3 == 0 else "random" for number in range(30)]
    told = [None if number == 5 else float(error) for number, error in enumerate(errors)]
    bad, good = proxy_tracks(archive_of(told, rows, origins))
    scored = [number for number in range(30) if number not in (3, 5, 8)]
    drawn = [number for number in scored if number % 3]
    assert (good.proxy, good.objective, good.n, good.random_n) == ("good", "error", len(scored), len(drawn))
    assert good.tau == pytest.approx(brute_tau([rows[i]["good"] for i in scored], errors[scored]))
    assert good.random_tau == pytest.approx(brute_tau([rows[i]["good"] for i in drawn], errors[drawn]))
    assert not good.is_turned
    assert bad.is_turned
    assert bad.n == 29


def test_an_objective_to_maximise_is_ranked_the_other_way() -> None:
    rows = [{"nwot": float(number)} for number in range(10)]
    accuracy = [float(number) for number in range(10)]
    (rising,) = proxy_tracks(archive_of(accuracy, rows, goal="max"))
    (falling,) = proxy_tracks(archive_of(accuracy, rows))
    assert (rising.tau, falling.tau) == (pytest.approx(1.0), pytest.approx(-1.0))
    assert (rising.is_turned, falling.is_turned) == (False, True)


def test_too_few_or_constant_scores_are_judged_by_nothing() -> None:
    falling = [float(number) for number in range(7)]
    (few,) = proxy_tracks(archive_of(falling, [{"nwot": error} for error in falling]))
    assert (few.random_n, few.random_tau, few.interval, few.is_turned) == (7, pytest.approx(-1.0), None, False)
    (flat,) = proxy_tracks(archive_of([0.1 * number for number in range(9)], [{"nwot": 2.0}] * 9))
    assert flat == ProxyTrack("nwot", "error", 9, None, 9, None, None)
    assert proxy_tracks(archive_of([1.0], [{}])) == ()


def test_what_screening_chose_turns_no_proxy() -> None:
    errors = [float(number) for number in range(40)]
    origins = ["random"] * 7 + ["screened"] * 33
    (track,) = proxy_tracks(archive_of(errors, [{"nwot": error} for error in errors], origins))
    assert track.tau == pytest.approx(-1.0)
    assert not track.is_turned


@pytest.mark.parametrize("relation", [0.0, -0.5])
def test_the_interval_holds_what_it_promises(relation: float) -> None:
    """The true tau of a bivariate normal is 2/π·arcsin of its correlation."""
    rng = np.random.default_rng(0)
    true = 2 / np.pi * np.arcsin(relation)
    inside = 0
    for _ in range(400):
        x, noise = rng.normal(size=(2, 20))
        y = relation * x + np.sqrt(1 - relation**2) * noise
        low, high = tau_interval(-brute_tau(x.tolist(), y.tolist()), 20, 0.9)
        inside += low <= true <= high
    assert 0.85 < inside / 400 < 0.95


def test_with_more_proxies_each_needs_more_to_be_turned() -> None:
    rng = np.random.default_rng(4)
    errors = rng.random(20)
    rows = [{"bad": error + rng.normal(0, 0.45)} for error in errors]
    (alone,) = proxy_tracks(archive_of(errors.tolist(), rows))
    crowd = [{**row, **{f"noise{index}": rng.random() for index in range(30)}} for row in rows]
    among = next(track for track in proxy_tracks(archive_of(errors.tolist(), crowd)) if track.proxy == "bad")
    assert alone.interval is not None
    assert among.interval is not None
    assert among.interval[0] < alone.interval[0] < alone.interval[1] < among.interval[1]
