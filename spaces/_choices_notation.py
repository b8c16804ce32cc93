"""The notation of list-of-choices spaces, ``width=1 resolution=224; unit1: 3/5 4/7; unit2: 6/3``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from spaces._choices_genes import Choice, Layers
from spaces._choices_genome import Numbers, Row

_TOKEN = re.compile(r"[^\s/;]*")


def written(numbers: Numbers, settings: Sequence[Choice], layers: Sequence[Layers]) -> str:
    """Settings as ``name=value``, then for each run its operation and layers, values in the order of its choices."""
    sections = [
        " ".join(f"{choice.name}={choice.texts[number]}" for choice, number in zip(settings, numbers[0], strict=True))
    ]
    for run, rows in zip(layers, numbers[1], strict=True):
        words = ["/".join(_texts(run.choices, row)) if run.choices else "-" for row in rows]
        sections.append(" ".join([f"{run.op}:", *words]))
    return "; ".join(sections if settings else sections[1:])


def parsed(text: str, settings: Sequence[Choice], layers: Sequence[Layers]) -> Numbers:
    """Reads what ``written`` writes.

    Raises:
        ValueError: The text does not parse; the message counts characters from 0.
    """
    reader = _Reader(text.strip())
    row: list[int] = []
    for choice in settings:
        reader.expect(f"{' ' if row else ''}{choice.name}=")
        row.append(reader.value(choice))
    runs = []
    for place, run in enumerate(layers):
        if settings or place:
            reader.expect("; ")
        reader.expect(f"{run.op}:")
        start = reader.position
        rows = []
        while reader.skip(" "):
            rows.append(reader.layer(run))
        if len(rows) not in run.depth:
            depths = ", ".join(map(str, run.depth))
            raise reader.fault(f"as many layers of {run.op} as one of {depths}; got {len(rows)}", start)
        runs.append(tuple(rows))
    reader.end()
    return tuple(row), tuple(runs)


def _texts(choices: Sequence[Choice], row: Row) -> list[str]:
    return [choice.texts[number] for choice, number in zip(choices, row, strict=True)]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def skip(self, token: str) -> bool:
        if not self.text.startswith(token, self.position):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        if not self.skip(token):
            raise self.fault(f"{token!r}; got {self._rest()}")

    def end(self) -> None:
        if self.position < len(self.text):
            raise self.fault(f"the end; got {self._rest()}")

    def value(self, choice: Choice) -> int:
        found = _TOKEN.match(self.text, self.position)
        word = found.group() if found else ""
        if word not in choice.texts:
            raise self.fault(f"{choice.name}, one of {', '.join(choice.texts)}; got {self._rest()}")
        self.position += len(word)
        return choice.texts.index(word)

    def layer(self, run: Layers) -> Row:
        if not run.choices:
            self.expect("-")
        row: list[int] = []
        for place, choice in enumerate(run.choices):
            if place:
                self.expect("/")
            row.append(self.value(choice))
        return tuple(row)

    def fault(self, expected: str, position: int | None = None) -> ValueError:
        where = self.position if position is None else position
        return ValueError(f"position {where} of the architecture {self.text!r}: expected {expected}")

    def _rest(self) -> str:
        rest = self.text[self.position : self.position + 24]
        return repr(rest) if rest else "the end"
