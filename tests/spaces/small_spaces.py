"""Small variants of every space: networks that build and run in milliseconds, and the corners of their arguments."""

from spaces import Space
from spaces.cell101 import Cell101
from spaces.cell201 import Cell201
from spaces.darts import Darts
from spaces.grammar import Grammar
from spaces.macro import Macro
from spaces.mixed_precision import MixedPrecision
from spaces.mlp import Mlp
from spaces.mobilenet import MobileNet
from spaces.size_nats import SizeNats
from spaces.transformer import Transformer

SMALL: dict[str, Space] = {
    "compact": Cell201("compact", input_shape=(1, 8, 8)),
    "compact-channels": Cell201("compact", channels=[4, 8], input_shape=[1, 8, 8], classes=7),
    "compact-odd": Cell201("compact", channels=3, input_shape=(2, 7, 5), classes=2),
    "nasbench201-small": Cell201(channels=(2, 3), cells=2, input_shape=(3, 12, 8)),
    "identity-or-convolution": Cell201(
        "compact", channels=4, ops=["skip_connect", "nor_conv_3x3"], input_shape=(1, 8, 8)
    ),
    "mlp-table": Mlp(depth=[1, 3], width=[3, 5], input_shape=[6], classes=3),
    "mlp-images": Mlp(depth=[1, 2], width=[4, 8], normalisation="batch", input_shape=(2, 3, 4)),
    "mobilenet-small": MobileNet(
        width=0.25, resolution=None, depth=[1, 2], strides=[1, 2, 1, 2, 1, 1], input_shape=[2, 9, 6], classes=5
    ),
    "mobilenet-settings": MobileNet(
        width=[0.25, 0.5],
        resolution=[4, 6],
        depth=[1, 2],
        kernel=[3, 5],
        expansion=[1, 2],
        strides=[1, 2, 1, 2, 1, 1],
        input_shape=[1, 6, 8],
        classes=3,
    ),
    "cell101-small": Cell101(channels=7, stacks=2, modules=2, input_shape=[2, 6, 8], classes=3),
    "cell101-corner": Cell101(3, 2, ops=["maxpool3x3"], channels=1, stacks=1, modules=1, input_shape=(1, 3, 5)),
    "macro-small": Macro([1, 2], channels=4, head_channels=8, input_shape=[2, 5, 8], classes=3),
    "gpt-small": Transformer(
        embed_dims=[8, 12], layers=(1, 2, 4), heads=(1, 2, 4), mlp_ratios=(1.5, 2), input_shape=[7], classes=11
    ),
    "gpt-every-kind": Transformer(
        embed_dims=8,
        layers=[2, 3],
        heads=[1, 2],
        attentions=["multi_head", "multi_query", "linear", "none"],
        bias=[True, False],
        input_shape=(5,),
        classes=9,
    ),
    "hwgpt-small": Transformer("hwgpt", embed_dims=(4, 8), layers=2, heads=(1, 3), input_shape=(6,), classes=9),
    "vit-small": Transformer(
        "vit",
        embed_dims=[8, 12],
        layers=[1, 3],
        heads=[1, 2],
        attentions=["multi_head", "linear", "multi_query", "none"],
        input_shape=(1, 8, 12),
        classes=5,
        patch=4,
    ),
    "mixed-cell201": MixedPrecision(
        {"name": "cell201", "skeleton": "compact", "channels": [4, 6]}, input_shape=(1, 6, 6)
    ),
    "mixed-recipe": MixedPrecision(
        Cell201("compact", channels=3, input_shape=(1, 6, 6), classes=3),
        bits=[3, 16, 32],
        recipe={"learning_rate": [0.1, 0.025], "weight_decay": [0, 5e-4], "epochs": [4, 12], "augmentation": [0, 0.5]},
    ),
    "mixed-transformer": MixedPrecision(
        {
            "name": "transformer",
            "form": "vit",
            "embed_dims": 8,
            "layers": [1, 2, 3],
            "heads": [1, 2],
            "attentions": ["multi_query", "multi_head", "none"],
            "patch": 4,
        },
        bits=[2, 8],
        quantised=["multi_query", "mlp"],
        input_shape=(1, 8, 8),
        classes=5,
    ),
    "mixed-tokens": MixedPrecision(
        {"name": "transformer", "embed_dims": [4, 8], "layers": [1, 2], "heads": 2, "mlp_ratios": [1, 2]},
        quantised=["input", "multi_head", "mlp"],
        recipe={"epochs": 3},
        input_shape=[4],
        classes=5,
    ),
    "size-nats-small": SizeNats(widths=[2, 3, 5], input_shape=[2, 8, 4], classes=3),
    "darts-small": Darts(channels=2, cells=3, input_shape=[2, 4, 8], classes=3),
    "darts-none": Darts(
        1, cells=5, ops=["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"], input_shape=(1, 4, 8)
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
