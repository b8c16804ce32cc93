"""Reads NAS-Bench-201's own string, ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, and says where it does not parse."""

from __future__ import annotations

from collections.abc import Sequence

_SUFFIX = " channels="


def parsed(text: str, ops: Sequence[str], channels: Sequence[int]) -> tuple[tuple[str, ...], int]:
    """Operations of the six edges in the string's order, and the channels of the first stage.

    Args:
        text: The benchmark's string, followed by `` channels=8`` where ``channels`` has several choices. White space at
            both ends is ignored.
        ops: Operations the space knows.
        channels: Choices of channels the space has.

    Raises:
        ValueError: The text does not parse; the message counts characters from 0.
    """
    text = text.strip()
    position = 0
    found = []
    for target in (1, 2, 3):
        if target > 1:
            position = _expected(text, position, "+")
        position = _expected(text, position, "|")
        for source in range(target):
            end = text.find("~", position)
            op = text[position:end] if end >= 0 else text[position:]
            if op not in ops:
                raise _fault(text, position, f"one of {', '.join(ops)}")
            found.append(op)
            position = _expected(text, position + len(op), f"~{source}|")
    return tuple(found), _channels(text, position, channels)


def _channels(text: str, position: int, channels: Sequence[int]) -> int:
    choices = " or ".join(f"'{_SUFFIX}{choice}'" for choice in channels)
    if position == len(text) and len(channels) == 1:
        return channels[0]
    for choice in channels:
        if text[position:] == f"{_SUFFIX}{choice}":
            return choice
    raise _fault(text, position, f"the end or {choices}" if len(channels) == 1 else choices)


def _expected(text: str, position: int, token: str) -> int:
    if not text.startswith(token, position):
        raise _fault(text, position, repr(token))
    return position + len(token)


def _fault(text: str, position: int, expected: str) -> ValueError:
    rest = text[position : position + 24]
    got = repr(rest) if rest else "the end"
    return ValueError(f"position {position} of the cell {text!r}: expected {expected}; got {got}")


def benchmark_class(ops: Sequence[str]) -> str:
    """The benchmark's own name for what a cell computes: its sum of operations, written out.

    Zeros are kept where an operation follows them and identities are dropped, so that a convolution of nothing differs
    from nothing: 6,466 classes for five operations.

    Source: Dong & Yang, "NAS-Bench-201", ICLR 2020, which counts 6,466 unique topologies.

    Args:
        ops: Operations of the six edges in the string's order.
    """
    sums = ["0"]
    remaining = list(ops)
    for target in (1, 2, 3):
        terms = []
        for source in range(target):
            op = remaining.pop(0)
            if op == "none" or sums[source] == "#":
                terms.append("#")
            else:
                terms.append(sums[source] if op == "skip_connect" else f"({sums[source]})@{op}")
        sums.append("+".join(sorted(terms)))
    return sums[-1]
