"""Spaces that are lists of choices: name the genes and their values, say what a network of them is, and be done.

    class MySpace(ChoiceSpace):
        def __init__(self, input_shape=(1, 8, 8), classes=10):
            layer = Layers("layer", depth=[1, 2, 3], choices=[Choice("width", [8, 16])])
            super().__init__([Choice("activation", ["relu", "gelu"])], [layer], input_shape, classes)

        def cost(self, architecture): ...   # both read the genes: self.genes(architecture).layers["layer"][0]["width"]
        def build(self, architecture): ...

``docs/own_space.md`` shows a whole one. Spaces of other shapes than a chain of layers implement ``Space`` itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

import numpy as np

from spaces._argument_checks import listed, whole
from spaces._choices_genes import Choice, Genes, Layers, Value
from spaces._choices_genome import Genome
from spaces._choices_notation import parsed, written
from spaces.architecture import Architecture
from spaces.space import Space

__all__ = ["Choice", "ChoiceSpace", "Genes", "Layers"]


class ChoiceSpace(Space):
    """Networks that are a chain of layers described by choices: ``input``, the runs of layers in order, ``output``.

    A leaf's constructor declares the genes; the leaf implements ``cost`` and ``build``, the two things that only it can
    know. Everything else is here and final. The house holds that a class is an interface or a leaf. This one is an
    interface that keeps its promises itself: it stays abstract, its concrete methods are ``final``, and so nothing is
    ever overridden. The wrapper that would avoid even this (a description, and a final space that holds it) could not
    be named ``my.module.MySpace`` in a campaign.

    A choice of the whole network is one of the architecture's settings, a choice of a layer one of its node's
    attributes; depths are the numbers of nodes. One edit changes one choice, or the depth of one run: a shorter run
    loses its last layers, a longer one repeats its last layer, or has first values where there was none.
    """

    _genome: Genome

    def __init__(
        self,
        settings: Sequence[Choice] = (),
        layers: Sequence[Layers] = (),
        input_shape: Sequence[int] = (1,),
        classes: int = 10,
    ) -> None:
        """Declares the genes.

        Args:
            settings: Choices of the whole network.
            layers: Runs of layers, in the order in which the network has them.
            input_shape: Shape of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule, two genes share a name, or no gene has two values.
        """
        self._genome = Genome(tuple(settings), tuple(layers))
        self.ops = ("input", *(run.op for run in layers), "output")
        self.attributes = tuple(dict.fromkeys(pair[0] for run in layers for c in run.choices for pair in c.pairs))
        self.input_shape = tuple(whole(value, "input_shape") for value in listed(input_shape, "input_shape"))
        if not self.input_shape:
            raise ValueError(f"input_shape must be the shape of one example; got {input_shape!r}")
        self.classes = whole(classes, "classes")
        self.size: int = self._genome.size

    @final
    def genes(self, architecture: Architecture) -> Genes:
        """The values that were chosen for ``architecture``.

        Raises:
            ValueError: It is no member of the space.
        """
        settings, runs = self._genome.read(architecture)
        return Genes(
            _named(self._genome.settings, settings),
            {
                run.op: tuple([_named(run.choices, row) for row in rows])
                for run, rows in zip(self._genome.layers, runs, strict=True)
            },
        )

    @final
    def sample(self, rng: np.random.Generator) -> Architecture:
        """Every setting, depth and choice of a layer drawn evenly and independently.

        So all depths are equally likely, and a shallow network likelier than any one deep network.
        """
        return self._genome.graph(self._genome.sampled(rng))

    @final
    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One of ``neighbours``, drawn evenly: all of them change the function."""
        numbers = self._genome.read(architecture)
        edit = int(rng.random() * self._genome.edits(numbers))
        return self._genome.graph(self._genome.edited(numbers, edit))

    @final
    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Each setting, each depth, and each choice of each layer from either parent with equal chance.

        Where only one parent has so deep a layer, that layer is the parent's.
        """
        genome = self._genome
        return genome.graph(genome.crossed(genome.read(left), genome.read(right), rng))

    @final
    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Every other value of every setting, depth and choice of a layer."""
        numbers = self._genome.read(architecture)
        return (self._genome.graph(self._genome.edited(numbers, edit)) for edit in range(self._genome.edits(numbers)))

    @final
    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a chain of this space's layers with values of its choices."""
        self._genome.read(architecture)

    @final
    def simplify(self, architecture: Architecture) -> Architecture:
        """The architecture itself: no layer is dead, and different genes are different networks."""
        self._genome.read(architecture)
        return architecture

    @final
    def parse(self, text: str) -> Architecture:
        """Reads what ``format`` writes; white space at both ends is ignored."""
        return self._genome.graph(parsed(text, self._genome.settings, self._genome.layers))

    @final
    def format(self, architecture: Architecture) -> str:
        """Settings by name, then each run's layers with their values in the order of its choices.

        For example ``activation=relu; convolution: 3/16 5/32; linear:`` for two layers of kernel and width, and none.
        """
        return written(self._genome.read(architecture), self._genome.settings, self._genome.layers)


def _named(choices: Sequence[Choice], row: tuple[int, ...]) -> dict[str, Value]:
    return {choice.name: choice.values[number] for choice, number in zip(choices, row, strict=True)}
