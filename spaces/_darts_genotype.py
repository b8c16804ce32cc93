"""Reads and writes ``Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=[…], …)``.

The text is the published Python expression. It is read token by token, never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Input = tuple[str, int]  # operation, and the state it reads: 0 is c_{k-2}, 1 is c_{k-1}, 2 … 5 the intermediate nodes
Cell = tuple[tuple[Input, Input], ...]  # the two inputs of each of the four intermediate nodes, sorted by state
Genes = tuple[Cell, Cell]  # normal cell, reduction cell

_TOKEN = re.compile(r"\s*([A-Za-z_]\w*|\d+|'[^'\n]*'|\"[^\"\n]*\"|\S|$)")


def written(genes: Genes) -> str:
    """The published text; an intermediate node's two inputs stand in the order of the states that they read."""
    normal, reduction = (str([chosen for pair in cell for chosen in pair]) for cell in genes)
    return f"Genotype(normal={normal}, normal_concat=range(2, 6), reduce={reduction}, reduce_concat=range(2, 6))"


def parsed(text: str, ops: Sequence[str]) -> Genes:
    """The two cells of a genotype.

    Args:
        text: The published text; white space, line ends and trailing commas are free, and the four intermediate nodes
            are concatenated: ``range(2, 6)`` or ``[2, 3, 4, 5]``.
        ops: Operations the space knows.

    Raises:
        ValueError: The text does not parse; the message counts characters from 0.
    """
    reader = _Reader(text, ops)
    reader.take("Genotype", "(")
    cells = []
    for cell in ("normal", "reduce"):
        reader.take(cell, "=")
        cells.append(reader.cell())
        reader.take(",", f"{cell}_concat", "=")
        reader.concatenation()
        if cell == "normal":
            reader.take(",")
    reader.skip(",")
    reader.take(")", "")
    return cells[0], cells[1]


class _Reader:
    """The rest of a text, token by token."""

    def __init__(self, text: str, ops: Sequence[str]) -> None:
        self._text = text
        self._ops = ops
        self._end = 0
        self._advance()

    def take(self, *expected: str) -> None:
        """Reads exactly these tokens; the empty one is the end of the text."""
        for token in expected:
            if self._token != token:
                raise self._fault(repr(token) if token else "the end")
            self._advance()

    def skip(self, token: str) -> None:
        """Reads this token if it is the next one."""
        if self._token == token:
            self._advance()

    def cell(self) -> Cell:
        """Four times two inputs, as one list."""
        self.take("[")
        pairs = []
        for node in range(4):
            first = self._input(node, None)
            self.take(",")
            second = self._input(node, first[1])
            if node < 3:
                self.take(",")
            pairs.append((first, second) if first[1] < second[1] else (second, first))
        self.skip(",")
        self.take("]")
        return tuple(pairs)

    def concatenation(self) -> None:
        """``range(2, 6)`` or ``[2, 3, 4, 5]``: a cell's output is that of all its intermediate nodes."""
        if self._token == "range":
            self.take("range", "(", "2", ",", "6", ")")
        else:
            self.take("[", "2", ",", "3", ",", "4", ",", "5")
            self.skip(",")
            self.take("]")

    def _input(self, node: int, taken: int | None) -> Input:
        """``('sep_conv_3x3', 1)``: an operation and the state it reads, another than ``taken``."""
        self.take("(")
        op = self._token[1:-1] if self._token[:1] in ("'", '"') else ""
        if op not in self._ops:
            raise self._fault(f"one of {', '.join(map(repr, self._ops))}")
        self._advance()
        self.take(",")
        states = [str(state) for state in range(node + 2) if state != taken]
        if self._token not in states:
            other = "" if taken is None else ", another state than its first input reads"
            raise self._fault(f"{' or '.join(states)} for intermediate node {node + 2}{other}")
        state = int(self._token)
        self._advance()
        self.skip(",")
        self.take(")")
        return op, state

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._end)
        assert match is not None  # every text has a token: the last alternatives are any character and the end
        self._token, self._start, self._end = match[1], match.start(1), match.end(1)

    def _fault(self, expected: str) -> ValueError:
        rest = self._text[self._start : self._start + 24]
        got = repr(rest) if rest else "the end"
        return ValueError(f"position {self._start} of the genotype: expected {expected}; got {got}")
