"""What an evaluation brought home, as the journal can hold it."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection, Mapping

from evonas.core.evaluation import Evaluation
from evonas.core.failure import FAILURE_KINDS, Failure, clipped, told
from evonas.core.objective import as_number, is_finite
from evonas.core.stop import Stop

Curve = tuple[Mapping[str, float], ...]


MOST_EPOCHS = 2**53
"""Beyond which a number is no longer known to the last epoch, and soon has no place in a journal."""


class _Broken(Exception):
    """The contract of an evaluation is broken; says what was told and what must be."""


def brought_home(evaluation: Evaluation, wanted: Collection[str]) -> Evaluation:
    """The evaluation with plain numbers. What breaks the contract is a failure, for evaluators may be the user's own.

    Args:
        evaluation: As the evaluator gave it.
        wanted: Figures that must be there; whatever else is, must be a finite number, too.
    """
    try:
        return _plain(evaluation, wanted)
    except _Broken as broken:
        said = str(broken)
    except Exception as error:  # whatever else a part may be
        said = f"told what cannot be read: {told(error)}"
    seconds = as_number(evaluation.seconds)
    known = seconds if seconds is not None and 0 <= seconds < math.inf else 0.0
    return Evaluation({}, known, Failure("invalid", f"the evaluator {said}"))


def _plain(evaluation: Evaluation, wanted: Collection[str]) -> Evaluation:
    seconds = as_number(evaluation.seconds)
    if seconds is None or not 0 <= seconds < math.inf:
        raise _Broken(f"told {evaluation.seconds!r} seconds; they are a finite number from 0")
    epochs = _epochs(evaluation.epochs)
    if evaluation.failure is not None:
        return Evaluation({}, seconds, _failure(evaluation.failure), epochs, _curve(evaluation.curve))
    if evaluation.stop is not None:
        stop = _stop(evaluation.stop)
        # The journal keeps a stop's losses as the curve.
        return Evaluation({}, seconds, None, epochs, tuple({"train_loss": loss} for loss in stop.losses), stop)
    return Evaluation(_values(evaluation.values, wanted), seconds, None, epochs, _curve(evaluation.curve))


def _epochs(told: object) -> int:
    epochs = as_number(told)
    if epochs is None or not 0 <= epochs < MOST_EPOCHS or not epochs.is_integer():
        raise _Broken(f"told {reprlib.repr(told)} epochs; they are a whole number from 0")
    return int(epochs)


def _values(values: object, wanted: Collection[str]) -> dict[str, float]:
    if not isinstance(values, Mapping):
        raise _Broken(f"gave {reprlib.repr(values)} as values; it must give a mapping of names to finite numbers")
    plain: dict[str, float] = {}
    for name in dict.fromkeys((*wanted, *values)):
        if not isinstance(name, str):
            raise _Broken(f"gave a value for {reprlib.repr(name)}; names are texts")
        number = as_number(values.get(name))
        if number is None or not is_finite(number):
            raise _Broken(f"gave {reprlib.repr(values.get(name))} for {name!r}; it must give a finite number")
        plain[name] = number
    return plain


def _curve(curve: object) -> Curve:
    epochs = list(curve) if isinstance(curve, (list, tuple)) else [None]
    plain = []
    for epoch in epochs:
        known = {name: as_number(value) for name, value in epoch.items()} if isinstance(epoch, Mapping) else {"": None}
        plain.append({name: value for name, value in known.items() if isinstance(name, str) and value is not None})
        if len(plain[-1]) < len(known):
            raise _Broken(
                f"gave {reprlib.repr(curve)} as curve; it must give one mapping an epoch, of names to numbers"
            )
    return tuple(plain)


def _failure(failure: object) -> Failure:
    if not isinstance(failure, Failure) or failure.kind not in FAILURE_KINDS or not isinstance(failure.message, str):
        kinds = ", ".join(FAILURE_KINDS)
        raise _Broken(
            f"gave {failure!r:.200} as failure; it must give a Failure of a kind among {kinds}, with a message"
        )
    return Failure(failure.kind, clipped(failure.message))


def _stop(stop: object) -> Stop:
    if not isinstance(stop, Stop):
        raise _Broken(f"stopped a training with {reprlib.repr(stop)}; it must say so with a Stop")
    losses = [as_number(loss) for loss in stop.losses]
    finite = tuple(loss for loss in losses if loss is not None and math.isfinite(loss))
    if not losses or len(finite) < len(losses):
        raise _Broken(f"stopped a training after the losses {stop.losses}; it must tell finite ones")
    full_epochs = _epochs(stop.full_epochs)
    if len(losses) >= full_epochs:
        raise _Broken(f"stopped a training after {len(losses)} of {full_epochs} epochs; it must be before its end")
    return Stop(full_epochs, clipped(str(stop.message)), finite)
