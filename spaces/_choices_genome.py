"""Genes of a list-of-choices space as numbers: how they are drawn, varied, and written as graphs and read back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from spaces._choices_genes import Choice, Layers
from spaces.architecture import Architecture, Node

Row = tuple[int, ...]  # for each of some choices, the number of the chosen value, from 0
Run = tuple[Row, ...]  # one row a layer
Numbers = tuple[Row, tuple[Run, ...]]  # of the settings, and of each run of layers

Pairs = tuple[tuple[str, float], ...]

_INPUT, _OUTPUT = Node("input"), Node("output")


class Genome:
    """The genes that a space declares; see ``spaces.choices`` for what they mean.

    Attributes:
        settings: Choices of the whole network.
        layers: Runs of layers in order.
        size: Number of different genes, hence of architectures.

    Raises:
        ValueError: Two genes share a name, or no gene has two values.
    """

    def __init__(self, settings: tuple[Choice, ...], layers: tuple[Layers, ...]) -> None:
        self.settings = settings
        self.layers = layers
        _require_distinct([run.op for run in layers] + ["input", "output"], "operations")
        self._setting_table = _Table(settings, "settings")
        self._layer_tables = tuple(_Table(run.choices, f"choices of {run.op}") for run in layers)
        self.size = math.prod(len(choice.values) for choice in settings)
        for run in layers:
            kinds = math.prod(len(choice.values) for choice in run.choices)
            self.size *= sum(kinds**depth for depth in run.depth)
        if self.size < 2:
            raise ValueError("a space needs a choice of at least two values, or a run of at least two depths; got none")
        deepest = sum(max(run.depth) * len(run.choices) for run in layers)
        self._genes = len(settings) + len(layers) + deepest

    def graph(self, numbers: Numbers) -> Architecture:
        """The chain ``input``, layers, ``output`` with these values."""
        settings, runs = numbers
        nodes = [_INPUT]
        for run, table, rows in zip(self.layers, self._layer_tables, runs, strict=True):
            nodes += [_node(run.op, table.pairs(row)) for row in rows]
        nodes.append(_OUTPUT)
        return Architecture(tuple(nodes), _chain(len(nodes)), self._setting_table.pairs(settings))

    def read(self, architecture: Architecture) -> Numbers:
        """The numbers of which ``graph`` makes an equal architecture.

        Raises:
            ValueError: There are none; the message says the rule and the value.
        """
        return _numbers(self, architecture)

    def _read(self, architecture: Architecture) -> Numbers:
        nodes = architecture.nodes
        ops = [node.op for node in nodes]
        if len(nodes) < 2 or (ops[0], ops[-1]) != ("input", "output"):
            got = ", ".join(ops) or "no nodes"
            raise ValueError(f"the first node must be 'input' and the last one 'output'; got {got}")
        if nodes[0].attributes or nodes[-1].attributes:
            raise ValueError("input and output have no attributes; take them out")
        if architecture.edges != _chain(len(nodes)):
            raise ValueError(
                f"the {len(nodes)} nodes must be a chain, each an input of the next one only; got {architecture.edges}"
            )
        settings = self._setting_table.row(architecture.settings, "the network")
        runs = []
        position = 1
        for run, table in zip(self.layers, self._layer_tables, strict=True):
            rows = []
            while ops[position] == run.op:
                rows.append(table.row(nodes[position].attributes, f"node {position} ({run.op})"))
                position += 1
            if len(rows) not in run.depth:
                raise ValueError(f"{run.op} must have {_either(run.depth)} layers in a row; got {len(rows)}")
            runs.append(tuple(rows))
        if position != len(nodes) - 1:
            order = ", ".join(run.op for run in self.layers) or "no layers"
            raise ValueError(f"node {position} must follow the order input, {order}, output; got {ops[position]!r}")
        return settings, tuple(runs)

    def sampled(self, rng: np.random.Generator) -> Numbers:
        """Every gene drawn evenly and independently."""
        draws = iter(rng.random(self._genes).tolist())
        settings = tuple([int(next(draws) * len(choice.values)) for choice in self.settings])
        runs = []
        for run in self.layers:
            depth = run.depth[int(next(draws) * len(run.depth))]
            counts = [len(choice.values) for choice in run.choices]
            runs.append(tuple([tuple([int(next(draws) * count) for count in counts]) for _ in range(depth)]))
        return settings, tuple(runs)

    def crossed(self, left: Numbers, right: Numbers, rng: np.random.Generator) -> Numbers:
        """Every gene from either with equal chance, where both have it."""
        coins = iter((rng.random(self._genes) < 0.5).tolist())
        settings = _mixed(left[0], right[0], coins)
        runs = []
        for ours, theirs in zip(left[1], right[1], strict=True):
            depth = len(ours if next(coins) else theirs)
            both = min(depth, len(ours), len(theirs))
            deeper = ours if len(ours) > len(theirs) else theirs
            runs.append((*[_mixed(ours[i], theirs[i], coins) for i in range(both)], *deeper[both:depth]))
        return settings, tuple(runs)

    def edits(self, numbers: Numbers) -> int:
        """How many architectures are one edit away."""
        return self._setting_table.others + sum(
            len(run.depth) - 1 + len(rows) * table.others
            for run, table, rows in zip(self.layers, self._layer_tables, numbers[1], strict=True)
        )

    def edited(self, numbers: Numbers, edit: int) -> Numbers:
        """The ``edit``-th of them: settings first, then run by run its depth and its layers' choices."""
        settings, runs = numbers
        if edit < self._setting_table.others:
            return self._setting_table.edited(settings, edit), runs
        edit -= self._setting_table.others
        for place, (run, table, rows) in enumerate(zip(self.layers, self._layer_tables, runs, strict=True)):
            depths = len(run.depth) - 1
            if edit < depths:
                depth = [depth for depth in run.depth if depth != len(rows)][edit]
                return settings, (*runs[:place], _resized(rows, depth, len(run.choices)), *runs[place + 1 :])
            edit -= depths
            if edit < len(rows) * table.others:
                layer, change = divmod(edit, table.others)
                rows = (*rows[:layer], table.edited(rows[layer], change), *rows[layer + 1 :])
                return settings, (*runs[:place], rows, *runs[place + 1 :])
            edit -= len(rows) * table.others
        raise IndexError(f"there is no edit {edit} after the last one")


class _Table:
    """Choices that stand together, in the settings or at one kind of node: their values as pairs, and back."""

    def __init__(self, choices: Sequence[Choice], what: str) -> None:
        self._choices = tuple(choices)
        self._pairs = [choice.pairs for choice in choices]
        labels = [label for pairs in self._pairs for label in sorted({label for label, _ in pairs})]
        _require_distinct(labels, f"names of the {what}")
        self._places = {
            pair: (place, number) for place, pairs in enumerate(self._pairs) for number, pair in enumerate(pairs)
        }
        self.others = sum(len(choice.values) - 1 for choice in choices)

    def pairs(self, row: Row) -> Pairs:
        return tuple(sorted([pairs[number] for pairs, number in zip(self._pairs, row, strict=True)]))

    def row(self, pairs: Pairs, where: str) -> Row:
        row = [-1] * len(self._choices)
        for pair in pairs:
            place, number = self._places.get(pair, (-1, -1))
            if place < 0 or row[place] >= 0:
                raise ValueError(self._fault(pairs, where))
            row[place] = number
        if -1 in row:
            raise ValueError(self._fault(pairs, where))
        return tuple(row)

    def edited(self, row: Row, edit: int) -> Row:
        for place, choice in enumerate(self._choices):
            others = len(choice.values) - 1
            if edit < others:
                return (*row[:place], edit + (edit >= row[place]), *row[place + 1 :])
            edit -= others
        raise IndexError(f"there is no edit {edit} after the last one")

    def _fault(self, pairs: Pairs, where: str) -> str:
        rules = [
            f"{choice.name} of {_either(choice.texts)}"
            if any(label == choice.name for label, _ in choice.pairs)
            else f"one of {', '.join(label for label, _ in choice.pairs)} (1)"
            for choice in self._choices
        ]
        return f"{where} must have {' and '.join(rules) or 'no attributes'}, and nothing else; got {dict(pairs)}"


def _resized(rows: Run, depth: int, choices: int) -> Run:
    last = rows[-1] if rows else (0,) * choices
    return rows[:depth] + (last,) * (depth - len(rows))


def _mixed(left: Row, right: Row, coins: Iterator[bool]) -> Row:
    return tuple([a if coin else b for a, b, coin in zip(left, right, coins, strict=False)])


def _either(values: Sequence[object]) -> str:
    return " or ".join(map(str, values)) if len(values) < 3 else f"one of {', '.join(map(str, values))}"


def _require_distinct(names: Sequence[str], what: str) -> None:
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{what} must differ; got {', '.join(twice)} twice: rename one")


@lru_cache(maxsize=1 << 12)  # a candidate is read whenever it is varied, simplified, counted or encoded
def _numbers(genome: Genome, architecture: Architecture) -> Numbers:
    return genome._read(architecture)


@lru_cache(maxsize=1 << 14)
def _node(op: str, attributes: Pairs) -> Node:
    return Node(op, attributes)


@lru_cache(maxsize=1 << 10)
def _chain(nodes: int) -> tuple[tuple[int, int], ...]:
    return tuple([(node, node + 1) for node in range(nodes - 1)])
