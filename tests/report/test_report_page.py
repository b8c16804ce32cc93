from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser

import numpy as np
import pytest
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.report.contents import contents
from evonas.report.page import render
from evonas.report.trial_cards import MOST_DRAWINGS

SECTIONS = ["front", "hypervolume", "predictor", "funnel", "time", "failures", "retrained", "manifest"]
NASTY = '</script><script>alert("1")</script> & <b>%{y}\'"'


class Outline(HTMLParser):
    """What a browser makes of the page: identifiers, attributes that load something, and texts by element."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.identifiers: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append(tag)
        self.identifiers += [known["id"]] if "id" in known else []
        self.loads += [known[name] for name in ("src", "href", "srcset", "data", "poster") if known.get(name)]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)


def outline(page: str) -> Outline:
    parsed = Outline()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    return parsed


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


def assert_sound(record) -> str:
    """The page has every section, loads nothing, and holds charts that plotly accepts."""
    page = render(record)
    parsed = outline(page)
    assert [name for name in parsed.identifiers if name in SECTIONS] == SECTIONS
    assert all(link.startswith("#") for link in parsed.loads)
    own = page.replace(get_plotlyjs(), "")
    assert "cdn" not in own
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", own)
    assert "@import" not in own
    assert "url(" not in own
    data = data_of(page)
    for chart in data["charts"].values():
        Figure(chart)
    for key in re.findall(r'data-chart="([^"]+)"', own):
        assert key in data["charts"]
    return page


def fill(made, n, rng=None, predicted=True, rounds=8):
    rng = rng or np.random.default_rng(0)
    for number in range(n):
        values = {name: float(rng.uniform(1, 100)) for name in made.archive.names}
        first = next(one.name for one in made.archive.objectives)
        guess = {first: (float(rng.uniform(1, 100)), 20.0)} if predicted and number >= rounds else {}
        made.add(values, number // rounds, "random" if number % rounds < 2 else "screened", guess)
    return made


def test_a_realistic_report_shows_everything(searched):
    page = assert_sound(searched.record())
    data = data_of(page)
    assert set(data["charts"]) == {
        "front", "hypervolume", "hypervolume-seconds", "predicted-0", "quality-0", "funnel", "times",
    }  # fmt: skip
    assert len(data["trials"]) == 60
    best = min(searched.archive.trained, key=lambda trial: trial.values["validation_error"])
    assert data["selected"] == best.number
    card = next(card for card in data["trials"] if card["number"] == best.number)
    assert card["drawing"].startswith("<svg")
    assert "predicted before training" in [label for label, _ in card["fields"]]
    assert "The predictor ranked unseen candidates well" in page
    assert "The random share is 21 candidates." in page
    assert "the loss became nan in epoch 3" in page
    assert "proxy synflow could not be computed for 2 candidates" in page
    assert "evonas run digits.yaml" in page
    assert "±" in page
    for trial in searched.archive.front():
        assert f'<tr data-trial="{trial.number}">' in page


def test_plotly_is_inlined_once(searched):
    assert render(searched.record()).count(get_plotlyjs()) == 1


def test_equal_records_give_equal_pages(searched):
    assert render(searched.record()) == render(searched.record())


def test_what_comes_from_the_campaign_is_escaped(campaign, objective):
    made = campaign(objective(NASTY, "training", "max", NASTY), objective("<i>cost", unit="&"), name=NASTY)
    for number in range(12):
        predicted = {NASTY: (-float(number), 1.0)} if number > 3 else {}
        made.add({NASTY: float(number), "<i>cost": 1.0 + number}, number // 4, "random", predicted, notation=NASTY)
    made.add(failure=Failure("invalid", NASTY), round_number=3, notes=(NASTY,), counts={NASTY: 3})
    made.stages = {NASTY: 1.0}
    made.manifest = {"campaign": {NASTY: NASTY}, "versions": {NASTY: NASTY}, "machine": NASTY, "created": NASTY}
    made.retrainings = {0: [Evaluation({"test_error": 0.1, NASTY: 3.0}, 1.0)]}
    page = assert_sound(made.record())
    plain = outline(render(campaign().record()))
    parsed = outline(page)
    assert parsed.tags.count("script") == plain.tags.count("script")
    assert "b" not in parsed.tags
    assert "i" not in parsed.tags
    assert parsed.texts["h1"] == [NASTY]
    assert NASTY in parsed.texts["td"]
    data = data_of(page)
    assert data["trials"][0]["notation"] == NASTY
    for chart in data["charts"].values():
        assert "<script" not in json.dumps(chart)
        assert "<i>" not in json.dumps(chart)


@pytest.mark.parametrize("count", [0, 1])
def test_a_campaign_that_has_hardly_begun(campaign, count):
    made = campaign()
    for _ in range(count):
        made.add({"validation_error": 0.5, "macs": 10.0})
    page = assert_sound(made.record())
    assert f"{count} candidate" in page
    assert "Not known yet" in page
    assert "No trial failed." in page
    assert "The front was not trained again" in page


def test_a_campaign_of_which_everything_failed(campaign):
    made = campaign()
    for _ in range(5):
        made.add(failure=Failure("crash", "the worker died"))
    page = assert_sound(made.record())
    assert "Nothing has been trained successfully" in page
    assert "5 failed" in page
    assert "the worker died" in page
    assert data_of(page)["trials"] == []


def test_a_campaign_under_way(campaign):
    made = fill(campaign(), 20)
    made.add(None, 3)
    page = assert_sound(made.record())
    assert "1 still pending" in page


def test_a_campaign_without_predictions(campaign):
    page = assert_sound(fill(campaign(), 20, predicted=False).record())
    assert "No candidate had a prediction before its training" in page


def test_a_campaign_of_constant_values_and_useless_predictions(campaign):
    made = campaign()
    for number in range(20):
        made.add({"validation_error": 0.5, "macs": 10.0}, number // 4, "random", {"validation_error": (0.5, 0.1)})
    assert "its ranking is not defined" in assert_sound(made.record())


@pytest.mark.parametrize("goal", ["min", "max"])
def test_a_single_objective_stands_over_the_trial_number(campaign, objective, goal):
    made = fill(campaign(objective("score", "training", goal)), 20)
    page = assert_sound(made.record())
    assert "<select" not in page.replace(get_plotlyjs(), "")
    assert data_of(page)["charts"]["front"]["layout"]["xaxis"]["title"]["text"] == "trial number"
    choose = min if goal == "min" else max
    assert data_of(page)["selected"] == choose(made.archive.trained, key=lambda trial: trial.values["score"]).number


def test_without_an_objective_that_needs_training_nothing_is_predicted(campaign, objective):
    page = assert_sound(fill(campaign(objective("macs"), objective("size")), 20, predicted=False).record())
    assert "No objective needs training" in page


@pytest.mark.parametrize(("count", "parallel"), [(3, False), (4, True), (7, True)])
def test_many_objectives(campaign, objective, count, parallel):
    objectives = [
        objective(f"objective_{index}", "training" if index < 2 else "architecture") for index in range(count)
    ]
    page = assert_sound(fill(campaign(*objectives), 80).record())
    charts = data_of(page)["charts"]
    assert ("parallel" in charts) == parallel
    assert ("hypervolume" in charts) == (count <= 5)
    assert ("takes exponential time" in page) == (count > 5)
    assert "predicted-1" not in charts
    if parallel:
        assert len(charts["parallel"]["data"]) <= 60


def test_an_objective_to_maximise_is_shown_in_its_own_unit_and_direction(campaign, objective):
    made = campaign(objective("accuracy", "training", "max", "%"), objective("macs"))
    for number in range(16):
        guess = {"accuracy": (-50.0 - number, 1.0)} if number > 3 else {}
        made.add({"accuracy": 52.25 + number, "macs": 10.0 + number}, number // 4, "random", guess)
    page = assert_sound(made.record())
    charts = data_of(page)["charts"]
    assert charts["front"]["layout"]["yaxis"]["title"]["text"] == "accuracy [%], higher is better"
    assert max(y for trace in charts["front"]["data"] for y in trace["y"]) == 67.25
    assert charts["predicted-0"]["data"][1]["x"][0] == 54.0
    assert charts["predicted-0"]["data"][1]["y"][0] == 56.25
    assert "67.25 %" in page
    fields = dict(data_of(page)["trials"][15]["fields"])
    assert fields["predicted before training"] == "65 % (63.72 to 66.28)"


def test_only_two_objectives_have_an_outline(campaign, objective, searched):
    both = fill(campaign(objective("error", "training"), objective("throughput", "architecture", "max")), 30)
    chart = data_of(render(both.record()))["charts"]["front"]
    assert len(chart["data"][-2]["x"]) == len(both.archive.front())
    assert chart["data"][-2]["line"]["shape"] == "vh"
    assert data_of(render(searched.record()))["charts"]["front"]["data"][-2]["x"] == []


def test_costs_over_a_decade_have_a_logarithmic_axis(campaign, objective):
    made = campaign(objective("error", "training"), objective("wide"), objective("narrow"), objective("signed"))
    for number in range(10):
        made.add({"error": 1.0 + number, "wide": 2.0**number, "narrow": 5.0 + number, "signed": number - 3.0})
    assert [axis["type"] for axis in data_of(render(made.record()))["axes"]] == ["linear", "log", "linear", "linear"]


def test_retraining_that_failed_is_told(campaign):
    made = fill(campaign(), 10)
    number = made.archive.front()[0].number
    made.retrainings = {number: [Evaluation({}, 1.0, Failure("crash", "died"))] * 3}
    assert "0 (3 failed)" in assert_sound(made.record())


def test_thousands_of_trials_stay_quick_and_small(campaign, objective):
    made = fill(campaign(objective("error", "training"), objective("macs"), objective("size")), 3000)
    started = time.monotonic()
    page = assert_sound(made.record())
    assert time.monotonic() - started < 15
    assert len(page) - len(get_plotlyjs()) < 6e6
    drawings = [card["drawing"] is not None for card in data_of(page)["trials"]]
    assert sum(drawings) == MOST_DRAWINGS
    assert all(drawings[trial.number] for trial in made.archive.front())


def test_the_campaign_stands_as_yaml_that_reads_back(searched):
    from ruamel.yaml import YAML

    sections, _ = contents(searched.record())
    assert YAML(typ="safe").load(sections["manifest"]["campaign"]) == searched.manifest["campaign"]
    assert ("seed", "7") in sections["manifest"]["facts"]
    assert ("machine.cores", "2") in sections["manifest"]["facts"]


def test_a_manifest_with_gaps_or_odd_values_is_shown_all_the_same(campaign):
    made = campaign()
    made.manifest = {}
    assert_sound(made.record())
    made.manifest = {"campaign": {"objectives": [print]}, "machine": "a laptop", "versions": None}
    assert "built-in function print" in assert_sound(made.record())
    made.manifest = {"campaign": "name: text\n"}
    assert "name: text" in assert_sound(made.record())
