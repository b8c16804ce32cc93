"""What an operation is, read from its name, so that a network that knows one space can read another."""

from __future__ import annotations

import re
from collections.abc import Mapping

DESCRIPTORS = (
    *("kernel", "stride", "expansion"),
    *("convolution", "depthwise", "dilated", "pooling", "maximum", "attention", "linear"),
    *("normalisation", "activation", "identity", "zero", "joining", "splitting", "input", "output"),
)
"""Names of all descriptors. The first three are sizes in pixels or multiples, the others 1 or 0."""

Descriptors = Mapping[str, float]

_FLAGS = (
    (r"conv", ("convolution",)),
    (r"sep_|separable|depthwise|dw_?conv|^mb\d|^unit", ("convolution", "depthwise")),
    (r"^stem|^cell|^reduction|^patch", ("convolution",)),
    (r"dil", ("dilated",)),
    (r"pool", ("pooling",)),
    (r"max", ("maximum",)),
    (r"attend|attention|attn|head|^dot", ("attention",)),
    (r"linear|mlp|dense|^fc|layer$", ("linear",)),
    (r"norm|-bn|_bn", ("normalisation",)),
    (r"relu|gelu|silu|swish|tanh|sigmoid|softmax", ("activation",)),
    (r"identity|skip", ("identity",)),
    (r"none|zero", ("zero",)),
    (r"^add|^sum|concat", ("joining",)),
    (r"clone|split|_half", ("splitting",)),
    (r"^input|^c_\{", ("input",)),
    (r"^output", ("output",)),
)
_SIZES = (
    (r"(\d+)x\1(?!\d)", "kernel"),
    (r"(?:^|_)k(\d+)", "kernel"),
    (r"(?:^|_)s(\d+)", "stride"),
    (r"(?:^|_)e(\d+)", "expansion"),
    (r"^mb(\d+)", "expansion"),
)


def described(op: str) -> Descriptors:
    """Descriptors of an operation, from its name; those that are 0 are left out.

    A name is searched for parts that the literature's spaces share: ``sep_conv_5x5`` is a depthwise convolution of
    kernel 5, ``mb6_k3`` one of kernel 3 and expansion 6, ``skip_connect`` an identity. A name without such a part has
    no descriptors. Node attributes called ``kernel``, ``stride`` or ``expansion`` tell more than a name and stand in
    its place wherever descriptors are read; a space's user may also give descriptors by hand.

    Args:
        op: Name of the operation, e.g. ``"nor_conv_3x3"``.
    """
    name = op.lower()
    found = {flag: 1.0 for pattern, flags in _FLAGS if re.search(pattern, name) for flag in flags}
    sizes = {size: float(match[1]) for pattern, size in _SIZES if (match := re.search(pattern, name))}
    return found | sizes


def check_descriptors(given: Mapping[str, Descriptors], ops: tuple[str, ...]) -> None:
    """Refuses descriptors by hand that nothing would read.

    Raises:
        ValueError: An operation is not the space's, or a descriptor is unknown.
    """
    for op, values in given.items():
        if op not in ops:
            raise ValueError(f"descriptors must be of the space's operations ({', '.join(ops)}); got {op!r}")
        unknown = sorted(values.keys() - set(DESCRIPTORS))
        if unknown:
            raise ValueError(f"descriptors of {op!r} must be among {', '.join(DESCRIPTORS)}; got {', '.join(unknown)}")
