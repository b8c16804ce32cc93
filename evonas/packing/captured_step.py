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

    The warm-up steps are real ones, with the batches that they are given, so nothing has to be put back. They run on
    the stream that is captured, because libraries make their handles and workspaces once a stream. Rules of capture:
    https://docs.pytorch.org/docs/stable/notes/cuda.html, "CUDA Graphs".

    Args:
        step: Forward, backward and optimiser's step, from a batch's tensors to losses. It begins by letting go of the
            gradients, so that the captured backward pass makes its own; it reads nothing back to the host, draws no
            random numbers, and its optimiser was made ``ready_to_capture``.
    """

    def __init__(self, step: Callable[..., Tensor]) -> None:
        self._step = step
        self._steps_done = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._stream: torch.cuda.Stream | None = None

    def __call__(self, *batch: Tensor) -> Tensor:
        """One step on a batch; always of the same shapes.

        Args:
            batch: Inputs ``(K, batch, *input_shape)``, targets ``(K, batch)``, and what else the step takes.

        Returns:
            Losses ``(K,)``; on CUDA overwritten by the next call.
        """
        device = batch[0].device
        if device.type != "cuda":
            return self._step(*batch)
        with torch.cuda.device(device):  # streams and graphs are those of the current device
            return self._on_cuda(*batch)

    def _on_cuda(self, *batch: Tensor) -> Tensor:
        if self._stream is None:
            self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        if self._steps_done < WARM_UP_STEPS:
            self._steps_done += 1
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                losses = self._step(*batch)
            torch.cuda.current_stream().wait_stream(self._stream)
            return losses
        if self._graph is None:
            self._batch = [each.clone() for each in batch]
            graph = torch.cuda.CUDAGraph()
            here = torch.cuda.stream(torch.cuda.current_stream())  # where a capture that fails cannot be left otherwise
            with here, torch.cuda.graph(graph, stream=self._stream):  # runs nothing yet
                self._losses = self._step(*self._batch)
            self._graph = graph
        for captured, given in zip(self._batch, batch, strict=True):
            captured.copy_(given)
        self._graph.replay()
        return self._losses


def ready_to_capture(optimiser: Optimizer, device: torch.device) -> None:
    """On CUDA puts the learning rate into a tensor, which a schedule fills and a graph reads; numbers are captured."""
    if device.type != "cuda":
        return
    for group in optimiser.param_groups:
        group["lr"] = torch.tensor(float(group["lr"]), dtype=torch.float32, device=device)  # what fused steps read
        if "capturable" in group:
            group["capturable"] = True
