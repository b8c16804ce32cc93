"""How fast a training learns, as an estimate of how well it ends."""

from __future__ import annotations

import numpy as np

from surrogates.predictor import FloatArray


def training_speed(losses: FloatArray, last: int | None = None, decay: float = 1.0) -> FloatArray:
    """The training-speed estimate TSE: the sum of a training's losses so far; lower is better.

    A training that learns fast has a small area under its loss. Estimates of trainings by one schedule over equally
    many epochs are compared, and no others. With all epochs it is TSE; with the ``last`` E of them TSE-E, of which
    ``last=1`` is the loss of the last epoch; with a ``decay`` below 1 TSE-EMA, where the loss of k epochs ago counts
    ``decay ** k``.

    Source: Ru et al., "Speedy Performance Estimation for Neural Architecture Search", NeurIPS 2021, section 3. There
    losses are summed over steps; here over epochs, of their means: the same but for a factor that all share. (SoTL, the
    sum over training losses, is the same estimate under its earlier name.)

    Args:
        losses: Shape ``(n, epochs)``: mean training loss of each epoch.
        last: Epochs that count; all where not given, or where there are no more.
        decay: In (0, 1].

    Returns:
        Shape ``(n,)``.

    Raises:
        ValueError: There is no epoch, or an argument is out of its range.
    """
    if losses.ndim != 2 or losses.shape[1] == 0:
        raise ValueError(f"losses must have shape (n, epochs) with at least one epoch; got {losses.shape}")
    if (last is not None and last < 1) or not 0 < decay <= 1:
        raise ValueError(f"last must be at least 1 and decay in (0, 1]; got {last} and {decay}")
    counted = losses if last is None else losses[:, -last:]
    ages = np.arange(counted.shape[1] - 1, -1, -1)
    return np.asarray(counted @ decay**ages, np.float64)
