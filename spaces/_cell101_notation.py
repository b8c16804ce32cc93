"""Reads and writes cells as NAS-Bench-101's tables hold them: the matrix row by row, and the operations."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from spaces._cell101_graph import Cell


def formatted(cell: Cell) -> str:
    """The bits of the matrix, row by row, a space, and the operations joined by commas."""
    ops, edges = cell
    bits = ["0"] * len(ops) ** 2
    for source, target in edges:
        bits[source * len(ops) + target] = "1"
    return f"{''.join(bits)} {','.join(ops)}"


def parsed(text: str, choices: Sequence[str]) -> Cell:
    """The cell that a text such as ``010001000 input,maxpool3x3,output`` says, dead vertices included.

    Args:
        text: Bits and operations. White space at both ends is ignored. The first bit, always 0, may be missing, as it
            is in tables that keep the bits as a number.
        choices: Operations the space knows.

    Raises:
        ValueError: The text does not parse; the message counts characters from 0.
    """
    text = text.strip()
    end = next((place for place, character in enumerate(text) if character not in "01"), len(text))
    if end == len(text) or text[end] != " ":
        raise _fault(text, end, "0, 1 or a space and the operations")
    missing = int(end >= 3 and isqrt(end + 1) ** 2 == end + 1)
    size = isqrt(end + missing)
    if size < 2 or size * size != end + missing:
        raise _fault(text, 0, f"the n x n bits of a matrix of n >= 2 vertices, not {end} bits")
    return _operations(text, end + 1, size, choices), _edges(text, end, size, missing)


def _edges(text: str, end: int, size: int, missing: int) -> tuple[tuple[int, int], ...]:
    edges = []
    for place in range(end):
        if text[place] == "1":
            row, column = divmod(place + missing, size)
            if row >= column:
                raise _fault(text, place, f"0 in row {row}, column {column}: edges lead from earlier to later vertices")
            edges.append((row, column))
    return tuple(edges)


def _operations(text: str, position: int, size: int, choices: Sequence[str]) -> tuple[str, ...]:
    ops = text[position:].split(",")
    for place, op in enumerate(ops[:size]):
        known = ("input",) if place == 0 else ("output",) if place == size - 1 else choices
        if op not in known:
            raise _fault(text, position, f"{'one of ' if len(known) > 1 else ''}{', '.join(known)}")
        position += len(op)
        if place < size - 1:
            if place == len(ops) - 1:
                raise _fault(text, position, f"a comma and the other operations of {size} vertices")
            position += 1
    if position < len(text):
        raise _fault(text, position, f"the end after {size} vertices")
    return tuple(ops)


def _fault(text: str, position: int, expected: str) -> ValueError:
    rest = text[position : position + 24]
    got = repr(rest) if rest else "the end"
    return ValueError(f"position {position} of the cell {text!r}: expected {expected}; got {got}")
