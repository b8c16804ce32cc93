"""The house rules that a machine can see."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from evonas.campaign.reading.rooms import ROOMS
from spaces.discovery import discover

ROOT = Path(__file__).parents[1]
SILENT = {"Killed", "SystemExit", "KeyboardInterrupt", "StopIteration", "CancelledError"}  # these carry no message
RESTORES = "surrogates/proxies/untouched.py"  # puts the global generators back as they were
CODE = sorted(path for package in ("spaces", "surrogates", "evonas") for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_there_is_something_to_look_at() -> None:
    assert len(CODE) > 80
    assert len(TESTS) > 30


def test_no_file_has_a_name_that_says_nothing() -> None:
    silent = {"utils", "helpers", "common", "misc", "util", "helper"}
    assert relative([path for path in CODE + TESTS if path.stem in silent]) == []


def test_files_stay_short() -> None:
    assert relative([path for path in CODE if len(path.read_text().splitlines()) > 300]) == []


def test_functions_are_read_without_scrolling() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno - len((ast.get_docstring(node) or "").splitlines()) > 60
    ]
    assert long == []


def test_sibling_components_never_import_each_other() -> None:
    crossing = []
    for room in ROOMS.values():
        siblings = {f"{room.package}.{name}" for name in discover(room)}
        for name in discover(room):
            path = ROOT / Path(*room.package.split(".")) / f"{name}.py"
            imported = {
                node.module for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.module
            }
            crossing += [(f"{room.package}.{name}", other) for other in imported & siblings]
    assert crossing == []


def test_every_expected_error_is_checked_for_its_message() -> None:
    careless = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in TESTS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "pytest.raises"
        and not {keyword.arg for keyword in node.keywords} & {"match", "check"}
        and ast.unparse(node.args[0]) not in SILENT
    ]
    assert careless == []


def test_no_component_asks_a_global_generator() -> None:
    pattern = re.compile(r"np\.random\.(seed|rand|randn|randint|choice|shuffle|permutation)\b|^import random$", re.M)
    assert relative([path for path in CODE if pattern.search(path.read_text())]) == [RESTORES]


def test_nothing_is_evaluated_or_unpickled_from_files() -> None:
    pattern = re.compile(r"(?<![\w.])(eval|exec)\(|pickle\.load\(|torch\.load\(")
    assert relative([path for path in CODE if pattern.search(path.read_text())]) == []


def test_interfaces_are_not_probed_for_optional_methods() -> None:
    assert relative([path for path in CODE if re.search(r"\bhasattr\(", path.read_text())]) == []


@pytest.mark.parametrize("section", sorted(ROOMS))
def test_every_component_is_a_leaf_and_says_what_it_is(section: str) -> None:
    room = ROOMS[section]
    components = discover(room)
    assert components
    for name, component in components.items():
        assert component.__doc__, name
        parents = set(component.__mro__[1:]) & set(components.values())
        assert parents == set(), f"{name} inherits from another component"
