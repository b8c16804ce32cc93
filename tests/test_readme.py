"""What the README shows runs, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


@pytest.mark.slow
def test_the_first_example_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(blocks("python")[0])
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said = blocks("")[0]
    pattern = r"\d+\.\d% wrong with [\d,]+ MACs: (\|[a-z0-9_~|+]+)+ channels=\d\nreport\.html\n"
    assert re.fullmatch(pattern, said)
    assert re.fullmatch(pattern, done.stdout)
    assert (tmp_path / "report.html").stat().st_size > 1e6


def test_the_components_example_works_from_a_module_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(blocks("python")[1])
    (tmp_path / "campaign.yaml").write_text(
        "name: mine\nspace: {name: cell201, skeleton: compact}\nbudget: 3\ninitial: 3\n"
        "trainer: {name: classifier, epochs: 1}\nproxies: [mine.Depth]\nretrain_front: 0\n"
    )
    for arguments in (["run", "campaign.yaml"], ["show", "results/mine", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "evonas", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    assert len(re.findall(r'"proxies": \{"Depth": \d+\.0\}', done.stdout)) == 3


def test_the_readme_stays_short_and_its_files_exist() -> None:
    assert len(README.splitlines()) <= 120
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / link).exists(), link


def test_the_commands_it_names_exist() -> None:
    from typer.main import get_command

    from evonas.cli.main import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"^evonas (\w+)", "\n".join(blocks("")), re.MULTILINE))
    assert named
    assert named <= known
