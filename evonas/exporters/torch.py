"""Plain PyTorch source and its weights."""

from __future__ import annotations

import runpy
from pathlib import Path

import torch as framework
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from evonas.exporters._source import source_of
from evonas.exporters._traced import traced
from evonas.exporters.exporter import Exporter, ExportError, check_equal


class Torch(Exporter):
    """``network.py``, a module that needs torch alone, and ``network.safetensors``, its weights.

    The source lists the layers in the order of running; there is a loader in it. Any number of examples may be passed,
    of the size it was exported for.
    """

    def write(self, model: nn.Module, inputs: Tensor, folder: Path) -> list[Path]:
        source, weights = folder / "network.py", folder / "network.safetensors"
        with framework.no_grad():
            expected = model(inputs)
            try:
                network = traced(model, inputs)
            except Exception as error:  # the network's own code runs here, and may raise anything
                raise ExportError(f"torch: the network cannot be traced: {type(error).__name__}: {error}") from error
            text, tensors = source_of(network, _TITLE)
            source.write_text(text + _LOADER, encoding="utf-8")
            save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, weights)
            again = runpy.run_path(str(source))["Network"]().eval()
            again.load_state_dict(load_file(weights))
            check_equal("torch", expected, again(inputs), 1e-5)
            check_equal("torch", expected[:1], again(inputs[:1]), 1e-4)
        return [source, weights]


_TITLE = (
    "A network found by evonas. It needs torch, and load() safetensors; model_card.json says how inputs are prepared."
)
_LOADER = '''

def load(path="network.safetensors"):
    """The network with its trained weights, in evaluation mode; reads the file with the safetensors package."""
    from safetensors.torch import load_file

    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()
'''
