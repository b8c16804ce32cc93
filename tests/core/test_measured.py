"""What an objective may return, and what becomes a failure."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import core_stories as stories
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.core.failure import FAILURE_KINDS, Failure, is_out_of_memory, told
from evonas.core.objective import Missing, Subject, Training, measured

SUBJECT = Subject(stories.width_of(4), stories.Widths())


def outcome(value: Any) -> float | Failure:
    return measured(stories.Named("figure", measure=lambda subject: value), SUBJECT)


def refusal(value: Any) -> str:
    failure = outcome(value)
    assert isinstance(failure, Failure)
    assert failure.kind == "invalid"
    assert failure.message.endswith("it must return a finite number")
    return failure.message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (-0.5, -0.5),
        (np.float32(0.25), 0.25),
        (np.int64(7), 7.0),
        (np.array(1.5), 1.5),
        (np.array([[1.5]]), 1.5),
        (torch.tensor(2.5), 2.5),
        (torch.tensor([2]), 2.0),
        (torch.tensor(4.0, requires_grad=True) * 2, 8.0),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
        (Fraction(1, 4), 0.25),
        (Decimal("0.125"), 0.125),
    ],
    ids=repr,
)
def test_numbers_come_back_as_plain_floats(value: Any, expected: float) -> None:
    found = outcome(value)
    assert found == expected
    assert type(found) is float


@given(st.floats(-1e100, 1e100))
def test_every_finite_float_is_itself(value: float) -> None:
    assert outcome(value) == value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        np.float64("nan"),
        torch.tensor(math.inf),
        10**400,
        Decimal("inf"),
        10**5000,
        1.1e100,
        -1e300,
    ],
    ids=["nan", "inf", "-inf", "numpy nan", "tensor inf", "10**400", "decimal inf", "10**5000", "1e100", "-1e300"],
)
def test_what_is_not_finite_is_a_failure(value: Any) -> None:
    assert "'figure' returned" in refusal(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None (NoneType)"),
        (True, "True (bool)"),
        (np.True_, "(bool"),
        (torch.tensor(True), "tensor(True) (Tensor)"),
        ("0.5", "'0.5' (str)"),
        (b"1", "b'1' (bytes)"),
        (bytearray(b"1"), "(bytearray)"),
        (np.array("1.5"), "(ndarray)"),
        (1j, "1j (complex)"),
        ([0.5], "[0.5] (list)"),
        ({"error": 0.5}, "{'error': 0.5} (dict)"),
        (np.array([1.0, 2.0]), "(ndarray)"),
        (torch.zeros(2), "tensor([0., 0.]) (Tensor)"),
        (torch.zeros(0), "(Tensor)"),
        (torch.zeros((), device="meta"), "(Tensor)"),
        (lambda: 1.0, "(function)"),
    ],
)
def test_what_is_no_number_is_a_failure(value: Any, shown: str) -> None:
    assert shown in refusal(value)


def test_a_long_return_is_shown_briefly() -> None:
    assert len(refusal("x" * 10**6)) < 400
    assert len(refusal(np.zeros(10**5))) < 400


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def __float__(self) -> float:
        raise ZeroDivisionError("no number")


def test_an_object_that_fails_at_everything_is_a_failure() -> None:
    assert "(Unspeakable)" in refusal(Unspeakable())


class OutOfMemoryError(RuntimeError):
    """As another library might call its own."""


def raising(error: BaseException) -> Failure:
    def measure(subject: Subject) -> float:
        raise error

    failure = measured(stories.Named("figure", measure=measure), SUBJECT)
    assert isinstance(failure, Failure)
    return failure


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("no such layer"), "invalid", "objective 'figure' raised ValueError: no such layer"),
        (AssertionError(), "invalid", "objective 'figure' raised AssertionError"),
        (KeyError("x"), "invalid", "objective 'figure' raised KeyError: 'x'"),
        (ValueError("out of memory, says a paper"), "invalid", "objective 'figure' raised ValueError: out of memory,"),
        (MemoryError(), "out_of_memory", "objective 'figure' ran out of memory: MemoryError"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory", "OutOfMemoryError: CUDA out of memory"),
        (OutOfMemoryError("device"), "out_of_memory", "OutOfMemoryError: device"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "out_of_memory", "CUDNN_STATUS_ALLOC_FAILED"),
        (RuntimeError("shapes cannot be multiplied"), "invalid", "raised RuntimeError: shapes cannot be multiplied"),
    ],
)
def test_what_an_objective_raises_is_a_failure(error: BaseException, kind: str, message: str) -> None:
    failure = raising(error)
    assert failure.kind == kind
    assert message in failure.message


def test_a_real_lack_of_memory_is_told_from_other_failures() -> None:
    with pytest.raises(RuntimeError, match="allocate") as caught:
        torch.empty(2**50)
    assert is_out_of_memory(caught.value)
    assert raising(caught.value).kind == "out_of_memory"
    with pytest.raises(MemoryError, match="allocate") as refused:
        np.empty(2**50)
    assert is_out_of_memory(refused.value)


def test_interruptions_are_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        raising(KeyboardInterrupt("Ctrl-C"))


def test_errors_are_told_in_a_line() -> None:
    assert told(ValueError("why")) == "ValueError: why"
    assert told(ValueError()) == "ValueError"


def test_kinds_of_failure() -> None:
    assert FAILURE_KINDS == ("out_of_memory", "divergence", "timeout", "crash", "preemption", "invalid")


def trained(model: torch.nn.Module) -> Training:
    return Training(model, {"validation_error": 0.25}, torch.zeros(2, 3), torch.zeros(2), epochs=1, seconds=0.5)


def test_a_subject_shows_as_much_as_there_is() -> None:
    built, fitted = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    assert SUBJECT.cost.parameters == 26
    assert Subject(SUBJECT.architecture, SUBJECT.space, built=built).model is built
    both = Subject(SUBJECT.architecture, SUBJECT.space, built=built, trained=trained(fitted))
    assert both.model is fitted
    assert both.training.validation_error == 0.25


def test_a_subject_says_what_is_missing() -> None:
    with pytest.raises(Missing, match=r"no model is built.*say needs='model' or needs='training'"):
        _ = SUBJECT.model
    with pytest.raises(Missing, match=r"nothing is trained for this objective; say needs='training'"):
        _ = Subject(SUBJECT.architecture, SUBJECT.space, built=torch.nn.Linear(3, 2)).training
    failure = measured(stories.Named("figure", measure=lambda subject: subject.training.epochs), SUBJECT)
    assert isinstance(failure, Failure)
    assert "say needs='training'" in failure.message
