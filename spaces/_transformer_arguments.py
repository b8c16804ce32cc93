"""Checks the arguments of ``transformer``: plain values as YAML gives them, lists or single ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

from spaces._argument_checks import whole
from spaces._transformer_form import FORMS, HEAD_SIZES, KINDS, PREDICTS, Form

SHAPES: dict[str, tuple[int, ...]] = {"gpt": (1024,), "hwgpt": (1024,), "vit": (3, 224, 224)}
CLASSES = {"gpt": 50_257, "hwgpt": 50_254, "vit": 1000}


def listed(values: object, name: str) -> tuple[object, ...]:
    """A list, or a single value as a list of one; not empty and without repetition."""
    single = isinstance(values, str | Real | np.generic)
    if not single and not isinstance(values, Sequence | np.ndarray):
        raise ValueError(f"{name} must be a value or a list of values; got {values!r}")
    given: tuple[object, ...] = (values,) if single else tuple(values)  # type: ignore[arg-type]
    if not given or len(set(given)) < len(given):
        raise ValueError(f"{name} must be one or more different values; got {values!r}")
    return given


def wholes(values: object, name: str) -> tuple[int, ...]:
    """One or more different whole numbers of at least 1."""
    return tuple(whole(value, name) for value in listed(values, name))


def kinds(values: object) -> tuple[str, ...]:
    """One or more different kinds of attention, at least one of which attends."""
    given = tuple(str(value) for value in listed(values, "attentions"))
    for kind in given:
        if kind not in KINDS:
            raise ValueError(f"attentions must be among {', '.join(KINDS)}; got {kind!r}")
    if given == ("none",):
        raise ValueError(f"attentions must hold one that attends: {', '.join(KINDS[:-1])}; got only 'none'")
    return given


def ratios(values: object, dims: Sequence[int]) -> tuple[float, ...]:
    """MLP ratios: positive, and times every embedding size a whole number."""
    found = []
    for value in listed(values, "mlp_ratios"):
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
            raise ValueError(f"mlp_ratios must be positive numbers; got {value!r}")
        for dim in dims:
            if not (float(value) * dim).is_integer():
                raise ValueError(
                    f"an MLP ratio times the embedding size must be a whole number; got {value} * {dim}: "
                    "change one of them"
                )
        found.append(float(value))
    return tuple(found)


def biases(values: object) -> tuple[bool, ...]:
    """True, false, or both."""
    given = listed(values, "bias")
    for value in given:
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"bias must be true, false, or a list of both; got {value!r}")
    return tuple(bool(value) for value in given)


def check_heads(form: str, dims: Sequence[int], heads: Sequence[int]) -> None:
    """The embedding is shared among the heads, where a head has no width of its own."""
    for dim in dims:
        for number in heads:
            if HEAD_SIZES[form] is None and dim % number:
                raise ValueError(
                    f"every embedding size must be a multiple of every number of heads; got {dim} and {number}: "
                    "change one of them"
                )


def form_of(form: object, input_shape: object, classes: object, patch: object, predict: object) -> Form:
    """The fixed part of the network, with the form's own values for those that are None."""
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}; got {form!r}")
    name = str(form)
    if predict not in PREDICTS:
        raise ValueError(f"predict must be 'last' or 'every'; got {predict!r}")
    if name == "vit" and predict == "every":
        raise ValueError("a vit predicts one class an image; got predict='every': leave predict out")
    if name != "vit" and patch is not None:
        raise ValueError(f"form {name!r} takes tokens and has no patches; got patch={patch!r}: leave patch out")
    side = whole(16 if patch is None else patch, "patch") if name == "vit" else 0
    shape = _shape(name, SHAPES[name] if input_shape is None else input_shape, side)
    return Form(name, shape, whole(CLASSES[name] if classes is None else classes, "classes"), side, predict == "every")


def _shape(form: str, input_shape: object, patch: int) -> tuple[int, ...]:
    if isinstance(input_shape, str) or not isinstance(input_shape, Sequence | np.ndarray):
        raise ValueError(f"input_shape must be a list; got {input_shape!r}")
    shape = tuple(whole(value, "input_shape") for value in input_shape)
    rule = "(channels, height, width)" if form == "vit" else "(tokens,)"
    if len(shape) != len(SHAPES[form]):
        other = "'gpt' or 'hwgpt' for tokens" if form == "vit" else "'vit' for images"
        raise ValueError(f"input_shape of form {form!r} must be {rule}; got {shape}: take form={other}")
    if patch and (shape[1] % patch or shape[2] % patch):
        raise ValueError(
            f"height and width must be multiples of the patch of {patch} pixels; got {shape[1]}x{shape[2]}: "
            "choose another patch, or resize the images"
        )
    return shape
