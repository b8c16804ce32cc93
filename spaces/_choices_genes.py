"""The words in which a list-of-choices space declares its genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spaces._argument_checks import listed, whole
from spaces._choices_arguments import finite_or_text, require_name, value_text

Value = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One gene: a name and the values that it may take.

    Every value must make a different network, whatever the other genes are: a gene without effect would be searched
    in vain, and the space would say that two equal networks differ.

    Attributes:
        name: Letters, digits and underscores.
        values: One or more different numbers, truth values, or texts of letters, digits, ``_``, ``.``, ``+``, ``-``.

    Raises:
        ValueError: A name or value breaks a rule.
    """

    name: str
    values: Sequence[Value]

    def __post_init__(self) -> None:
        require_name(self.name, "the name of a choice")
        values = tuple(finite_or_text(value, self.name) for value in listed(self.values, self.name))
        object.__setattr__(self, "values", values)
        if not values or len(set(self.pairs)) < len(values) or len(set(self.texts)) < len(values):
            raise ValueError(f"{self.name} must be one or more different values; got {list(values)!r}")

    @property
    def pairs(self) -> tuple[tuple[str, float], ...]:
        """What each value is in a graph, which holds numbers only.

        A number is ``(name, number)``; a text is ``(name_text, 1.0)``, so that what it means does not depend on which
        other values are there.
        """
        return tuple(
            (f"{self.name}_{value}", 1.0) if isinstance(value, str) else (self.name, float(value))
            for value in self.values
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """How each value is written in the notation."""
        return tuple(value_text(value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Layers:
    """A run of layers in a chain: how many there may be, and what is chosen for each of them by itself.

    Attributes:
        op: The operation's name of every layer in the run; no other run has it.
        depth: Numbers of layers to choose from, 0 or more.
        choices: Genes of each layer.

    Raises:
        ValueError: A name or depth breaks a rule.
    """

    op: str
    depth: Sequence[int]
    choices: Sequence[Choice] = ()

    def __post_init__(self) -> None:
        require_name(self.op, "the operation of a run of layers")
        depth = tuple(whole(value, f"depth of {self.op}", least=0) for value in listed(self.depth, "depth"))
        if not depth or len(set(depth)) < len(depth):
            raise ValueError(f"depth of {self.op} must be one or more different numbers; got {list(depth)!r}")
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "choices", tuple(self.choices))


@dataclass(frozen=True, slots=True)
class Genes:
    """The chosen values of one architecture, each as its ``Choice`` was given it.

    Attributes:
        settings: Value of each choice of the whole network, by name.
        layers: For each run of layers by its operation, the layers in order, each a mapping of choices to values.
    """

    settings: Mapping[str, Any]
    layers: Mapping[str, tuple[Mapping[str, Any], ...]]
