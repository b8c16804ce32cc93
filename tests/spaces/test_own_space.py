"""The page on a space of one's own shows a class that keeps every law, and a campaign that runs."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import space_laws

import spaces
from spaces import Space

PAGE = (Path(__file__).parents[2] / "docs" / "own_space.md").read_text()
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def own_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    (tmp_path / "mine.py").write_text(BLOCKS["python"])
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield spaces.load("mine.PlainConvNet", widths=[4, 8])
    sys.modules.pop("mine", None)


def test_the_example_stays_short() -> None:
    assert len(BLOCKS["python"].splitlines()) <= 40


@pytest.mark.parametrize("law", [*space_laws.CHEAP, *space_laws.BUILDING], ids=lambda law: law.__name__)
def test_the_example_keeps_the_law(law: Any, own_space: Space) -> None:
    for seed in range(8):
        law(own_space, seed)


def test_the_example_is_what_the_page_says(own_space: Space) -> None:
    assert own_space.size == 2 * sum(6**depth for depth in (1, 2, 3, 4))
    architecture = spaces.load("mine.PlainConvNet").parse("pooling=average; convolution: 3/16 5/32")
    assert [node.op for node in architecture.nodes] == ["input", "convolution", "convolution", "output"]


@pytest.mark.slow
def test_the_campaign_of_the_example_runs(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BLOCKS["python"])
    (tmp_path / "campaign.yaml").write_text(BLOCKS["yaml"])
    done = subprocess.run(
        [sys.executable, "-m", "evonas", "run", "campaign.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "mine" / "report.html").exists()
