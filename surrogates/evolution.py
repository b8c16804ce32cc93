"""Evolving a formula over proxies and statistics of graphs by genetic programming."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from deap import gp

from surrogates.formula import FUNCTIONS, OPERATORS, Formula, Input
from surrogates.predictor import FloatArray
from surrogates.proxies.untouched import seed_globals, untouched_globals
from surrogates.ranking import kendall_tau

_NAMES = {"+": "add", "-": "subtract", "*": "multiply"}
_CONSTANTS = (0.5, 2.0)
_MOST_ROWS = 1500  # on which the many are compared; the few best are compared on all
_FINALISTS = 20

Progress = Callable[[int, float, str], None]


@dataclass(frozen=True)
class Evolution:
    """Settings of the genetic programming.

    Attributes:
        population: Formulas of one generation.
        generations: After the first.
        tournament: Formulas of which the best becomes a parent.
        crossover: Share of children with two parents; the others are mutated.
        parsimony: Kendall tau that one more node must gain.
        most_nodes: Of a formula.
    """

    population: int = 1000
    generations: int = 40
    tournament: int = 3
    crossover: float = 0.6
    parsimony: float = 0.0005
    most_nodes: int = 40


def evolve(
    scores: Mapping[str, FloatArray],
    values: FloatArray,
    rng: np.random.Generator,
    settings: Evolution | None = None,
    progress: Progress | None = None,
) -> Formula:
    """The formula whose values rank ``values`` best by Kendall tau, less a price for each node.

    Symbolic regression by DEAP's trees and operators (Koza 1992), over proxies as in "From Hand-Crafted Metrics to
    Evolved Training-Free Performance Predictors" and GreenMachine, with three differences: fitness is the rank
    correlation itself, inputs are standardised logarithms, and no function fails for any argument. All that is given
    here is learned from: what is to be judged must be held out before.

    Args:
        scores: By name of a proxy or a statistic of the graph, shape ``(n,)``, finite; names are identifiers.
        values: What they should rank, shape ``(n,)``, finite, higher is better.
        rng: Source of all randomness. DEAP's own generator is Python's global one, which is seeded from it and put
            back afterwards.
        settings: The defaults where None.
        progress: Told after each generation its number, the best tau so far and its formula.

    Raises:
        ValueError: No input, fewer than 16 values, or one that is not finite.
    """
    settings = settings or Evolution()
    _check_data(scores, values)
    inputs = [Input.of(name, column) for name, column in scores.items()]
    columns = {one.name: one.standardised(scores[one.name]) for one in inputs}
    rows = np.sort(rng.permutation(len(values))[:_MOST_ROWS])
    few = {name: column[rows] for name, column in columns.items()}
    fitness: dict[str, float] = {}
    operations = _operations(list(scores))

    def fit(trees: Sequence[gp.PrimitiveTree]) -> FloatArray:
        for tree in trees:
            if (text := _text(tree)) not in fitness:
                fitness[text] = _tau(tree, few, values[rows]) - settings.parsimony * len(tree)
        return np.array([fitness[_text(tree)] for tree in trees])

    with untouched_globals():
        seed_globals(int(rng.integers(2**31)))
        trees = [gp.PrimitiveTree([name]) for name in operations.terminals[object][: len(inputs)]]
        while len(trees) < settings.population:
            trees.append(gp.PrimitiveTree(gp.genHalfAndHalf(operations, 1, 3)))
        seen = {_text(tree): tree for tree in trees}
        fit(trees)
        for generation in range(1, settings.generations + 1):
            best = max(seen, key=fitness.__getitem__)
            parents = _tournaments(trees, fit(trees), settings, rng)
            trees = [seen[best], *_children(parents, operations, settings, rng)]
            fit(trees)
            seen.update((_text(tree), tree) for tree in trees)
            top = max(seen, key=fitness.__getitem__)
            if progress is not None:
                progress(generation, fitness[top] + settings.parsimony * len(seen[top]), top)
    finalists = sorted(seen, key=fitness.__getitem__, reverse=True)[:_FINALISTS]
    on_all = {text: _tau(seen[text], columns, values) - settings.parsimony * len(seen[text]) for text in finalists}
    return Formula(ast.unparse(ast.parse(max(on_all, key=on_all.__getitem__), mode="eval")), inputs)  # fewer brackets


def _check_data(scores: Mapping[str, FloatArray], values: FloatArray) -> None:
    if not scores:
        raise ValueError("a formula needs at least one input; got none")
    for name, column in scores.items():
        if not name.isidentifier() or name in FUNCTIONS:
            raise ValueError(f"an input's name in a formula must be an identifier and no function; got {name!r}")
        if column.shape != values.shape or not np.isfinite(column).all():
            raise ValueError(f"scores of {name} must be finite, one for each value; leave out rows that lack one")
    if len(values) < 16 or not np.isfinite(values).all():
        raise ValueError(f"a formula is evolved on at least 16 finite values; got {len(values)}")


def _operations(names: Sequence[str]) -> gp.PrimitiveSet:
    operations = gp.PrimitiveSet("formula", 0)
    for name in names:  # inputs are terminals that stand for their own name
        operations.addTerminal(name, name)
    for constant in _CONSTANTS:
        operations.addTerminal(constant)
    for sign, operator in OPERATORS.items():
        operations.addPrimitive(operator, 2, _NAMES[sign])
    for name, function in FUNCTIONS.items():
        operations.addPrimitive(function, 2 if name in ("maximum", "minimum") else 1, name)
    return operations


def _tournaments(
    trees: Sequence[gp.PrimitiveTree], fitness: FloatArray, settings: Evolution, rng: np.random.Generator
) -> list[gp.PrimitiveTree]:
    """As many parents as trees; fitness is finite, so that no NaN is mis-ranked."""
    drawn = rng.integers(len(trees), size=(settings.population, settings.tournament))
    return [trees[row[np.argmax(fitness[row])]] for row in drawn]


def _children(
    parents: Sequence[gp.PrimitiveTree], operations: gp.PrimitiveSet, settings: Evolution, rng: np.random.Generator
) -> list[gp.PrimitiveTree]:
    """One child a parent; one that is too large is its parent again."""
    children = []
    for index, parent in enumerate(parents):
        child = gp.PrimitiveTree(parent)
        kind = rng.random()
        if kind < settings.crossover:
            child, _ = gp.cxOnePoint(child, gp.PrimitiveTree(parents[index - 1]))
        elif kind < settings.crossover + (1 - settings.crossover) / 3:
            (child,) = gp.mutShrink(child)
        elif kind < settings.crossover + 2 * (1 - settings.crossover) / 3:
            (child,) = gp.mutNodeReplacement(child, operations)
        else:
            (child,) = gp.mutUniform(child, lambda pset, type_: gp.genHalfAndHalf(pset, 0, 2, type_), operations)
        children.append(child if len(child) <= settings.most_nodes else parent)
    return children


def _tau(tree: gp.PrimitiveTree, columns: Mapping[str, FloatArray], values: FloatArray) -> float:
    """Kendall tau; -1 where the formula is constant or overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = np.broadcast_to(_folded(tree, columns), values.shape)
    if not np.isfinite(result).all():
        return -1.0
    tau = kendall_tau(np.ascontiguousarray(result), values)
    return -1.0 if tau is None else tau


def _folded(tree: gp.PrimitiveTree, columns: Mapping[str, FloatArray]) -> FloatArray:
    functions = {**FUNCTIONS, **{_NAMES[sign]: operator for sign, operator in OPERATORS.items()}}
    stack: list[FloatArray] = []
    for node in reversed(tree):
        if node.arity:
            arguments = [stack.pop() for _ in range(node.arity)]
            stack.append(functions[node.name](*arguments))
        else:
            stack.append(columns[node.value] if node.value in columns else np.asarray(float(node.value)))
    return stack[0]


def _text(tree: gp.PrimitiveTree) -> str:
    """The tree as ``Formula`` reads it."""
    signs = {name: sign for sign, name in _NAMES.items()}
    stack: list[str] = []
    for node in reversed(tree):
        arguments = [stack.pop() for _ in range(node.arity)]
        if not arguments:
            stack.append(str(node.value))
        elif node.name in signs:
            stack.append(f"({arguments[0]} {signs[node.name]} {arguments[1]})")
        else:
            stack.append(f"{node.name}({', '.join(arguments)})")
    return stack[0]
