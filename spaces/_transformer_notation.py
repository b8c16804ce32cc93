"""Reads ``embed_dim=768 heads=12-8 mlp_ratio=4-2.5 …`` and says where it does not parse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Choice = TypeVar("Choice")

Field = tuple[int, tuple[str, ...]]  # position of the first value, and the values as written

LISTS = ("attention", "heads", "mlp_ratio")


def fields(text: str, required: Sequence[str], optional: Sequence[str]) -> dict[str, Field]:
    """Position and values of each field by its name.

    Args:
        text: Fields ``name=value`` in any order, each once, apart from each other by white space.
        required: Names that must be there.
        optional: Names that may be there.

    Raises:
        ValueError: The text does not parse; the message counts characters from 0.
    """
    found: dict[str, Field] = {}
    known = (*required, *optional)
    for match in re.finditer(r"\S+", text):
        name, equals, value = match[0].partition("=")
        if name not in known or not equals or name in found:
            names = ", ".join(f"'{other}='" for other in known if other not in found)
            raise fault(text, match.start(), f"one of {names}" if names else "the end")
        values = tuple(value.split("-")) if name in LISTS else (value,)
        found[name] = (match.start() + len(name) + 1, values)
    for name in required:
        if name not in found:
            raise fault(text, len(text), f"'{name}='")
    return found


def chosen(text: str, field: Field, choices: Mapping[str, Choice]) -> list[Choice]:
    """The values of a field, each one of ``choices`` (by how it is written)."""
    position, values = field
    found = []
    for value in values:
        if value not in choices:
            raise fault(text, position, f"one of {', '.join(choices)}")
        found.append(choices[value])
        position += len(value) + 1
    return found


def check_none(text: str, field: Field, kinds: Sequence[str], heads: Sequence[int]) -> None:
    """A layer has 0 heads where its attention is ``none``, and nowhere else."""
    position, values = field
    for layer, (kind, number) in enumerate(zip(kinds, heads, strict=True)):
        if (kind == "none") != (number == 0):
            rule = "0 heads" if kind == "none" else "more than 0 heads"
            raise fault(text, position, f"{rule}, as layer {layer} has attention {kind!r}")
        position += len(values[layer]) + 1


def fault(text: str, position: int, expected: str) -> ValueError:
    """What was expected at a position of the notation."""
    rest = text[position : position + 24]
    got = repr(rest) if rest else "the end"
    return ValueError(f"position {position} of the transformer {text!r}: expected {expected}; got {got}")


def shown(values: Iterable[object]) -> str:
    """Choices in a message."""
    return ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
