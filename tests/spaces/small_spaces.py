"""Small variants of every space: networks that build and run in milliseconds, and the corners of their arguments."""

from spaces import Space
from spaces.cell201 import Cell201
from spaces.darts import Darts
from spaces.size_nats import SizeNats

SMALL: dict[str, Space] = {
    "compact": Cell201("compact", input_shape=(1, 8, 8)),
    "compact-channels": Cell201("compact", channels=[4, 8], input_shape=[1, 8, 8], classes=7),
    "compact-odd": Cell201("compact", channels=3, input_shape=(2, 7, 5), classes=2),
    "nasbench201-small": Cell201(channels=(2, 3), cells=2, input_shape=(3, 12, 8)),
    "identity-or-convolution": Cell201(
        "compact", channels=4, ops=["skip_connect", "nor_conv_3x3"], input_shape=(1, 8, 8)
    ),
    "size-nats-small": SizeNats(widths=[2, 3, 5], input_shape=[2, 8, 4], classes=3),
    "darts-small": Darts(channels=2, cells=3, input_shape=[2, 4, 8], classes=3),
    "darts-none": Darts(
        1, cells=5, ops=["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"], input_shape=(1, 4, 8)
    ),
}
