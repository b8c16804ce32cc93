"""How two campaigns differ, in lines for the user."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def campaign_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One line a difference, such as ``predictor.depth: 4 -> 6`` or ``objectives[1]: added macs``.

    Args:
        old: Nested mappings, sequences and plain values, as JSON has them.
        new: What is to be compared with it.

    Returns:
        Lines in the order of ``old``, additions after; empty where both say the same.
    """
    return list(_of_mappings("", old, new))


def _of_mappings(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, value in old.items():
        inner = f"{path}.{name}" if path else str(name)
        if name in new:
            yield from _of_values(inner, value, new[name])
        else:
            yield f"{inner}: removed {_shown(value)}"
    for name, value in new.items():
        if name not in old:
            yield f"{path}.{name}: added {_shown(value)}" if path else f"{name}: added {_shown(value)}"


def _of_values(path: str, old: object, new: object) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_mappings(path, old, new)
    elif _is_list(old) and _is_list(new):
        assert isinstance(old, Sequence)
        assert isinstance(new, Sequence)
        yield from _of_lists(path, old, new)
    elif _identity(old) != _identity(new):
        ambiguous = isinstance(old, str) != isinstance(new, str)
        yield f"{path}: {_shown(old, ambiguous)} -> {_shown(new, ambiguous)}"


def _of_lists(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, [_identity(v) for v in old], [_identity(v) for v in new], autojunk=False)
    for _, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        common = min(old_end - old_start, new_end - new_start)
        for index in range(common):
            yield from _of_values(f"{path}[{new_start + index}]", old[old_start + index], new[new_start + index])
        for index in range(old_start + common, old_end):
            yield f"{path}[{index}]: removed {_shown(old[index])}"
        for index in range(new_start + common, new_end):
            yield f"{path}[{index}]: added {_shown(new[index])}"


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _identity(value: object) -> str:
    # As JSON, a tuple is a list and 1 is 1.0, but true is not 1.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, Mapping):
        return json.dumps({str(name): _identity(value[name]) for name in sorted(value, key=str)})
    if _is_list(value):
        assert isinstance(value, Sequence)
        return json.dumps([_identity(entry) for entry in value])
    return json.dumps(value, default=repr)


def _shown(value: object, quoted: bool = False) -> str:
    if isinstance(value, str) and not quoted and value:
        return value
    return json.dumps(value, default=repr)
