"""A campaign's files are part of it: what they hold may not change under it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quick import Scripted, quick_plan

from evonas.campaign.planning.plan import Plan
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.contents import changes, digests
from evonas.campaign.running.merge import merge
from evonas.campaign.running.session import ChangedCampaign, execute
from evonas.core.evaluation import Evaluation
from evonas.core.observer import Silent
from evonas.journal.journal import Journal
from evonas.journal.results_folder import JOURNAL

OPS = ("none", "skip_connect", "nor_conv_3x3")


def table(path: Path, better: float = 0.0) -> Path:
    rows = [
        f"|{a}~0|+|{b}~0|{c}~1|+|none~0|none~1|{c}~2|,{10 * a.count('conv') + better}"
        for a in OPS
        for b in OPS
        for c in OPS
    ]
    path.write_text("arch,accuracy\n" + "\n".join(rows) + "\n")
    return path


def plan_on(path: Path, budget: int = 5, seed: int = 0) -> Plan:
    column = {"name": "column", "column": "accuracy", "goal": "max"}
    return quick_plan(
        {"name": "table", "path": str(path)},  # type: ignore[arg-type]
        space={"name": "cell201", "ops": list(OPS)},
        objectives=[column],
        searcher="random",
        predictor=None,
        proxies=(),
        budget=budget,
        seed=seed,
        retrain_seeds=0,
    )


def test_a_table_that_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    results, file = tmp_path / "results", table(tmp_path / "table.csv")
    execute(plan_on(file), results, Silent())
    table(file, better=1.0)
    with pytest.raises(ChangedCampaign, match=r"what evaluator\.path holds: sha256 \w{8} -> sha256 \w{8}\n"):
        execute(plan_on(file, budget=9), results, Silent())
    table(file)
    record, _ = execute(plan_on(file, budget=9), results, Silent())
    assert len(record.archive.trained) == 9


def test_what_began_before_contents_were_written_down_goes_on(tmp_path: Path) -> None:
    results, file = tmp_path / "results", table(tmp_path / "table.csv")
    plan = plan_on(file)
    with Journal.create(results / JOURNAL, {"campaign": dict(plan.resolved), "objectives": [], "versions": {}}):
        pass
    assert execute(plan, results, Silent())[1]


def test_results_on_different_contents_are_not_joined(tmp_path: Path) -> None:
    file = table(tmp_path / "table.csv")
    execute(plan_on(file), tmp_path / "a", Silent())
    execute(plan_on(file, seed=1), tmp_path / "same", Silent())
    table(file, better=1.0)
    execute(plan_on(file, seed=1), tmp_path / "other", Silent())
    merge(tmp_path / "a", tmp_path / "same", tmp_path / "joined")
    with pytest.raises(CampaignError, match=r"what evaluator\.path holds"):
        merge(tmp_path / "a", tmp_path / "other", tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_a_dataset_given_as_an_object_has_contents_too(tmp_path: Path) -> None:
    def save(scale: float) -> None:
        rng = np.random.default_rng(0)
        inputs = (rng.random((60, 1, 8, 8)) * scale).astype(np.float32)
        np.savez(tmp_path / "data.npz", inputs=inputs, targets=np.arange(60) % 10)

    def run(budget: int) -> None:
        from evonas.datasets.arrays import Arrays

        constant = Scripted(lambda architecture, seed: Evaluation({"validation_error": 0.1}, 0.0))
        dataset = Arrays(str(tmp_path / "data.npz"))
        execute(quick_plan(constant, dataset=dataset, searcher="random", proxies=(), budget=budget), tmp_path, Silent())

    save(1.0)
    run(4)
    run(5)
    save(2.0)
    with pytest.raises(ChangedCampaign, match=r"what dataset\.files\.path holds"):
        run(6)


def test_a_component_of_ones_own_may_write_into_its_folder_while_what_it_reads_from_a_file_is_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "data.csv").write_text("1")
    own = {"name": "my.module.Cached", "path": str(tmp_path / "cache"), "inputs": str(tmp_path / "data.csv")}
    before = digests({"evaluator": own})
    (tmp_path / "cache" / "1").write_text("computed")
    assert changes(before, digests({"evaluator": own})) == []
    (tmp_path / "data.csv").write_text("2")
    assert len(changes(before, digests({"evaluator": own}))) == 1


def test_a_folder_is_what_its_files_are_called_and_hold(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "cats").mkdir(parents=True)
    (folder / "cats" / "1.png").write_bytes(b"one")
    campaign = {"dataset": {"name": "image_folder", "path": str(folder)}, "executor": {"name": "serial"}}
    before = digests(campaign)
    assert list(before) == ["dataset.path"]
    assert changes(before, digests(campaign)) == []
    (folder / "cats" / "1.png").write_bytes(b"two")
    assert len(changes(before, digests(campaign))) == 1
    (folder / "cats" / "1.png").write_bytes(b"one")
    assert changes(before, digests(campaign)) == []
    (folder / "cats" / "1.png").rename(folder / "cats" / "2.png")
    assert len(changes(before, digests(campaign))) == 1
    (folder / "cats" / "2.png").rename(folder / "cats" / "1.png")
    (folder / ".sync").mkdir()
    for hidden in (".DS_Store", ".sync/state"):
        (folder / hidden).write_bytes(b"as the folder was looked at")
    assert changes(before, digests(campaign)) == []
    (folder / "dogs.txt").write_bytes(b"")
    assert len(changes(before, digests(campaign))) == 1


def test_beyond_the_most_that_is_read_sizes_count_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evonas.campaign.running.contents.MOST_BYTES", 4)
    campaign = {"dataset": {"name": "text", "path": str(tmp_path / "long.txt")}}
    (tmp_path / "long.txt").write_bytes(b"123456")
    before = digests(campaign)
    (tmp_path / "long.txt").write_bytes(b"123498")
    assert digests(campaign) == before
    (tmp_path / "long.txt").write_bytes(b"1234567")
    assert digests(campaign) != before
    (tmp_path / "long.txt").write_bytes(b"023456")
    assert digests(campaign) != before


def test_what_is_gone_is_a_change_and_a_text_of_another_name_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    campaign = {"dataset": {"path": str(tmp_path / "a.txt")}, "predictor": {"cache": str(tmp_path / "a.txt")}}
    before = digests(campaign)
    assert list(before) == ["dataset.path"]
    (tmp_path / "a.txt").unlink()
    assert changes(before, digests(campaign)) == [
        f"what dataset.path holds: {before['dataset.path'][:15]} -> nothing is there"
    ]
