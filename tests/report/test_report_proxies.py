from __future__ import annotations

from dataclasses import replace

import numpy as np

from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation
from evonas.report.page import write_report
from evonas.report.proxies import proxy_section


def scored(campaign, count: int):
    """A campaign whose proxy ``good`` helps, ``bad`` misleads and ``idle`` does neither."""
    made = campaign()
    archive = Archive(made.archive.objectives)
    rng = np.random.default_rng(0)
    for number in range(count):
        error = float(rng.random())
        made.add({"validation_error": error, "macs": 1.0})
        scores = {"good": -error + rng.normal(0, 0.1), "bad": error + rng.normal(0, 0.1), "idle": float(rng.random())}
        archive.propose(replace(made.archive.trials[number].proposal, proxies=scores))
        archive.record(number, Evaluation({"validation_error": error}, 1.0))
    made.archive = archive
    return made


def test_the_report_says_which_proxies_helped(campaign, tmp_path):
    made = scored(campaign, 40)
    (part,) = proxy_section(made.archive)["parts"]
    assert part["objective"] == "validation_error"
    assert part["sentence"] == "good helped to rank; bad put the better lower; idle cannot be told from chance."
    assert [row[0] for row in part["rows"]] == ["good", "idle", "bad"]
    assert [row[-1].split(":")[0] for row in part["rows"]] == ["helped", "undecided", "misled"]
    assert part["rows"][0][1] == part["rows"][0][4] == "40"
    page = write_report(made.record(), tmp_path / "report.html").read_text()
    assert "Which proxies helped" in page
    assert "misled: puts the better lower" in page


def test_few_candidates_judge_no_proxy(campaign, tmp_path):
    made = scored(campaign, 7)
    (part,) = proxy_section(made.archive)["parts"]
    assert part["sentence"] == "Fewer than 8 candidates drawn at random were trained and scored: too few to judge."
    assert {row[-1] for row in part["rows"]} == {"too few to judge: 7 drawn at random"}


def test_without_proxies_there_is_no_such_section(campaign, tmp_path):
    made = campaign()
    assert proxy_section(made.archive) is None
    assert "Which proxies helped" not in write_report(made.record(), tmp_path / "report.html").read_text()
