"""The contract of a search space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spaces.architecture import Architecture

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network costs to store and to run once on one example.

    Attributes:
        parameters: Trainable parameters.
        macs: Multiply-accumulate operations of convolutions and linear layers for one example (half of the flops that
            ``torch.utils.flop_counter`` counts).
    """

    parameters: int
    macs: int


class Space(ABC):
    """A set of architectures: how to sample, vary, check, count and build them.

    A space is immutable and picklable; all randomness comes from the generator passed in.

    Attributes:
        ops: Vocabulary of operation names, for encoders; every node's ``op`` is one of them.
        attributes: Names that a node's attributes may have.
        input_shape: Shape of one example, ``(channels, height, width)`` for images.
        classes: Width of the network's output.
        size: Number of distinct notations, or None where the space is unbounded.
        vocabulary: Where an example is a sequence of token ids, their number: ``input_shape`` is ``(tokens,)`` and each
            id a whole number below it. None where examples are real numbers.
    """

    ops: tuple[str, ...]
    attributes: tuple[str, ...]
    input_shape: tuple[int, ...]
    classes: int
    size: int | None
    vocabulary: int | None = None

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Architecture:
        """A random architecture; says in its docstring which distribution it draws from."""

    @abstractmethod
    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One random edit of ``architecture``, drawn evenly from those of ``neighbours`` that change the function.

        The result differs from its parent after ``simplify``.
        """

    @abstractmethod
    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """A child each of whose genes comes from one of its two parents."""

    @abstractmethod
    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Every result of exactly one edit, whether or not the edit changes the function."""

    @abstractmethod
    def check(self, architecture: Architecture) -> None:
        """Passes silently where ``architecture`` belongs to the space.

        Raises:
            ValueError: It does not; the message says the rule, the value and the remedy.
        """

    @abstractmethod
    def simplify(self, architecture: Architecture) -> Architecture:
        """The same function with dead parts removed; idempotent. The result's ``key`` is the network's identity.

        The result need not be a member of the space (``check`` and ``format`` may refuse it); ``cost``, ``build`` and
        ``simplify`` accept it.
        """

    @abstractmethod
    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of what ``build`` makes of this graph, dead parts included; no model is built.

        Simplify first to count only what is alive.
        """

    @abstractmethod
    def build(self, architecture: Architecture) -> nn.Module:
        """The network: ``(batch, *input_shape)`` to ``(batch, classes)``, freshly initialised.

        Weights are drawn from torch's current generator; callers that need a seed fork and set it.
        """

    @abstractmethod
    def parse(self, text: str) -> Architecture:
        """Reads the space's own published notation.

        Raises:
            ValueError: The text does not parse; the message says where.
        """

    @abstractmethod
    def format(self, architecture: Architecture) -> str:
        """Writes the space's own published notation; ``parse`` reads it back to an equal architecture."""
