"""Pydantic's errors in the words of a campaign: rule, value, remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from evonas.campaign.reading.fault import Fault, YamlPath, did_you_mean, rewritten, shown

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "string_type": "a text",
    "tuple_type": "a list",
    "model_type": "a name, or a mapping with a name and its arguments",
    "model_attributes_type": "a name, or a mapping with a name and its arguments",
}

_INNER = {
    "retrain_front": ("seeds",),
    "rungs": ("epochs", "reduction_factor", "promote_by"),
    "replicates": ("trainings", "share"),
}
"""Keys inside keys of a campaign."""


def faults_of(error: ValidationError, descriptions: Mapping[str, str]) -> list[Fault]:
    """One fault for each of the errors.

    Args:
        error: What pydantic found.
        descriptions: What each key of a campaign is, by key, in the file's order.
    """
    faults = []
    for details in error.errors(include_url=False):
        if details["type"] != "default_factory_not_called":  # follows from another error, which is told
            path: YamlPath = tuple(details["loc"])
            faults.append(Fault(path, _message(path, details, descriptions)))
    return faults


def _message(path: YamlPath, details: ErrorDetails, descriptions: Mapping[str, str]) -> str:
    kind, value = details["type"], details["input"]
    context: Mapping[str, Any] = details.get("ctx", {})
    if kind == "missing":
        return _missing(path, descriptions)
    if kind == "extra_forbidden":
        choices = tuple(descriptions) if len(path) == 1 else _INNER.get(str(path[0]), ())
        word = str(path[-1])
        return f"unknown key. Expected one of {', '.join(choices)}. Got {word!r}.{did_you_mean(word, choices)}"
    if kind == "said":
        return details["msg"]
    return f"expected {_expected(path, kind, details, context)}. Got {shown(value)}{_remedy(path, kind, value)}"


def _expected(path: YamlPath, kind: str, details: ErrorDetails, context: Mapping[str, Any]) -> str:
    if kind == "rule":
        return details["msg"].removeprefix("expected ")
    if path[-1] == "share":
        return "a number from 0 to 1"
    if kind == "greater_than_equal":
        return f"a whole number, at least {context['ge']}"
    if kind == "literal_error":
        return f"one of {context['expected']}"
    if kind in ("greater_than", "less_than_equal", "float_type"):
        return "a number above 0, at most 0.5"
    if kind == "too_short":
        return "at least one, for example [validation_error, macs]"
    if kind == "string_too_short":
        return "a text that is not empty"
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return "letters, digits, '.', '_' and '-', a letter or digit first, for it names a folder"
    if path == ("retrain_front",):
        return "a number of seeds, a mapping with 'seeds', or null"
    if path == ("rungs",):
        return "a list of epochs, as in [3], a mapping with 'epochs', or null"
    if path == ("replicates",):
        return "a number of trainings, a mapping with 'trainings' and 'share', or null"
    if path == ("constraints",):
        return "a mapping of objectives to bounds, as in 'macs: \"<= 2e5\"'"
    return _KINDS.get(kind, details["msg"])


def _remedy(path: YamlPath, kind: str, value: Any) -> str:
    if kind.startswith(("int_", "float_")):
        remedy = rewritten(value)
    elif kind == "string_type" and value is not None and not isinstance(value, list | dict):
        remedy = "; write it in quotes"
    elif kind == "tuple_type" and isinstance(value, str) and path != ("constraints",):
        remedy = f"; write [{value}]"
    elif value is None:
        remedy = "; leave the key out for its default"
    else:
        remedy = ""
    return remedy if remedy.endswith(".") else f"{remedy}."


def _missing(path: YamlPath, descriptions: Mapping[str, str]) -> str:
    if len(path) == 1:
        return f"expected the key {path[0]!r}: {descriptions[str(path[0])]}. Got none."
    return f"expected the key {path[-1]!r}, as in {{name: my_component, argument: value}}. Got none."
