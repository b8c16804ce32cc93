"""TorchScript."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from evonas.exporters._traced import traced
from evonas.exporters.exporter import Exporter, ExportError, check_equal


class Torchscript(Exporter):
    """``network.pt``, for ``torch.jit.load`` in Python or C++: traced on examples, so their size is fixed but for their
    number. TorchScript is deprecated by PyTorch; prefer ``torch`` or ``onnx`` where you may.
    """

    def write(self, model: nn.Module, inputs: Tensor, folder: Path) -> list[Path]:
        file = folder / "network.pt"
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TorchScript is deprecated, and that sizes become constants
            expected = model(inputs)
            try:
                network = traced(model, inputs)
                torch.jit.trace(network, inputs).save(str(file))  # type: ignore[no-untyped-call]
            except Exception as error:  # the network's own code runs here, and may raise anything
                raise ExportError(f"torchscript: the network cannot be traced: {error}") from error
            again = torch.jit.load(str(file))  # type: ignore[no-untyped-call]
            check_equal("torchscript", expected, again(inputs), 1e-5)
            check_equal("torchscript", expected[:1], again(inputs[:1]), 1e-4)
        return [file]
