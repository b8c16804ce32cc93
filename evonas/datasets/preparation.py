"""What became of raw examples before a network saw them, and what its outputs stand for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a program must do that uses a trained network: ``(raw - input_mean) / input_deviation``, and read outputs.

    Numbers are of the training split. A trained network is worth nothing without them: they go into its model card.

    Attributes:
        inputs: What raw inputs are, with their unit and order.
        input_mean: Of each channel (or column: the first axis of an example), or one number for all; empty where inputs
            are taken as they are.
        input_deviation: The same, not zero.
        input_names: Of the columns, where they have names; ``colour=red`` is 1 where the text is ``red``, else 0.
        output_names: Of the classes, in the order of the outputs; empty where they have numbers alone.
        output_mean: Of each number of a regression, in its own unit: raw is ``output * output_deviation +
            output_mean``. Empty for classes.
        output_deviation: The same, not zero.
    """

    inputs: str
    input_mean: tuple[float, ...] = ()
    input_deviation: tuple[float, ...] = ()
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    output_mean: tuple[float, ...] = ()
    output_deviation: tuple[float, ...] = ()
