"""Every command on a real campaign of a few seconds."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from commands import FAST, evonas, trials, write

from evonas.cli.list import list_rooms
from evonas.cli.main import app
from evonas.datasets.digits import Digits
from spaces.cell201 import Cell201


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a finished campaign, and what ``evonas run`` printed."""
    folder = tmp_path_factory.mktemp("finished")
    write(folder)
    return folder, evonas("run", "fast.yaml", cwd=folder)


def test_run_prints_a_line_for_every_candidate_and_the_front(finished: tuple[Path, str]) -> None:
    folder, output = finished
    assert "campaign fast starts, budget 14" in output
    for done in range(1, 15):
        assert f"[{done}/14] trial" in output
    assert "Pareto front" in output
    assert "report: results/fast/report.html" in output
    assert (folder / "results" / "fast" / "report.html").stat().st_size > 1e6


def test_run_again_finds_nothing_left_to_do(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    output = evonas("run", "fast.yaml", cwd=folder)
    assert "goes on with 14 of 14 candidates; a larger --budget would train more" in output
    assert "] trial" not in output


def test_show_prints_the_front_a_trial_and_every_trial_as_json(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    every = trials(folder / "results/fast", folder)
    assert [trial["number"] for trial in every] == list(range(14))
    space = Cell201("compact", 4, input_shape=(1, 8, 8))
    for trial in every:
        architecture = space.parse(trial["notation"])
        assert space.simplify(architecture).key == trial["key"]
        assert trial["values"]["parameters"] == space.cost(space.simplify(architecture)).parameters
        assert 0 <= trial["values"]["validation_error"] <= 1
        assert trial["failure"] is None
        assert not trial["pending"]
        # A network that nothing passes through has parameters, but no other score.
        assert {"parameters"} <= set(trial["proxies"]) <= {"synflow", "nwot", "parameters"}
        assert set(trial["prediction"]) == (set() if trial["number"] < 8 else {"validation_error"})
    assert sum(len(trial["proxies"]) == 3 for trial in every) >= 10
    front = evonas("show", "results/fast", cwd=folder)
    best = min(every, key=lambda trial: trial["values"]["validation_error"])
    assert "fast: 14 candidates, 14 trained, 0 failed, 0 pending" in front
    assert best["notation"] in front
    assert "test_error: of trainings anew" in front
    for line in front.splitlines():
        cells = line.split()
        if cells and cells[0].isdigit():
            (anew,) = every[int(cells[0])]["retrained"]
            assert anew["failure"] is None
            assert f"{anew['values']['test_error']:.4g}" in cells
    one = evonas("show", "results/fast", 13, cwd=folder)
    assert every[13]["notation"] in one
    assert "predicted" in one
    assert "output" in one


def test_pick_chooses_within_bounds(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    every = trials(folder / "results/fast", folder)
    bound = sorted(trial["values"]["macs"] for trial in every)[6]
    wish = ("--where", f"macs <= {bound}", "--minimise", "validation_error")
    picked = json.loads(evonas("pick", "results/fast", *wish, "--json", cwd=folder))
    meeting = [trial for trial in every if trial["values"]["macs"] <= bound]
    assert picked["values"]["validation_error"] == min(trial["values"]["validation_error"] for trial in meeting)
    assert picked["stability"] is None  # nothing was trained with two seeds
    two_ways = evonas("pick", "results/fast", "--knee", "--minimise", "macs", cwd=folder, status=1)
    assert "choose by one of --minimise, --maximise and --knee" in two_ways


@pytest.mark.slow
def test_a_chosen_network_is_trained_fully_and_leaves(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    errors = evonas("export", "results/fast", 3, cwd=folder, status=1)
    assert "trial 3 was not trained fully; first run: evonas train results/fast 3" in errors
    done = train(folder, "--epochs", 2, "--seeds", 1)
    assert re.search(r"2 epochs, 1 seeds, 2 at a time; at most about \d+ s, at the search's pace", done.stderr)
    first = (folder / "results/fast/trained/3/seed-0.safetensors").read_bytes()
    done = train(folder, "--epochs", 2, "--seeds", 2)
    assert "trained before, and not again: seed 0 in" in done.stderr
    assert json.loads(done.stdout)["test_error"]["seeds"] == 2
    told = json.loads((folder / "results/fast/trained/3/figures.json").read_text())["seeds"]
    best = min(told, key=lambda seed: told[seed]["figures"]["validation_error"])
    written = evonas("export", "results/fast", 3, cwd=folder).splitlines()
    assert [Path(file).name for file in written] == ["network.py", "network.safetensors", "model_card.json"]
    card = json.loads((folder / written[-1]).read_text())
    assert str(card["weights_of_seed"]) == best
    assert card["parameters"] == trials(folder / "results/fast", folder)[3]["values"]["parameters"]
    said = Digits().load().preparation
    assert said is not None
    assert card["preparation"]["input_mean"] == [said.input_mean[0]]
    assert "(raw - input_mean) / input_deviation" in card["preparation"]["how"]
    assert "expected an exporter" in evonas("export", "results/fast", 3, "--to", "coreml", cwd=folder, status=1)
    assert "no weights of seed 7" in evonas("export", "results/fast", 3, "--seed", 7, cwd=folder, status=1)
    assert "there is no trial 99" in evonas("train", "results/fast", 99, cwd=folder, status=1)
    done = train(folder, "--epochs", 1, "--seeds", 1)
    assert (
        "weights and figures of 2 epochs, trained before, are kept in results/fast/trained/3-of-2-epochs" in done.stderr
    )
    assert (folder / "results/fast/trained/3-of-2-epochs/seed-0.safetensors").read_bytes() == first
    assert json.loads((folder / "results/fast/trained/3/figures.json").read_text())["epochs"] == 1


def train(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """``evonas train`` of trial 3, which says on the standard error stream how far it is."""
    words = [sys.executable, "-m", "evonas", "train", "results/fast", "3", "--json", *map(str, arguments)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_report_is_written_anew_also_elsewhere(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    evonas("report", "results/fast", "--output", "other.html", cwd=folder)
    page = (folder / "other.html").read_text()
    assert "test_error" in page


def test_check_counts_the_space_and_estimates_the_time_without_training(tmp_path: Path) -> None:
    write(tmp_path, constraints={"macs": "<= 50000"})
    found = json.loads(evonas("check", "fast.yaml", "--json", cwd=tmp_path))
    assert found["space_size"] == 5**6
    assert 0 < found["feasible_share"] < 1
    assert found["budget"] == 14
    assert found["estimated_seconds"] == pytest.approx(14 * found["seconds_per_training"])
    assert not (tmp_path / "results").exists()
    assert "no faults" in evonas("check", "fast.yaml", cwd=tmp_path)
    assert json.loads(evonas("check", "--schema", cwd=tmp_path))["title"] == "evonas campaign"


def test_new_writes_a_campaign_that_checks_and_overwrites_nothing(tmp_path: Path) -> None:
    evonas("new", "mine.yaml", cwd=tmp_path)
    before = (tmp_path / "mine.yaml").read_text()
    assert "no faults" in evonas("check", "mine.yaml", cwd=tmp_path)
    errors = evonas("new", "mine.yaml", cwd=tmp_path, status=1)
    assert errors == "error: mine.yaml exists already and is left as it is; choose another name\n"
    assert (tmp_path / "mine.yaml").read_text() == before
    evonas("new", "again.yaml", "--like", "methods/bananas", cwd=tmp_path)
    copied = (tmp_path / "again.yaml").read_text().splitlines()
    shipped = (Path(__file__).parents[2] / "runs/methods/bananas.yaml").read_text().splitlines()
    assert [pair for pair in zip(copied, shipped, strict=True) if len(set(pair)) > 1] == [
        ("name: again", "name: bananas")
    ]
    told = evonas("new", "third.yaml", "--like", "methods/banana", cwd=tmp_path, status=1)
    assert "Did you mean 'methods/bananas'?" in told
    assert not (tmp_path / "third.yaml").exists()


def test_list_names_every_component_by_room(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in evonas("list", "--json", cwd=tmp_path).splitlines()]
    named = {(row["room"], row["name"]) for row in rows}
    assert {("space", "cell201"), ("searcher", "screened_nsga2"), ("campaign", "digits")} <= named
    assert all(row["summary"] for row in rows)
    assert {("combination", "rank_aggregation"), ("exporter", "onnx"), ("format", "nats_bench")} <= named
    for room in ("proxy", "proxies"):
        told = [json.loads(line) for line in evonas("list", room, "--json", cwd=tmp_path).splitlines()]
        assert {row["room"] for row in told} == {"proxies"}
    assert "expected a room" in evonas("list", "kitchen", cwd=tmp_path, status=1)


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom evonas.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'xgboost', 'sklearn', 'scipy', 'numpy', 'plotly', 'sqlalchemy', 'pydantic', 'pymoo'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["show", "pick"])
def test_looking_at_results_is_quick_because_no_network_is_needed(command: str, finished: tuple[Path, str]) -> None:
    code = (
        f"import sys\nfrom evonas.cli.main import main\ntry:\n    main(['{command}', 'results/fast'])\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        "print(sorted({'torch', 'xgboost', 'sklearn', 'scipy', 'plotly', 'pymoo'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=finished[0], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def commands(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its name, ``benchmark latency`` for one."""
    group = typer.main.get_command(app) if group is None else group
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


NO_TABLE = {"run", "new", "merge", "export", "report", "table import"}  # what a run printed, show --json prints


def test_every_command_has_an_example_and_each_that_prints_a_table_has_json() -> None:
    found = dict(commands())
    assert len(found) >= 24
    for name, command in found.items():
        assert f"evonas {name}" in command.help.split("Example", 1)[1], name
        assert ("--json" in {option for one in command.params for option in one.opts}) == (name not in NO_TABLE), name


def test_every_example_is_a_command_with_options_and_components_that_there_are() -> None:
    root: Any = typer.main.get_command(app)
    for name, command in commands():
        told = command.help.split("Example", 1)[1].split(":", 1)[1]
        for block in told.split("\n\n"):
            words = shlex.split(" ".join(block.split()).partition(" | ")[0].partition(" > ")[0])
            assert words[: 1 + name.count(" ") + 1] == ["evonas", *name.split()], name
            group, rest = root, words[1:]
            while hasattr(group, "commands"):
                group, rest = group.commands[rest[0]], rest[1:]
            parsed = group.make_context(name, list(rest)).params
            if name == "list":
                list_rooms(parsed["room"], as_json=True)


def test_help_shows_the_example(tmp_path: Path) -> None:
    assert "evonas run digits" in evonas("run", "--help", cwd=tmp_path).split("Usage:", 1)[1].split("\n", 1)[1]


def faults(folder: Path, **changes: object) -> str:
    write(folder, **changes)
    before = sorted(folder.iterdir())
    errors = evonas("run", "fast.yaml", cwd=folder, status=1)
    assert "Traceback" not in errors
    assert sorted(folder.iterdir()) == before, "nothing is written for a campaign that cannot run"
    return errors


def test_faults_of_a_campaign_are_named_by_file_and_line(tmp_path: Path) -> None:
    misspelt = faults(tmp_path, budgt=3)
    line = (tmp_path / "fast.yaml").read_text().splitlines().index(' "budgt": 3') + 1
    assert f"fast.yaml:{line} budgt: " in misspelt
    assert "Did you mean 'budget'?" in misspelt
    assert "screened_nsga2" in faults(tmp_path, searcher="screened_nsga3")
    assert "budget: " in faults(tmp_path, budget=-1)
    assert "fast.yaml:" in faults(tmp_path, budget=-1)


def test_a_constraint_that_nobody_can_meet_says_who_rejected_how_many(tmp_path: Path) -> None:
    write(tmp_path, constraints={"macs": "<= 10"})
    errors = evonas("run", "fast.yaml", cwd=tmp_path, status=1)
    assert "macs <= 10 rejected 10,000 (nearest value" in errors
    assert "Relax the constraint" in errors


def test_what_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    missing = evonas("run", "digitz", cwd=tmp_path, status=1)
    assert "shipped campaign" in missing
    assert "Did you mean 'digits'?" in missing
    assert "journal.sqlite" in evonas("show", "nowhere", cwd=tmp_path, status=1)


def test_a_results_folder_of_another_campaign_is_refused_with_the_difference(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    other = folder / "other.yaml"
    other.write_text(json.dumps({**FAST, "seed": 3, "trainer": {"name": "classifier", "epochs": 2}}))
    errors = evonas("run", "other.yaml", cwd=folder, status=1)
    assert "seed: 0 -> 3" in errors
    assert "trainer.epochs: 1 -> 2" in errors
    assert "it is left as it is" in errors
