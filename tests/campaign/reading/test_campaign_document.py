"""Reading campaign files that are right."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from evonas.campaign.reading.document import Document, read, shipped_campaigns
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.importable import importable

TEXT = """\
# a comment

name: tiny
space:
  name: cell201
  skeleton: compact
  channels:
    - 4
    - 8
objectives:
  - validation_error
  - name: macs
constraints: {macs: "<= 2e6"}
budget: 4
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    (tmp_path / "campaign.yaml").write_text(TEXT)
    return read(tmp_path / "campaign.yaml")


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("name", 3),
        ("space", 4),
        ("space.channels", 7),
        ("space.channels[1]", 9),
        (("space", "channels", 1), 9),
        ("objectives[1].name", 12),
        ("objectives[1].goal", 12),
        ("constraints.macs", 13),
        ("budget", 14),
        ("trainer.epochs", 3),
        ((), 3),
    ],
)
def test_lines(document: Document, place: str, line: int) -> None:
    assert document.line(place) == line


def test_content(document: Document) -> None:
    specification = document.specification
    assert specification.space.arguments == {"skeleton": "compact", "channels": [4, 8]}
    assert [objective.name for objective in specification.objectives] == ["validation_error", "macs"]
    assert str(specification.constraints[0]) == "macs <= 2e+06"
    assert specification.results == "results/tiny"


def test_with_an_own_evaluator_the_space_has_its_own_shape(tmp_path: Path) -> None:
    evaluator = (
        "from evonas.core.evaluation import Evaluator\nclass Table(Evaluator):\n    def evaluate(self, a, s): ...\n"
    )
    (tmp_path / "own_evaluator_table.py").write_text(evaluator)
    text = "name: t\nspace: {name: cell201, classes: 100}\nevaluator: own_evaluator_table.Table\nbudget: 4\n"
    (tmp_path / "campaign.yaml").write_text(text)
    evaluator_component = read(tmp_path / "campaign.yaml").specification.evaluator
    assert evaluator_component is not None
    assert evaluator_component.name == "own_evaluator_table.Table"


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "campaign.yaml").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert read(tmp_path / "campaign.yaml").specification.name == "tiny"


def test_aliases_are_read(tmp_path: Path) -> None:
    text = "name: tiny\nspace: {name: cell201, channels: &widths [4, 8], ops: [none, nor_conv_1x1]}\nbudget: 4\n"
    (tmp_path / "campaign.yaml").write_text(text + "results: &r x\n")
    assert read(tmp_path / "campaign.yaml").specification.results == "x"


def test_an_error_raised_later_finds_its_line(document: Document) -> None:
    error = document.error("space", ValueError("channels must be positive"))
    assert str(error) == f"{document.path}:7 space.channels: channels must be positive"
    error = document.error("objectives[1]", TypeError("no"))
    assert str(error) == f"{document.path}:12 objectives[1]: TypeError: no"


def test_errors_survive_a_process_boundary() -> None:
    error = CampaignError([Fault(("a", 1), "two", 2), Fault(("b",), "one", 1)], "c.yaml")
    assert str(error) == "c.yaml:1 b: one\nc.yaml:2 a[1]: two"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_shipped_campaigns_are_read_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "digits" in shipped_campaigns()
    assert read("digits").path == read("digits.yaml").path
    for name in shipped_campaigns():
        assert read(name).specification.name


def test_the_demo_is_what_the_readme_says() -> None:
    resolved = read("digits").specification.resolved()
    assert resolved["space"] == {"name": "cell201", "skeleton": "compact", "channels": [4, 8, 16]}
    assert [objective["name"] for objective in resolved["objectives"]] == ["validation_error", "macs", "parameters"]
    assert (resolved["budget"], resolved["executor"]["workers"], resolved["retrain_front"]) == (64, 2, {"seeds": 3})


def test_a_file_comes_before_a_shipped_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").write_text(TEXT)
    assert read("digits").specification.name == "tiny"


def test_own_modules_beside_the_file_and_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside, current = tmp_path / "beside", tmp_path / "current"
    beside.mkdir()
    current.mkdir()
    (beside / "own_beside_the_file.py").write_text("def size(cost): return cost.macs\n")
    (current / "own_in_the_current_folder.py").write_text("def width(cost): return cost.parameters\n")
    text = TEXT.replace("name: macs", "name: own_beside_the_file.size\n  - own_in_the_current_folder.width")
    (beside / "campaign.yaml").write_text(text.replace("macs:", "width:"))
    monkeypatch.chdir(current)
    before = list(sys.path)
    document = read(beside / "campaign.yaml")
    assert len(document.specification.objectives) == 3
    assert sys.path == before


def test_own_modules_never_hide_installed_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "this.py").write_text("raise RuntimeError")
    with importable(tmp_path):
        assert sys.path[-1] == str(tmp_path)


def test_importing_the_reader_is_cheap() -> None:
    code = (
        "import evonas.campaign.reading.document, evonas.campaign.reading.rooms, sys, json;"
        "print(json.dumps([m for m in ('torch', 'xgboost', 'plotly', 'sklearn', 'sqlalchemy') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
