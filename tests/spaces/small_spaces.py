"""Small variants of every space: networks that build and run in milliseconds, and the corners of their arguments."""

from spaces import Space
from spaces.cell201 import Cell201
from spaces.grammar import Grammar

SMALL: dict[str, Space] = {
    "compact": Cell201("compact", input_shape=(1, 8, 8)),
    "compact-channels": Cell201("compact", channels=[4, 8], input_shape=[1, 8, 8], classes=7),
    "compact-odd": Cell201("compact", channels=3, input_shape=(2, 7, 5), classes=2),
    "nasbench201-small": Cell201(channels=(2, 3), cells=2, input_shape=(3, 12, 8)),
    "identity-or-convolution": Cell201(
        "compact", channels=4, ops=["skip_connect", "nor_conv_3x3"], input_shape=(1, 8, 8)
    ),
    "three-operations": Cell201(
        "compact", channels=2, ops=["none", "skip_connect", "avg_pool_3x3"], input_shape=(1, 4, 4)
    ),
    "grammar-small": Grammar(
        channels=4, widths=[0.5, 2], patches=[2], length=24, features=16, elements=1024, input_shape=[1, 6, 6]
    ),
    "grammar-odd": Grammar(channels=3, depth=2, length=12, features=9, elements=500, input_shape=(2, 7, 5), classes=3),
    "grammar-tiny": Grammar(
        channels=1, primitives=["relu", "conv"], strides=[2], depth=1, length=3, input_shape=(1, 1, 2), classes=2
    ),
}
