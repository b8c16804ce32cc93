"""Formulas over proxies and statistics of graphs: text, read without evaluating it as code."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from surrogates.predictor import FloatArray

FUNCTIONS: Mapping[str, Callable[..., FloatArray]] = MappingProxyType(
    {
        "maximum": np.maximum,
        "minimum": np.minimum,
        "tanh": np.tanh,
        "square": np.square,
        "root": lambda x: np.sign(x) * np.sqrt(np.abs(x)),
        "log": lambda x: np.sign(x) * np.log1p(np.abs(x)),
    }
)
"""Functions by the name that they have in a formula; ``root`` and ``log`` are odd, so that all have every argument."""

OPERATORS: Mapping[str, Callable[..., FloatArray]] = MappingProxyType({"+": np.add, "-": np.subtract, "*": np.multiply})
"""Operators of two arguments by their sign; a minus may also stand before one."""

_SIGNS: Mapping[type[ast.operator], str] = MappingProxyType({ast.Add: "+", ast.Sub: "-", ast.Mult: "*"})
_ARITY = {
    name: 2 if isinstance(function, np.ufunc) and function.nin == 2 else 1 for name, function in FUNCTIONS.items()
}
_LONGEST = 10_000  # characters; deep nesting would exhaust the parser


@dataclass(frozen=True, slots=True)
class Input:
    """One name of a formula: ``(log(x) - centre) / spread`` of a raw score x, with the formulas' own ``log``.

    Attributes:
        name: Of a proxy, or of a statistic of the graph (``graph_statistics.py``).
        centre: Median of log(x) where the formula was made.
        spread: Half of its interquartile range there; positive.
    """

    name: str
    centre: float
    spread: float

    @classmethod
    def of(cls, name: str, values: FloatArray) -> Input:
        """Standardises by finite ``values`` ``(n,)``; by their deviation where half of them are equal."""
        logs = FUNCTIONS["log"](np.asarray(values, np.float64))
        low, centre, high = np.quantile(logs, [0.25, 0.5, 0.75])
        return cls(name, float(centre), float((high - low) / 2 or logs.std() or 1.0))

    def standardised(self, values: FloatArray) -> FloatArray:
        """Of raw scores of any shape."""
        return np.asarray((FUNCTIONS["log"](values) - self.centre) / self.spread)


class Formula:
    """An expression over standardised proxies, such as ``jacob_cov + 2.0 * tanh(parameters)``; higher is better.

    Sums, differences, products, numbers, names and ``FUNCTIONS`` are all there is. The text is parsed to a tree, of
    which every node is checked; nothing is ever evaluated as code.

    Args:
        text: The expression.
        inputs: Its names; those that it does not use are dropped.

    Raises:
        ValueError: The text is no such expression, or names what is no input.
    """

    def __init__(self, text: str, inputs: Iterator[Input] | tuple[Input, ...] | list[Input]) -> None:
        self.text = text
        known = {one.name: one for one in inputs}
        self._tree = _parsed(text)
        used = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)} - set(FUNCTIONS)
        unknown = sorted(used - set(known))
        if unknown:
            raise ValueError(
                f"formula {_short(text)}: {', '.join(unknown)} is no input; it has {', '.join(sorted(known)) or 'none'}"
            )
        if not used:
            raise ValueError(f"formula {_short(text)} names no input, so it scores all alike")
        self.inputs = tuple(known[name] for name in sorted(used))

    @classmethod
    def read(cls, path: Path) -> Formula:
        """Reads the ``formula`` and ``inputs`` of a JSON file, as ``runs/evolve_proxy.py`` writes it.

        Raises:
            OSError: It cannot be read.
            ValueError: It is no such file.
        """
        try:
            document = json.loads(path.read_text())
            inputs = [Input(str(one["name"]), float(one["centre"]), float(one["spread"])) for one in document["inputs"]]
            text = str(document["formula"])
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path}: a formula's file is JSON with 'formula' and 'inputs' of name, centre and spread; "
                f"{type(error).__name__}: {error}. Write it with runs/evolve_proxy.py"
            ) from error
        for one in inputs:
            if not (np.isfinite(one.centre) and np.isfinite(one.spread) and one.spread > 0):
                raise ValueError(f"{path}: input {one.name} must have a finite centre and a positive spread; got {one}")
        return cls(text, inputs)

    def to_json(self) -> dict[str, Any]:
        """What ``read`` reads."""
        inputs = [{"name": one.name, "centre": one.centre, "spread": one.spread} for one in self.inputs]
        return {"formula": self.text, "inputs": inputs}

    def apply(self, scores: Mapping[str, FloatArray]) -> FloatArray:
        """The formula's value for raw scores by name, all of one shape; NaN where an input is not known.

        Where numbers overflow the result is infinite or NaN.

        Raises:
            KeyError: An input is missing.
        """
        columns = {one.name: one.standardised(np.asarray(scores[one.name], np.float64)) for one in self.inputs}
        with np.errstate(over="ignore", invalid="ignore"):
            return _value(self._tree, columns)


def _parsed(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ValueError(f"a formula has at most {_LONGEST:,} characters; this has {len(text):,}")
    try:
        tree = ast.parse(text, mode="eval").body
        _check(tree, text)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"formula {_short(text)} cannot be read: {type(error).__name__}: {error}") from error
    return tree


def _check(node: ast.expr, text: str) -> None:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            _check(left, text)
            _check(right, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, text)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if _ARITY.get(name) == len(arguments):
            for argument in arguments:
                _check(argument, text)
        case ast.Name(id=name) if name not in FUNCTIONS:
            pass
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and abs(number) < 1e9:
            pass
        case _:
            raise ValueError(
                f"formula {_short(text)}: {ast.unparse(node)[:60]!r} is none of: a name, a number below 1e9, "
                f"+, -, *, and {', '.join(f'{name} of {arity}' for name, arity in sorted(_ARITY.items()))}"
            )


def _value(node: ast.expr, columns: Mapping[str, FloatArray]) -> FloatArray:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return np.asarray(OPERATORS[_SIGNS[type(operator)]](_value(left, columns), _value(right, columns)))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, columns)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return np.asarray(FUNCTIONS[name](*(_value(argument, columns) for argument in arguments)))
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as number):
            return np.asarray(float(number))
        case _:  # every node was checked when the text was read
            raise AssertionError(ast.dump(node))


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "…")
