"""A training step as one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

WARM_UP_STEPS = 3
"""Steps that run one kernel at a time first, as cuDNN's choices and the optimiser's state must be there before."""


class CapturedStep:
    """A training step whose kernels are captured once, then issued all at once; elsewhere than on CUDA the step itself.

    The warm-up steps are real ones, with the batches that they are given, so nothing has to be put back.

    Args:
        step: Forward, backward and optimiser's step, from inputs and targets to losses. It reads nothing back to the
            host, and its optimiser was made ``ready_to_capture``.
    """

    def __init__(self, step: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._step = step
        self._steps_done = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """One step on a batch; always of the same shapes.

        Args:
            inputs: ``(K, batch, *input_shape)``.
            targets: ``(K, batch)``.

        Returns:
            Losses ``(K,)``; on CUDA overwritten by the next call.
        """
        if inputs.device.type != "cuda":
            return self._step(inputs, targets)
        if self._steps_done < WARM_UP_STEPS:
            self._steps_done += 1
            return _on_a_side_stream(lambda: self._step(inputs, targets))
        if self._graph is None:
            self._inputs, self._targets = inputs.clone(), targets.clone()
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):  # runs nothing yet
                self._losses = self._step(self._inputs, self._targets)
        self._inputs.copy_(inputs)
        self._targets.copy_(targets)
        self._graph.replay()
        return self._losses


def ready_to_capture(optimiser: Optimizer, device: torch.device) -> None:
    """On CUDA puts the learning rate into a tensor, which a schedule fills and a graph reads; numbers are captured."""
    if device.type != "cuda":
        return
    for group in optimiser.param_groups:
        group["lr"] = torch.tensor(float(group["lr"]), device=device)
        if "capturable" in group:
            group["capturable"] = True


def _on_a_side_stream(compute: Callable[[], Tensor]) -> Tensor:
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        result = compute()
    torch.cuda.current_stream().wait_stream(stream)
    return result
