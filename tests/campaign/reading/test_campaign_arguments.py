"""Arguments against constructors, without a campaign file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import Field

from evonas.campaign.reading.arguments import check_arguments, converted_arguments, describe, own_parameters
from evonas.campaign.reading.rooms import Supply

if TYPE_CHECKING:
    from torch import Tensor


class Part:
    def __init__(
        self,
        problem: object,
        loss: Literal["hinge", "logistic", 3] = "hinge",
        widths: Sequence[int] | int | None = None,
        pair: tuple[int, float] = (1, 2.0),
        share: Annotated[float, Field(gt=0, lt=1)] = 0.5,
        path: Path = Path(),
        table: Mapping[str, float] | None = None,
        tensor: Tensor | None = None,
        call: Callable[[int], int] | None = None,
        untyped=None,  # type: ignore[no-untyped-def]
        *,
        verbose: bool = False,
        predictor: object = None,
    ) -> None: ...


@dataclass
class Record:
    size: int
    names: tuple[str, ...] = ()


class Anything:
    def __init__(self, **arguments: Any) -> None: ...


SUPPLY = Supply(first="problem", always=frozenset({"predictor"}))


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"loss": "logistic"},
        {"loss": 3},
        {"widths": 4},
        {"widths": [4, 8]},
        {"widths": None},
        {"pair": [1, 2]},
        {"share": 0.25},
        {"path": "data/x"},
        {"table": {"a": 1}},
        {"tensor": "not checked"},
        {"untyped": [1]},
        {"verbose": True},
    ],
)
def test_what_fits(arguments: dict[str, Any]) -> None:
    assert check_arguments(Part, arguments, SUPPLY) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"loss": "hing"}, "expected one of hinge, logistic, 3. Got 'hing'. Did you mean 'hinge'?"),
        ({"widths": 4.0}, "expected a list of whole numbers or a whole number or null. Got 4.0; write 4."),
        ({"widths": [4, "8"]}, "expected a list of whole numbers or a whole number or null. Got [4, '8']."),
        ({"widths": True}, "expected a list of whole numbers or a whole number or null. Got true."),
        ({"pair": [1]}, "expected a list of 2: a whole number, a number. Got [1]."),
        ({"share": 1.5}, "expected a number. Got 1.5: input should be less than 1."),
        ({"path": 3}, "expected a path. Got 3."),
        ({"table": [1]}, "expected a mapping or null. Got [1]."),
        ({"verbose": 1}, "expected true or false. Got 1."),
        ({"verbose": "yes"}, "expected true or false. Got 'yes'; write true."),
        ({"vebose": True}, "unknown argument; expected one of loss, widths, pair, share, path, table, tensor, call, "),
        ({"problem": 1}, "unknown argument;"),
        ({"predictor": 1}, "the engine gives 'predictor' to the component itself; leave it out here."),
    ],
)
def test_what_does_not(arguments: dict[str, Any], said: str) -> None:
    (fault,) = check_arguments(Part, arguments, SUPPLY)
    assert fault.message.startswith(said)
    assert fault.path == tuple(arguments)


def test_dataclasses_and_open_constructors() -> None:
    (fault,) = check_arguments(Record, {"names": ["a"]})
    assert fault.message == "the argument 'size' is required: expected a whole number. Got none."
    assert fault.path == ()
    assert check_arguments(Record, {"size": 3, "names": ["a"]}) == []
    assert check_arguments(Record, {"names": []}, Supply(unless_given=frozenset({"size"}))) == []
    assert check_arguments(Anything, {"whatever": 3}) == []


def test_conversion() -> None:
    converted = converted_arguments(Part, {"pair": [1, 2], "path": "x", "loss": "hinge", "untyped": [1]})
    assert converted == {"pair": (1, 2.0), "path": Path("x"), "loss": "hinge", "untyped": [1]}
    assert converted_arguments(Record, {"size": 1, "names": ["a"]}) == {"size": 1, "names": ("a",)}


def test_own_parameters() -> None:
    assert list(own_parameters(Record)) == ["size", "names"]
    assert "predictor" not in own_parameters(Part, SUPPLY)
    assert "problem" not in own_parameters(Part, SUPPLY)


def test_describe() -> None:
    assert describe(Literal["a", True]) == "one of a, true"
    assert describe(dict[str, int]) == "a mapping"
    assert describe(list[float]) == "a list of numbers"
    assert describe(Path) == "a path"
