"""Any space with a number of bits for the weights of each operation, and the training recipe, searched jointly.

After SimQ-NAS (Sridhar et al. 2023, arXiv:2312.13301), which searches the quantisation policy with the architecture,
and FBNetV3 (Dai et al., CVPR 2021), which searches the training recipe with it. The graph is the wrapped space's; each
node that is quantised has an attribute ``bits``, and the recipe stands in the settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from spaces._mixed_precision_arguments import bit_widths, quantised_ops, recipes, wrapped
from spaces._mixed_precision_policy import (
    SEPARATOR,
    Bits,
    bare_graph,
    bits_of,
    carried,
    dressed,
    fault,
    number_text,
    parsed_number,
    split_notation,
)
from spaces.architecture import Architecture
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

_DEFAULT = {"name": "cell201", "skeleton": "compact"}

Recipe = tuple[tuple[str, float], ...]


class MixedPrecision(Space):
    """Wraps a space: bits of each operation's weights, and optional settings of the training, beside its architecture.

    ``build`` quantises the weights of two or more axes of every quantised node to its bits and back (fake quantisation:
    symmetric, one scale an output channel; Krishnamoorthi 2018) and passes gradients straight through (Bengio et al.
    2013), so that the network is trained for the precision it is used in. Activations, biases, normalisations and what
    stands around the nodes keep 32 bits. ``cost`` is the wrapped space's; ``stored_bits`` counts a built network's.

    The recipe's settings (``learning_rate``, ``weight_decay``, ``epochs``, ``augmentation``: a strength, 0 for none)
    change nothing in the network: an evaluator reads them, ``architecture.setting("learning_rate")``.

    The notation is the wrapped space's, then the policy: `` @ bits=8-2-4 epochs=20``, the bits in the order of the
    quantised nodes. What a wrapped space has to do: its ``simplify`` keeps attributes that it does not know with their
    nodes, and its networks hold node i as ``operations[i]`` of a ``ModuleList``, as all spaces here that can be wrapped
    do. ``size`` is None: how many policies an architecture has depends on its number of quantised nodes.
    """

    def __init__(
        self,
        space: Mapping[str, Any] | str | Space | None = None,
        bits: Sequence[int] | int = (2, 4, 8),
        quantised: Sequence[str] | str = ("nor_conv_1x1", "nor_conv_3x3"),
        recipe: Mapping[str, Sequence[float] | float] | None = None,
        input_shape: Sequence[int] | None = None,
        classes: int | None = None,
    ) -> None:
        """Chooses the space to wrap and the policies to search.

        Args:
            space: A name, a mapping of ``name`` and arguments, or a space. Default: ``cell201``, compact.
            bits: Widths of weights to choose from: 2 to 16, or 32 for weights as they are.
            quantised: Operations of the space that have weights; those of ``cell201`` by default.
            recipe: Choices of the training's settings by name; none are searched by default.
            input_shape: Shape of one example, for a space that is made from its name; its own default where left out.
            classes: Width of the output, likewise.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self._space = wrapped(_DEFAULT if space is None else space, input_shape, classes)
        self.bits = bit_widths(bits)
        self.quantised = quantised_ops(quantised, self._space)
        self._recipe = recipes(recipe, self._space)
        self._recipe_names = tuple(name for name, _ in self._recipe)
        self.ops = self._space.ops
        self.attributes = (*self._space.attributes, "bits")
        self.input_shape = self._space.input_shape
        self.classes = self._space.classes
        self.vocabulary = self._space.vocabulary
        self.size: int | None = None

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A sample of the wrapped space; bits of each quantised node, and the recipe, are drawn evenly."""
        inner = self._space.sample(rng)
        draws = iter(rng.random(len(inner.nodes) + len(self._recipe)).tolist())
        recipe = tuple([(name, choices[int(next(draws) * len(choices))]) for name, choices in self._recipe])
        bits: Bits = [
            self.bits[int(next(draws) * len(self.bits))] if node.op in self.quantised else None for node in inner.nodes
        ]
        return self._joined(inner, bits, recipe)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One edit of the architecture, of one node's bits or of the recipe; even over those that change the network.

        A network that is trained otherwise is another one. Lists the wrapped space's neighbours, and takes as long.
        """
        inner, bits, recipe = self._split(architecture)
        identity = self.simplify(architecture).key
        near = list(self._space.neighbours(inner))
        policies = list(self._policy_edits(bits, recipe))
        edits = list(range(len(near) + len(policies)))
        while edits:
            edit = edits.pop(int(rng.random() * len(edits)))
            if edit < len(near):
                child = self._inherited(near[edit], inner, bits, recipe)
            else:
                child = self._joined(inner, *policies[edit - len(near)])
            if self.simplify(child).key != identity:
                return child
        raise AssertionError(f"no edit of {self.format(architecture)} changes its network")

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """The wrapped space's crossover; each node's bits and each of the recipe's settings from either parent.

        A node that corresponds to a quantised one in one parent alone has that one's bits.
        """
        ours, our_bits, our_recipe = self._split(left)
        theirs, their_bits, their_recipe = self._split(right)
        child = self._space.crossover(ours, theirs, rng)
        coins = iter((rng.random(len(child.nodes) + len(self._recipe)) < 0.5).tolist())
        recipe = tuple([a if next(coins) else b for a, b in zip(our_recipe, their_recipe, strict=True)])
        bits: Bits = []
        for a, b in zip(
            carried(ours.nodes, our_bits, child.nodes), carried(theirs.nodes, their_bits, child.nodes), strict=True
        ):
            first, second = (a, b) if next(coins) else (b, a)
            bits.append(second if first is None else first)
        return self._joined(child, self._completed(child, bits), recipe)

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Those of the wrapped space, then other bits of one quantised node, then other values of one setting.

        A child keeps its parent's bits where nodes correspond; a node that is quantised anew has the most bits.
        """
        inner, bits, recipe = self._split(architecture)
        near = (self._inherited(child, inner, bits, recipe) for child in self._space.neighbours(inner))
        return chain(near, (self._joined(inner, *policy) for policy in self._policy_edits(bits, recipe)))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph without its policy is the wrapped space's, and every quantised node has bits."""
        inner, _, _ = self._split(architecture)
        self._space.check(inner)

    def simplify(self, architecture: Architecture) -> Architecture:
        """As the wrapped space does; nodes keep their bits, and the recipe stays."""
        settings = architecture.settings
        recipe = tuple([pair for pair in settings if pair[0] in self._recipe_names])
        if recipe:
            settings = tuple([pair for pair in settings if pair[0] not in self._recipe_names])
            simple = self._space.simplify(Architecture(architecture.nodes, architecture.edges, settings))
            simple = Architecture(simple.nodes, simple.edges, tuple(sorted((*simple.settings, *recipe))))
        else:
            simple = self._space.simplify(architecture)
        self._check_kept(architecture, simple)
        return simple

    def cost(self, architecture: Architecture) -> Cost:
        """The wrapped space's; a weight of few bits is one parameter, and counts in one multiply-accumulate."""
        return self._space.cost(bare_graph(architecture, self._recipe_names))

    def build(self, architecture: Architecture) -> nn.Module:
        """The wrapped space's network with the weights of its nodes quantised to their bits."""
        from spaces._mixed_precision_network import quantise  # torch takes a second to import

        widths = {place: width for place, node in enumerate(architecture.nodes) if (width := bits_of(node)) is not None}
        return quantise(self._space.build(bare_graph(architecture, self._recipe_names)), widths)

    def parse(self, text: str) -> Architecture:
        """Reads the wrapped space's notation, `` @ bits=8-2-4`` and the recipe's settings, ``epochs=20`` and so on."""
        notation, fields = split_notation(text)
        inner = self._space.parse(notation)
        places = [place for place, node in enumerate(inner.nodes) if node.op in self.quantised]
        bits: Bits = [None] * len(inner.nodes)
        recipe: dict[str, float] = {}
        choices = dict(self._recipe)
        waiting = ["bits", *self._recipe_names]
        for position, name, value in fields:
            if name not in waiting:
                raise fault(text, position, " or ".join(f"'{other}='" for other in waiting) or "the end")
            waiting.remove(name)
            position += len(name) + 1
            if name in choices:
                recipe[name] = parsed_number(text, position, value, choices[name])
                continue
            widths = value.split("-") if value else []
            if len(widths) != len(places):
                raise fault(text, position, f"bits of {len(places)} quantised nodes, not of {len(widths)}")
            for place, width in zip(places, widths, strict=True):
                bits[place] = int(parsed_number(text, position, width, self.bits))
                position += len(width) + 1
        if waiting:
            raise fault(text, len(text), f"'{waiting[0]}='")
        return self._joined(inner, bits, tuple(sorted(recipe.items())))

    def format(self, architecture: Architecture) -> str:
        """Writes the wrapped space's notation, then the bits, then the recipe by name."""
        inner, bits, recipe = self._split(architecture)
        policy = "-".join([str(width) for width in bits if width is not None])
        settings = "".join([f" {name}={number_text(value)}" for name, value in recipe])
        return f"{self._space.format(inner)}{SEPARATOR}bits={policy}{settings}"

    def _check_kept(self, architecture: Architecture, simple: Architecture) -> None:
        if any(bits_of(node) for node in simple.nodes) or not any(node.op in self.quantised for node in simple.nodes):
            return
        if any(bits_of(node) for node in architecture.nodes):
            raise ValueError(
                f"simplify of {type(self._space).__name__} drops the attribute 'bits': a space that is wrapped keeps "
                "attributes that it does not know with their nodes"
            )

    def _policy_edits(self, bits: Bits, recipe: Recipe) -> Iterator[tuple[Bits, Recipe]]:
        for place, width in enumerate(bits):
            if width is not None:
                yield from (
                    ([*bits[:place], other, *bits[place + 1 :]], recipe) for other in self.bits if other != width
                )
        for place, (name, choices) in enumerate(self._recipe):
            for value in choices:
                if value != recipe[place][1]:
                    yield bits, (*recipe[:place], (name, value), *recipe[place + 1 :])

    def _inherited(self, child: Architecture, parent: Architecture, bits: Bits, recipe: Recipe) -> Architecture:
        return self._joined(child, self._completed(child, carried(parent.nodes, bits, child.nodes)), recipe)

    def _completed(self, inner: Architecture, bits: Bits) -> Bits:
        """Bits on the quantised nodes alone, the most where there are none yet."""
        return [
            (max(self.bits) if width is None else width) if node.op in self.quantised else None
            for node, width in zip(inner.nodes, bits, strict=True)
        ]

    def _joined(self, inner: Architecture, bits: Bits, recipe: Recipe) -> Architecture:
        nodes = tuple([dressed(node, width) for node, width in zip(inner.nodes, bits, strict=True)])
        settings = tuple(sorted((*inner.settings, *recipe))) if recipe else inner.settings
        return Architecture(nodes, inner.edges, settings)

    def _split(self, architecture: Architecture) -> tuple[Architecture, Bits, Recipe]:
        """The wrapped space's graph, the bits of its nodes and the recipe.

        Raises:
            ValueError: Bits or recipe are not this space's.
        """
        bits = [bits_of(node) for node in architecture.nodes]
        for place, (node, width) in enumerate(zip(architecture.nodes, bits, strict=True)):
            if (width in self.bits) != (node.op in self.quantised) or (width is None) != (
                node.op not in self.quantised
            ):
                raise ValueError(
                    f"nodes of {', '.join(self.quantised)} have bits of {', '.join(map(str, self.bits))}, others none; "
                    f"got node {place}, {node.op!r}, with bits {width}"
                )
        settings = dict(architecture.settings)
        for name, choices in self._recipe:
            if settings.get(name) not in choices:
                raise ValueError(
                    f"setting {name!r} must be one of {', '.join(map(number_text, choices))}; got {settings.get(name)}"
                )
        recipe = tuple([(name, settings[name]) for name in self._recipe_names])
        return bare_graph(architecture, self._recipe_names), bits, recipe


def stored_bits(model: nn.Module) -> int:
    """Bits that the parameters of a network take, quantised by ``MixedPrecision`` or not: its size in storage.

    A quantised weight takes its bits and each of its output channels 32 for the scale; every other parameter those of
    its own type.
    """
    from spaces._mixed_precision_network import stored_bits as counted

    return counted(model)
