"""What 'evonas new' writes and what 'evonas check --schema' prints."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evonas.campaign.reading.document import read
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.reading.rooms import LISTS, ROOMS, SECTIONS
from evonas.campaign.reading.schema import json_schema
from evonas.campaign.reading.specification import Specification
from evonas.campaign.reading.starter import starter_campaign
from spaces.discovery import names


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


def test_the_starter_is_valid_and_says_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(starter_campaign("my_campaign-1.0"))
    resolved = read(tmp_path / "my.yaml").specification.resolved()
    space = {"name": "cell201", "skeleton": "compact", "channels": [4, 8, 16]}
    assert resolved == Specification.from_mapping({"name": "my_campaign-1.0", "space": space, "budget": 64}).resolved()


@pytest.mark.parametrize("name", ["true", "1e3", "007", "x" * 100, "a.b"])
def test_any_valid_name_is_written_as_a_text(tmp_path: Path, name: str) -> None:
    (tmp_path / "my.yaml").write_text(starter_campaign(name))
    assert read(tmp_path / "my.yaml").specification.name == name


def test_the_starter_explains_every_section_with_its_choices() -> None:
    text = starter_campaign("x")
    lines = text.splitlines()
    for key in Specification.model_fields:
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"{key}:")]
        assert lines[place - 1].startswith("# ")
    for section in SECTIONS:
        for name in names(ROOMS[section]):
            assert f"#   {name}: " in text
    assert max(map(len, lines)) <= 120


def test_the_starter_refuses_a_name_that_is_no_folder() -> None:
    with pytest.raises(CampaignError, match=r"^name: expected letters, digits"):
        starter_campaign("a/b")


def test_the_schema_has_every_key_described(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["name", "space", "budget"]
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == list(Specification.model_fields)
    assert all(shape["description"] for shape in schema["properties"].values())
    json.dumps(schema, allow_nan=False)


def test_the_schema_names_every_component_and_its_arguments(schema: dict[str, Any]) -> None:
    for section in SECTIONS:
        shape = schema["$defs"][ROOMS[section].title]
        assert shape["anyOf"][0]["enum"] == list(names(ROOMS[section]))
        assert schema["properties"][section].get("type") == ("array" if section in LISTS else None)
    (trainer,) = [shape for shape in schema["$defs"]["trainer"]["anyOf"] if _is_about(shape, "classifier")]
    assert trainer["properties"]["epochs"] == {"type": "integer", "default": 15}
    assert trainer["additionalProperties"] is False
    (searcher,) = [shape for shape in schema["$defs"]["searcher"]["anyOf"] if _is_about(shape, "screened_nsga2")]
    assert not {"problem", "predictor", "proxies"} & set(searcher["properties"])


def test_every_reference_of_the_schema_is_defined(schema: dict[str, Any]) -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    assert references(schema) == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_the_schema_accepts_what_the_reader_accepts(schema: dict[str, Any]) -> None:
    document = read("digits")
    assert fits(document.source.values, schema, schema["$defs"])
    assert fits(document.specification.resolved(), schema, schema["$defs"])
    assert fits({"name": "x", "space": "own.Space", "budget": 1, "evaluator": None}, schema, schema["$defs"])


@pytest.mark.parametrize(
    "change",
    [
        {"budget": 0},
        {"budget": "4"},
        {"space": "cell2O1"},
        {"space": {"name": "cell201", "chanels": 4}},
        {"objectives": []},
        {"constraints": {"macs": "2e6"}},
        {"trainer": {"name": "classifier", "epochs": "many"}},
        {"unknown": 3},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(schema: dict[str, Any], change: dict[str, Any]) -> None:
    campaign = {"name": "x", "space": "cell201", "budget": 4}
    assert fits(campaign, schema, schema["$defs"])
    assert not fits(campaign | change, schema, schema["$defs"])


KINDS = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}


def fits(value: Any, shape: dict[str, Any], definitions: dict[str, Any]) -> bool:
    """Whether ``value`` is valid: the part of JSON schema that the campaign's schema uses, and no keyword beyond it."""
    told = {"$schema", "$defs", "title", "description", "default", "format"}
    rules = {
        "$ref": lambda ref: fits(value, definitions[ref.rpartition("/")[2]], definitions),
        "anyOf": lambda shapes: any(fits(value, inner, definitions) for inner in shapes),
        "enum": lambda choices: value in choices,
        "const": lambda choice: value == choice,
        "type": lambda kinds: any(_is(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
        "pattern": lambda pattern: not isinstance(value, str) or re.search(pattern, value) is not None,
        "minimum": lambda least: not _is(value, "number") or value >= least,
        "exclusiveMinimum": lambda bound: not _is(value, "number") or value > bound,
        "maximum": lambda most: not _is(value, "number") or value <= most,
        "minLength": lambda least: not isinstance(value, str) or len(value) >= least,
        "maxLength": lambda most: not isinstance(value, str) or len(value) <= most,
        "minItems": lambda least: not isinstance(value, list) or len(value) >= least,
        "items": lambda inner: not isinstance(value, list) or all(fits(item, inner, definitions) for item in value),
        "required": lambda names: not isinstance(value, dict) or set(names) <= set(value),
        "properties": lambda inner: (
            not isinstance(value, dict)
            or all(fits(value[name], inner[name], definitions) for name in inner if name in value)
        ),
        "additionalProperties": lambda inner: (
            not isinstance(value, dict)
            or all(
                inner is not False and (inner is True or fits(value[name], inner, definitions))
                for name in set(value) - set(shape.get("properties", {}))
            )
        ),
    }
    return all(rules[keyword](rule) for keyword, rule in shape.items() if keyword not in told)


def _is(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, KINDS[kind]) and not isinstance(value, bool)


def _is_about(shape: dict[str, Any], name: str) -> bool:
    return bool(shape.get("properties", {}).get("name", {}).get("const") == name)
