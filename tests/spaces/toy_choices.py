"""A list-of-choices space small enough to enumerate, with every kind of value."""

from torch import nn

from spaces import Architecture, Cost
from spaces.choices import Choice, ChoiceSpace, Layers


class ToyChoices(ChoiceSpace):
    """Two runs of layers, one of them perhaps empty, one with choices and one without."""

    def __init__(self) -> None:
        super().__init__(
            settings=[Choice("scale", [1, 1.5]), Choice("bias", [True, False])],
            layers=[
                Layers("wide", [0, 2], [Choice("width", [2, 4, 8]), Choice("activation", ["relu", "gelu"])]),
                Layers("plain", [1, 3]),
            ],
            input_shape=[3],
            classes=2,
        )

    def cost(self, architecture: Architecture) -> Cost:
        return Cost(len(architecture.nodes), 0)

    def build(self, architecture: Architecture) -> nn.Module:
        raise NotImplementedError
