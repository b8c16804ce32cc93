"""What a campaign does with proxies' scores, and where it computes them."""

from __future__ import annotations

import pytest
import torch
from quick import Recorder, quick_plan

from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.session import execute
from spaces.discovery import discover
from surrogates import COMBINATIONS

SEARCHER = {"name": "screened_nsga2", "offspring": 8, "shortlist": 4, "proxied": 4}


@pytest.mark.parametrize("combination", sorted(discover(COMBINATIONS)))
def test_a_campaign_without_a_predictor_may_name_any_combination(combination: str) -> None:
    searcher = {**SEARCHER, "combination": combination}
    plan = quick_plan(searcher=searcher, predictor=None, proxies=("parameters", "l2_norm"), initial=8, budget=10)
    record, finished = execute(plan, None, Recorder())
    assert finished
    trials = record.archive.trials
    assert any(trial.proposal.origin == "screened" for trial in trials)
    assert all(set(trial.proposal.proxies) == {"parameters", "l2_norm"} for trial in trials)


def test_a_campaign_may_score_several_draws_of_weights() -> None:
    searcher = {**SEARCHER, "combination": "stochastic_ordering", "draws": 3}
    plan = quick_plan(searcher=searcher, predictor=None, proxies=("l2_norm",), initial=8, budget=10)
    record, _ = execute(plan, None, Recorder())
    for trial in record.archive.trials:
        assert set(trial.proposal.proxies) == {"l2_norm", "l2_norm (2)", "l2_norm (3)"}
        assert len(set(trial.proposal.proxies.values())) == 3


def test_an_unknown_combination_is_a_fault_of_the_searcher() -> None:
    with pytest.raises(CampaignError, match=r"searcher: expected a combination: one of .* Got 'forest'"):
        quick_plan(searcher={**SEARCHER, "combination": "forest"})


@pytest.mark.parametrize(("device", "expected"), [("auto", "cuda:0"), ("cuda:0", "cuda:0"), ("cpu", "cpu")])
def test_networks_are_scored_where_the_campaign_trains(
    device: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert quick_plan(trainer={"name": "classifier", "device": device}).proxies.device == expected


def test_without_a_gpu_networks_are_scored_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert quick_plan().proxies.device == "cpu"
