"""ONNX."""

from __future__ import annotations

import logging
import warnings
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import torch
from torch import Tensor, nn

from evonas.exporters._traced import traced
from evonas.exporters.exporter import Exporter, ExportError, check_equal

_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


class Onnx(Exporter):
    """``network.onnx`` with weights inside, one input ``inputs`` and one output ``logits``, any number of examples.

    Outputs are compared with ONNX Runtime's on the processor. Needs the extra ``evonas[onnx]``.

    Args:
        opset: Version of ONNX's operator set.
    """

    def __init__(self, opset: int = 18) -> None:
        self.opset = opset

    def write(self, model: nn.Module, inputs: Tensor, folder: Path) -> list[Path]:
        check_installed()
        import onnxruntime

        file = folder / "network.onnx"
        with torch.no_grad(), warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            expected = model(inputs)
            try:
                network = traced(model, inputs)
                torch.onnx.export(
                    network,
                    (inputs,),
                    str(file),
                    input_names=["inputs"],
                    output_names=["logits"],
                    opset_version=self.opset,
                    dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                    dynamo=True,
                    external_data=False,
                    verbose=False,
                )
            except Exception as error:  # the network's own code runs here, and may raise anything
                raise ExportError(f"onnx: the network cannot be exported: {str(error)[:500]}") from error
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        for examples, wanted in ((inputs, expected), (inputs[:1], expected[:1])):
            (got,) = session.run(None, {session.get_inputs()[0].name: examples.numpy()})
            check_equal("onnx", wanted, torch.from_numpy(got), 1e-3)
        return [file]


def check_installed() -> None:
    """Passes silently where the packages that ONNX needs are there.

    Raises:
        ExportError: They are not; names them.
    """
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise ExportError(f"onnx: {', '.join(missing)} must be installed: pip install 'evonas[onnx]'")
