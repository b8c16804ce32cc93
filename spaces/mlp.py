"""Multilayer perceptrons for tabular data, in the form that Gorishniy et al. (NeurIPS 2021) measured against trees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spaces._argument_checks import listed, whole
from spaces._choices_arguments import one_or_more
from spaces.architecture import Architecture
from spaces.choices import Choice, ChoiceSpace, Layers
from spaces.space import Cost

if TYPE_CHECKING:
    from torch import nn

ACTIVATIONS = ("relu", "gelu", "silu", "tanh")
NORMALISATIONS = ("none", "batch", "layer")


class Mlp(ChoiceSpace):
    """Multilayer perceptrons: depth, width, activation and skip connection of each layer, and the normalisation.

    A node ``layer`` is ``activation(normalisation(W x + b))``, and with ``skip`` its input is added to that: as it is
    where it has the layer's width, else through a linear projection without bias. ``output`` is a linear layer.
    """

    def __init__(
        self,
        depth: Sequence[int] = (1, 2, 3, 4),
        width: Sequence[int] | int = (16, 32, 64, 128, 256),
        activation: Sequence[str] | str = ACTIVATIONS,
        skip: Sequence[bool] | bool = (False, True),
        normalisation: Sequence[str] | str = NORMALISATIONS,
        input_shape: Sequence[int] = (64,),
        classes: int = 10,
    ) -> None:
        """Chooses what is searched; a single value is fixed, several are a gene.

        Args:
            depth: Choices of the number of hidden layers.
            width: Choices of a layer's width.
            activation: Choices of a layer's activation: ``"relu"``, ``"gelu"``, ``"silu"``, ``"tanh"``.
            skip: Whether a layer may have a skip connection, may have none, or both.
            normalisation: Choices of the normalisation of all layers: ``"none"``, ``"batch"``, ``"layer"``.
            input_shape: ``(features,)`` of one example; examples of more dimensions are flattened.
            classes: Width of the output: classes, or targets of a regression.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        widths = [whole(value, "width") for value in listed(one_or_more(width), "width")]
        depths = [whole(value, "depth") for value in listed(depth, "depth")]
        layer = [
            Choice("width", widths),
            Choice("activation", _known(activation, ACTIVATIONS, "activation")),
            Choice("skip", _truths(skip)),
        ]
        super().__init__(
            settings=[Choice("normalisation", _known(normalisation, NORMALISATIONS, "normalisation"))],
            layers=[Layers("layer", depths, layer)],
            input_shape=input_shape,
            classes=classes,
        )

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of the network: all multiply-accumulates are of linear layers."""
        genes = self.genes(architecture)
        normalised = genes.settings["normalisation"] != "none"
        inputs = math.prod(self.input_shape)
        parameters = macs = 0
        for layer in genes.layers["layer"]:
            width = layer["width"]
            projected = layer["skip"] and inputs != width
            weights = inputs * width * (2 if projected else 1)
            parameters += weights + width * (3 if normalised else 1)
            macs += weights
            inputs = width
        head = inputs * self.classes
        return Cost(parameters + head + self.classes, macs + head)

    def build(self, architecture: Architecture) -> nn.Module:
        """The network with PyTorch's default initialisation, without dropout."""
        from spaces._mlp_network import network  # torch takes a second to import

        genes = self.genes(architecture)
        layers = [(layer["width"], layer["activation"], layer["skip"]) for layer in genes.layers["layer"]]
        return network(math.prod(self.input_shape), layers, genes.settings["normalisation"], self.classes)


def _known(values: object, choices: Sequence[str], name: str) -> tuple[str, ...]:
    given = tuple(str(value) for value in listed(one_or_more(values), name))
    for value in given:
        if value not in choices:
            raise ValueError(f"{name} must be among {', '.join(choices)}; got {value!r}")
    return given


def _truths(skip: object) -> tuple[bool, ...]:
    given = listed([skip] if isinstance(skip, bool) else skip, "skip")
    for value in given:
        if not isinstance(value, bool):
            raise ValueError(f"skip must be true, false, or a list of both; got {value!r}")
    return tuple(bool(value) for value in given)
