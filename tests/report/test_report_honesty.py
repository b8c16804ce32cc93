from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from evonas.core.failure import Failure
from evonas.report.honesty import Quality, chance_tau, interpretation, prediction_pairs, predictor_honesty


def brute_tau(predicted, measured):
    signs = [np.sign((a - b) * (c - d)) for (a, c), (b, d) in combinations(zip(predicted, measured, strict=True), 2)]
    return sum(signs) / len(signs)


def test_only_trials_predicted_before_a_successful_training_count(campaign):
    made = campaign()
    made.add({"validation_error": 0.3, "macs": 1.0})
    made.add({"validation_error": 0.2, "macs": 1.0}, 1, "screened", {"validation_error": (0.25, 0.1)})
    made.add(None, 1, "screened", {"validation_error": (0.1, 0.1)})
    made.add(None, 1, "screened", {"validation_error": (0.1, 0.1)}, Failure("crash", "died"))
    made.add({"validation_error": 0.5, "macs": 1.0}, 2, "random", {"validation_error": (0.4, 0.1)})
    made.add({"validation_error": 0.5, "macs": 1.0}, 2, "screened", {"validation_error": (float("nan"), 0.1)})
    pairs = prediction_pairs(made.archive, "validation_error")
    assert pairs.numbers.tolist() == [1, 4]
    assert pairs.rounds.tolist() == [1, 2]
    assert pairs.random.tolist() == [False, True]
    assert pairs.measured.tolist() == [0.2, 0.5]


def test_figures_by_round_and_pooled_equal_brute_force(campaign):
    rng = np.random.default_rng(3)
    made = campaign()
    predicted, measured, rounds = [], [], []
    for number in range(40):
        error = float(rng.random())
        guess = error + float(rng.normal(0, 0.3))
        made.add({"validation_error": error, "macs": 1.0}, number // 10, "screened", {"validation_error": (guess, 0.2)})
        predicted.append(guess)
        measured.append(error)
        rounds.append(number // 10)
    (honesty,) = predictor_honesty(made.archive)
    assert [quality.scope for quality in honesty.rounds] == ["round 0", "round 1", "round 2", "round 3"]
    assert honesty.pooled.n == 40
    assert honesty.pooled.tau == pytest.approx(brute_tau(predicted, measured))
    for number, quality in enumerate(honesty.rounds):
        part = [index for index in range(40) if rounds[index] == number]
        assert quality.tau == pytest.approx(brute_tau([predicted[i] for i in part], [measured[i] for i in part]))
        assert quality.n == 10
        thought = set(sorted(part, key=lambda i: predicted[i])[:3])
        best = set(sorted(part, key=lambda i: measured[i])[:3])
        assert quality.precision == pytest.approx(len(thought & best) / 3)
        assert quality.chance == pytest.approx(0.3)
    inside = [abs(p - m) <= 1.2816 * 0.2 for p, m in zip(predicted, measured, strict=True)]
    assert honesty.pooled.coverage == pytest.approx(np.mean(inside))


def test_an_objective_to_maximise_is_compared_as_it_is_minimised(campaign, objective):
    made = campaign(objective("accuracy", "training", "max"), objective("macs"))
    for accuracy in (0.1, 0.5, 0.9, 0.7):
        made.add({"accuracy": accuracy, "macs": 1.0}, 0, "random", {"accuracy": (-accuracy, 0.01)})
    (honesty,) = predictor_honesty(made.archive)
    assert honesty.pooled.tau == 1.0
    assert honesty.pooled.coverage == 1.0
    assert honesty.pooled.precision == 1.0
    assert honesty.random_share.n == 4


def test_undefined_figures_are_none(campaign):
    made = campaign()
    made.add({"validation_error": 0.3, "macs": 1.0}, 0, "random", {"validation_error": (0.2, 0.1)})
    (honesty,) = predictor_honesty(made.archive)
    assert honesty.pooled == Quality("all rounds", 1, None, None, None, 1.0)
    (nothing,) = predictor_honesty(campaign().archive)
    assert nothing.pooled == Quality("all rounds", 0, None, None, None, None)
    assert nothing.rounds == ()


def test_only_objectives_that_need_training_are_judged(campaign, objective):
    made = campaign(
        objective("macs"), objective("a", "training"), objective("latency", "model"), objective("b", "training")
    )
    assert [honesty.pairs.objective for honesty in predictor_honesty(made.archive)] == ["a", "b"]


def test_chance_is_exceeded_by_one_random_order_in_twenty():
    rng = np.random.default_rng(0)
    taus = [brute_tau(range(12), rng.permutation(12)) for _ in range(2000)]
    assert np.mean(np.array(taus) > chance_tau(12)) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("tau", "n", "words"),
    [
        (0.05, 40, "ranked no better than chance in this campaign"),
        (-0.05, 40, "ranked no better than chance in this campaign"),
        (-0.5, 40, "ranked worse than chance in this campaign"),
        (0.25, 80, "better than chance, but weakly"),
        (0.5, 40, "fairly well"),
        (0.8, 40, "ranked unseen candidates well"),
        (None, 40, "its ranking is not defined"),
    ],
)
def test_the_sentence_tells_the_truth_about_the_ranking(tau, n, words):
    quality = Quality("all rounds", n, tau, 0.25, 0.25, 0.8)
    assert words in interpretation(quality, quality)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [(0.5, "too narrow: 50 %"), (0.99, "too wide: 99 %"), (0.82, "held what they promise: 82 %")],
)
def test_the_sentence_tells_the_truth_about_the_intervals(coverage, words):
    quality = Quality("all rounds", 60, 0.5, 0.5, 0.25, coverage)
    assert words in interpretation(quality, quality)


def test_too_few_are_not_judged():
    nothing = Quality("all rounds", 0, None, None, None, None)
    few = Quality("all rounds", 5, 1.0, 1.0, 0.25, 1.0)
    assert "nothing to judge" in interpretation(nothing, nothing)
    assert "Only 5 trained candidates" in interpretation(few, few)
    assert "too few to judge" in interpretation(few, few)


def test_the_random_share_is_told_apart():
    pooled = Quality("all rounds", 40, 0.3, 0.5, 0.25, 0.8)
    share = Quality("random share", 10, 0.62, 0.5, 0.3, 0.8)
    assert "On the 10 candidates drawn at random, which its own choice did not narrow, tau was 0.62." in interpretation(
        pooled, share
    )
