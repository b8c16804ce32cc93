"""The campaign file's JSON schema, for completion and checks inside editors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pydantic import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

from evonas.campaign.reading.arguments import own_parameters
from evonas.campaign.reading.rooms import LISTS, ROOMS, SECTIONS, SUPPLIES, Supply
from evonas.campaign.reading.specification import Specification
from spaces.discovery import discover, summary

_EPOCHS = {"type": "integer", "minimum": 1}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OWN = {"type": "string", "pattern": r"^[^\s.]+(\.[^\s.]+)+$", "description": "your own class: my.module.MyClass"}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a campaign file, with every component that is installed and its arguments.

    Imports every room.
    """
    schema = Specification.model_json_schema()
    definitions = schema.pop("$defs")
    properties: dict[str, Any] = schema["properties"]
    for section in SECTIONS:
        named = {"$ref": f"#/$defs/{ROOMS[section].title}"}
        shape: dict[str, Any] = named
        if section in LISTS:
            shape = {"type": "array", "items": named} | ({"minItems": 1} if section == "objectives" else {})
        elif section in ("evaluator", "predictor"):
            shape = {"anyOf": [named, {"type": "null"}]}
        kept = {key: properties[section][key] for key in ("description", "default") if key in properties[section]}
        properties[section] = shape | kept
    retrain_front = {"anyOf": [definitions["RetrainFront"], {"type": "integer", "minimum": 0}, {"type": "null"}]}
    properties["retrain_front"] = retrain_front | {"description": properties["retrain_front"]["description"]}
    rungs = {"anyOf": [definitions["Rungs"], {"type": "array", "items": _EPOCHS}, {"type": "null"}]}
    properties["rungs"] = rungs | {"description": properties["rungs"]["description"]}
    replicates = {"anyOf": [definitions["Replicates"], {"type": "integer", "minimum": 1}, {"type": "null"}]}
    properties["replicates"] = replicates | {"description": properties["replicates"]["description"]}
    defaults = Specification.from_mapping({"name": "x", "space": "x", "budget": 1}).resolved()
    for key in properties:
        if key not in ("name", "space", "budget", "results"):
            properties[key]["default"] = defaults[key]
    return {
        "$schema": DIALECT,
        "title": "evonas campaign",
        **{key: schema[key] for key in ("type", "properties", "required", "additionalProperties")},
        "$defs": {ROOMS[section].title: _component_schema(section) for section in SECTIONS},
    }


def _component_schema(section: str) -> dict[str, Any]:
    """A component: its name, or a mapping of its name and its arguments."""
    components = discover(ROOMS[section])
    by_name = {"enum": sorted(components), "description": "one of those that come with evonas"}
    own = {"type": "object", "properties": {"name": _OWN}, "required": ["name"]}
    arguments = [
        _arguments_schema(name, component, SUPPLIES[section]) for name, component in sorted(components.items())
    ]
    return {"anyOf": [by_name, _OWN, *arguments, own]}


def _arguments_schema(name: str, component: Callable[..., Any], supply: Supply) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": {"const": name}}
    required = ["name"]
    for argument, (annotation, default) in own_parameters(component, supply).items():
        properties.setdefault(argument, _type_schema(annotation) | _default(default))
        if default is inspect.Parameter.empty and argument not in (*supply.unless_given, "name"):
            required.append(argument)
    described = summary(component) if isinstance(component, type) else ""
    return {
        "type": "object",
        "description": described,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _type_schema(annotation: Any) -> dict[str, Any]:
    """The schema of an argument's type; anything where only Python can express it."""
    try:
        schema = TypeAdapter(annotation).json_schema()
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError, TypeError, NameError):
        return {}
    return {} if "$defs" in schema else schema


def _default(default: Any) -> dict[str, Any]:
    if isinstance(default, tuple | list):
        return {"default": list(default)} if all(isinstance(item, bool | int | float | str) for item in default) else {}
    return {"default": default} if default is None or isinstance(default, bool | int | float | str) else {}
