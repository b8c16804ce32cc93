"""The contract of an objective, and what it may look at."""

from __future__ import annotations

import math
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from evonas.core.failure import Failure, is_out_of_memory, told
from spaces.architecture import Architecture
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import Tensor, nn

Needs = Literal["architecture", "model", "training"]
Goal = Literal["min", "max"]
NEEDS: tuple[str, ...] = get_args(Needs)
GOALS: tuple[str, ...] = get_args(Goal)


@dataclass(frozen=True, slots=True)
class Training:
    """A trained network and what its training recorded.

    Attributes:
        model: The trained network, in evaluation mode, on the training device.
        metrics: Final figures by name: ``validation_error`` (share of wrong answers in [0, 1]; of a regression the root
            of the mean squared error), ``validation_loss`` (cross-entropy in nats, or the mean squared error) and
            ``train_loss``; ``peak_memory_mb`` where the device can tell, ``batch_size`` where it was halved, ``packed``
            where networks trained as one: how many, with their ``pack_peak_memory_mb``. A final retraining adds
            ``test_error``.
        inputs: Validation inputs ``(n, *input_shape)`` on the training device, as the network takes them; of
            pixels that would take more than 256 MiB so, the first.
        targets: Their targets.
        epochs: Epochs trained.
        seconds: Wall time of the training.
        curve: One mapping an epoch.
    """

    model: nn.Module
    metrics: Mapping[str, float]
    inputs: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    epochs: int
    seconds: float
    curve: tuple[Mapping[str, float], ...] = field(default=(), repr=False)

    @property
    def validation_error(self) -> float:
        """Share of validation examples classified wrongly, in [0, 1]; a regression's root mean squared error."""
        return self.metrics["validation_error"]


class Missing(LookupError):
    """An objective asked for something that its ``needs`` does not cover."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an objective looks at: an architecture, and as much of its life as the objective's ``needs`` covers.

    Attributes:
        architecture: The architecture with dead parts removed.
        space: Its search space.
        built: The untrained network, for ``needs="model"``.
        trained: The trained network, for ``needs="training"``.
        figures: What a table says of it, by column; empty where there is no table.
    """

    architecture: Architecture
    space: Space
    built: nn.Module | None = None
    trained: Training | None = None
    figures: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def cost(self) -> Cost:
        """Parameters and multiply-accumulates, exact."""
        return self.space.cost(self.architecture)

    @property
    def model(self) -> nn.Module:
        """The trained network where there is one, else the built one."""
        if self.trained is not None:
            return self.trained.model
        if self.built is not None:
            return self.built
        raise Missing("no model is built for needs='architecture'; say needs='model' or needs='training'")

    @property
    def training(self) -> Training:
        """The trained network with its record."""
        if self.trained is None:
            raise Missing("nothing is trained for this objective; say needs='training'")
        return self.trained


class Unavailable(ValueError):
    """An objective cannot be measured on this machine; its constructor says what is missing and the remedy."""


class Objective(ABC):
    """One figure to minimise or maximise.

    Attributes:
        name: Unique within a campaign; a column in every table.
        needs: ``architecture`` (exact, microseconds), ``model`` (built, untrained) or ``training``.
        goal: ``min`` or ``max``. Applied once, where values enter the archive.
        unit: Shown beside the figure, e.g. ``"ms"``; empty for counts and shares.
        noisy: Whether measuring again gives a slightly other figure, because a clock or a meter is read.
        alone_on: A GPU that nothing else may use while it is measured, as ``cuda:0``; None where that is no matter.
    """

    name: str
    needs: Needs
    goal: Goal
    unit: str
    noisy: bool = False
    alone_on: str | None = None

    @abstractmethod
    def measure(self, subject: Subject) -> float:
        """The figure for one subject, in the objective's own unit and direction."""


def measured(objective: Objective, subject: Subject) -> float | Failure:
    """Measures and checks: what is no finite number becomes a failure that names the objective and the remedy."""
    try:
        value = objective.measure(subject)
    except Exception as error:
        if is_out_of_memory(error):
            return Failure("out_of_memory", f"objective {objective.name!r} ran out of memory: {told(error)}")
        return Failure("invalid", f"objective {objective.name!r} raised {told(error)}")
    number = as_number(value)
    if number is None:
        return Failure(
            "invalid",
            f"objective {objective.name!r} returned {_SHORT.repr(value)} ({type(value).__name__}); "
            "it must return a finite number",
        )
    if not is_finite(number):
        return Failure("invalid", f"objective {objective.name!r} returned {number}; it must return a finite number")
    return number


LARGEST = 1e100
"""What is larger in size counts as infinite: sums, squares and differences of such figures overflow."""


def is_finite(number: float) -> bool:
    """Whether predictors, distances and hypervolumes can do with a figure: neither NaN nor beyond ``LARGEST``."""
    return abs(number) <= LARGEST


def as_number(value: object) -> float | None:
    """A number, or a tensor or array that holds one, as a float; None for anything else, texts and truths included."""
    if type(value) is float:
        return value
    import torch

    try:
        if isinstance(value, (np.ndarray, np.generic, torch.Tensor)) and math.prod(value.shape) == 1:
            value = value.item()
        return None if isinstance(value, (bool, str, bytes, bytearray)) else float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf
    except Exception:
        return None


_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = 200
