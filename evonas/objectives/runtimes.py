"""Networks made ready to run: by PyTorch as they are, compiled, or by ONNX Runtime."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from evonas.core.example_inputs import example_inputs
from evonas.exporters.onnx import Onnx
from evonas.exporters.unparametrized import unparametrized

if TYPE_CHECKING:
    from evonas.objectives.timing import Call
    from spaces.space import Space


def inference_network(model: nn.Module, device: torch.device) -> nn.Module:
    """A copy on ``device`` in evaluation mode, weights that are computed from others computed once; no gradients."""
    return unparametrized(model).eval().requires_grad_(False).to(device)


def inference_inputs(space: Space, batch: int, device: torch.device) -> Tensor:
    """The same noise or tokens for every network, ``(batch, *input_shape)``."""
    return example_inputs(space, batch, np.random.default_rng(0)).to(device)


def prepared(model: nn.Module, inputs: Tensor, runtime: str, threads: int) -> Call:
    """One inference as a call, to be made within ``timing.measuring``; the model itself stays as it is.

    Args:
        model: The network, on any device and in any mode; a copy is run.
        inputs: One batch, on the device to run on.
        runtime: One of ``RUNTIMES``.
        threads: Of ONNX Runtime; torch's are the process's.

    Raises:
        Exception: What the network, the compiler or the exporter raises.
    """
    return RUNTIMES[runtime](inference_network(model, inputs.device), inputs, threads)


def _eager(network: nn.Module, inputs: Tensor, threads: int) -> Call:  # noqa: ARG001 - torch's are the process's
    return lambda: network(inputs)


def _compiled(network: nn.Module, inputs: Tensor, threads: int) -> Call:  # noqa: ARG001
    # A space's networks share their code, and torch compiles one code object only a few times: it would go on eagerly,
    # and without fullgraph in silence. So what was compiled before is forgotten.
    torch.compiler.reset()
    compiled = torch.compile(network, fullgraph=True, dynamic=False)
    compiled(inputs)
    return lambda: compiled(inputs)


def _onnx(network: nn.Module, inputs: Tensor, threads: int) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_free_dimension_override_by_name("batch", len(inputs))
    with tempfile.TemporaryDirectory() as folder:
        # The exporter compares the outputs with PyTorch's, and wants two examples to see that the batch is free.
        examples = inputs if len(inputs) > 1 else torch.cat([inputs, inputs])
        (file,) = Onnx().write(network, examples, Path(folder))
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    fed = {session.get_inputs()[0].name: inputs.numpy()}
    return lambda: session.run(None, fed)


RUNTIMES: Mapping[str, Callable[[nn.Module, Tensor, int], Call]] = MappingProxyType(
    {"eager": _eager, "compiled": _compiled, "onnx": _onnx}
)
"""How to make a network ready, by the runtime's name."""
