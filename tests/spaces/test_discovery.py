"""Components are found by the name of their file, or by a dotted path."""

import subprocess
import sys
from pathlib import Path

import pytest

import spaces
from spaces.cell201 import Cell201
from spaces.discovery import Room, UnknownComponent, discover, find, names, summary
from spaces.space import Space


def test_every_component_is_named_by_its_file() -> None:
    found = discover(spaces.ROOM)
    assert found["cell201"] is Cell201
    for name, component in found.items():
        assert component.__module__ == f"spaces.{name}"
        assert issubclass(component, Space)
    assert set(found) == set(names(spaces.ROOM))
    assert not {"space", "architecture", "discovery", "drawing"} & set(found)


def test_load_passes_arguments_on() -> None:
    assert spaces.load("cell201", skeleton="compact", channels=(4, 8, 16)).size == 3 * 5**6


def test_an_own_class_is_found_by_its_dotted_path() -> None:
    assert find(spaces.ROOM, "spaces.cell201.Cell201") is Cell201


def test_the_summary_is_the_first_line_of_the_docstring() -> None:
    assert summary(Cell201) == "NAS-Bench-201: one cell of six edges and five operations, stacked in a fixed skeleton."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cell210", r"expected a space: one of .*cell201.*Got 'cell210'\. Did you mean 'cell201'\?"),
        ("space", r"expected a space: .*Got 'space'"),
        ("_cell201_network", r"expected a space: .*Got '_cell201_network'"),
        ("", r"expected a space: .*Got ''"),
        (".", r"expected a space: .*Got '\.'"),
        ("../../etc/passwd", r"expected a space: .*Got '\.\./"),
        ("mine..Space", r"expected a space: .*Got 'mine\.\.Space'"),
        ("no.such.Thing", r"No module named 'no' can be imported"),
        ("spaces.cell201.Cell", r"Module 'spaces\.cell201' has no 'Cell'"),
        ("spaces.architecture.Node", r"It is no subclass of spaces\.space\.Space"),
        ("spaces.space.Space", r"It lacks build, check, cost, crossover"),
    ],
)
def test_unknown_names_are_refused_with_the_choices(name: str, message: str) -> None:
    with pytest.raises(UnknownComponent, match=message) as caught:
        find(spaces.ROOM, name)
    assert caught.value.choices == names(spaces.ROOM)
    assert caught.value.suggestion in (None, "cell201")


def test_a_file_holds_one_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "crowded_room"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "pair.py").write_text(
        "from spaces.cell201 import Cell201\nclass One(Cell201): ...\nclass Two(Cell201): ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(TypeError, match=r"crowded_room\.pair holds 2 components \(One, Two\); a file holds one"):
        find(Room("space", "crowded_room", "spaces.space.Space"), "pair")
    sys.modules.pop("crowded_room.pair", None)
    sys.modules.pop("crowded_room", None)


def test_importing_a_space_imports_no_torch() -> None:

    code = "import sys, spaces.cell201, spaces.drawing; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
