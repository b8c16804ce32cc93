"""Memory of one pass."""

from __future__ import annotations

import gc
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from evonas.core.objective import Objective, Subject
from evonas.exporters.unparametrized import unparametrized
from evonas.objectives._live_bytes import peak_live_bytes
from evonas.objectives.devices import checked_device, whole_at_least_one
from evonas.objectives.runtimes import inference_inputs
from surrogates.proxies.untouched import untouched_globals
from surrogates.threads import one_torch_thread

Pass = Literal["inference", "training"]


class PeakMemoryMb(Objective):
    """Megabytes (10^6 bytes) at the peak of one pass of the built network. Minimised; on a processor exact.

    On a processor the tensors alive at once are counted: weights, buffers, inputs, and whatever torch's operations
    return (activations, what is saved for the backward pass, gradients), each storage once, looked at after every
    operation. Scratch memory inside an operation, the allocator's rounding and the program itself are not counted.

    On a CUDA device it is ``torch.cuda.max_memory_allocated`` of the second pass, less what was allocated before the
    network came: the same tensors, rounded up by the allocator, and the libraries' scratch memory.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        batch: Examples in the pass.
        of: ``inference``, in evaluation mode without gradients; or ``training``: a forward pass in training mode and a
            backward pass from the mean of the squared outputs. An optimiser's state comes on top of it.

    Raises:
        ValueError: An unknown device or pass, or a batch below 1.
        Unavailable: The device does not exist.
    """

    name = "peak_memory_mb"
    needs = "model"
    goal = "min"
    unit = "MB"

    def __init__(self, device: str = "cpu", batch: int = 1, of: Pass = "inference") -> None:
        if of not in get_args(Pass):
            raise ValueError(f"of must be one of {', '.join(get_args(Pass))}; got {of!r}")
        self.device = checked_device(device)
        self.batch = whole_at_least_one(batch, "batch")
        self.of = of

    def measure(self, subject: Subject) -> float:
        backward = self.of == "training"
        with one_torch_thread(), untouched_globals(), torch.set_grad_enabled(backward):
            network = unparametrized(subject.model).train(backward)
            inputs = inference_inputs(subject.space, self.batch, torch.device("cpu"))
            if self.device.type == "cpu":
                return peak_live_bytes(network, inputs, backward) / 1e6
            return self._allocated(network, inputs, backward) / 1e6

    def _allocated(self, network: nn.Module, inputs: Tensor, backward: bool) -> int:
        gc.collect()  # garbage that goes while the network runs would be taken off its figure
        torch.cuda.synchronize(self.device)
        before = torch.cuda.memory_allocated(self.device)
        network, inputs = network.to(self.device), inputs.to(self.device)
        for _ in range(2):  # the first pass chooses kernels, and takes scratch memory to try them
            network.zero_grad(set_to_none=True)
            torch.cuda.reset_peak_memory_stats(self.device)
            outputs = network(inputs)
            if backward:
                outputs.square().mean().backward()
            del outputs
            torch.cuda.synchronize(self.device)
        return torch.cuda.max_memory_allocated(self.device) - before
