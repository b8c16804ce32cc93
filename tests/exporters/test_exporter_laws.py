"""Laws of every exporter, over networks of every space: what is written computes what was built."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import spaces
from evonas.exporters.exporter import Exporter, ExportError, check_equal
from evonas.exporters.torch import Torch
from spaces.discovery import Room, discover
from spaces.space import Space

FOUND = discover(Room("exporter", "evonas.exporters", "evonas.exporters.exporter.Exporter"))
SMALL: dict[str, dict[str, object]] = {
    "cell101": {"channels": 8, "stacks": 1, "modules": 1},
    "cell201": {"skeleton": "compact"},
    "darts": {"channels": 4, "cells": 3},
    "macro": {"channels": 4, "layers": (1, 1, 1), "head_channels": 8},
    "mobilenet": {"resolution": 32, "input_shape": (3, 32, 32), "classes": 5, "depth": (2,)},
    "transformer": {"form": "vit", "embed_dims": 24, "layers": 2, "heads": 2, "input_shape": (3, 8, 8), "patch": 4},
}
every_space = pytest.mark.parametrize("space", discover(spaces.ROOM))


def made(name: str) -> Space:
    space = discover(spaces.ROOM)[name](**SMALL.get(name, {}))
    assert isinstance(space, Space)
    return space


def network(space: Space, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = space.build(space.simplify(space.sample(np.random.default_rng(seed))))
        for module in model.modules():  # running statistics as after a training
            if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
                nn.init.normal_(module.running_mean, std=0.1)
    return model.eval()


def examples(space: Space) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    if space.vocabulary is not None:
        return torch.randint(space.vocabulary, (3, *space.input_shape), generator=generator)
    return torch.randn((3, *space.input_shape), generator=generator)


def test_the_room_is_not_empty() -> None:
    assert {"torch", "torchscript", "onnx"} <= set(FOUND)


@every_space
@pytest.mark.parametrize("exporter", [name for name in FOUND if name != "onnx"])
def test_every_space_is_written_and_compared(exporter: str, space: str, tmp_path: Path) -> None:
    """The exporter itself compares outputs; that it does is tested below."""
    made_space = made(space)
    model, inputs = network(made_space, 1), examples(made_space)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        expected = model(inputs)
        files = FOUND[exporter]().write(model, inputs, tmp_path)
        assert torch.equal(model(inputs), expected)
    assert all(file.stat().st_size for file in files)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    "space",
    [name if name == "cell201" else pytest.param(name, marks=pytest.mark.slow) for name in discover(spaces.ROOM)],
)
def test_onnx_computes_the_same_for_any_number_of_examples(space: str, tmp_path: Path) -> None:
    import onnxruntime

    made_space = made(space)
    model, inputs = network(made_space, 2), examples(made_space)
    (file,) = FOUND["onnx"]().write(model, inputs, tmp_path)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    five = torch.cat([inputs, inputs[:2]])
    (got,) = session.run(["logits"], {session.get_inputs()[0].name: five.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(got, model(five).numpy(), rtol=1e-3, atol=1e-3)


def test_the_source_needs_torch_alone(tmp_path: Path) -> None:
    """In a process that cannot import this project, from another folder."""
    space = made("cell201")
    model, inputs = network(space, 4), examples(space)
    Torch().write(model, inputs, tmp_path)
    torch.save(inputs, tmp_path / "inputs.pt")
    code = (
        "import sys, json, torch\n"
        "for name in ('evonas', 'spaces', 'surrogates'):\n    sys.modules[name] = None\n"
        "from network import load\n"
        "inputs = torch.load('inputs.pt', weights_only=True)\n"
        "print(json.dumps(load()(inputs).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with torch.no_grad():
        np.testing.assert_allclose(np.array(json.loads(done.stdout)), model(inputs).numpy(), atol=1e-5)


class Flipping(nn.Module):
    """Decides by values, which no trace can follow."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) if x.sum() > 0 else -x.flatten(1)


class Own(nn.Linear):
    """A layer that is not torch's, though it looks like one."""


@pytest.mark.parametrize("exporter", FOUND)
def test_what_decides_by_values_is_refused(exporter: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=f"{exporter}: the network cannot be (traced|exported): "):
        FOUND[exporter]().write(Flipping(), torch.ones(2, 3), tmp_path)


def test_outputs_that_differ_are_refused() -> None:
    ones = torch.ones(2, 3)
    check_equal("form", ones, ones + 1e-7, 1e-5)
    with pytest.raises(ExportError, match=r"form: outputs came back different by 0.1"):
        check_equal("form", ones, ones + 0.1, 1e-5)
    with pytest.raises(ExportError, match=r"different by nan"):
        check_equal("form", ones, ones * float("nan"), 1e-5)
    with pytest.raises(ExportError, match=r"in shape \(2, 2\), not \(2, 3\)"):
        check_equal("form", ones, ones[:, :2], 1e-5)


def test_a_subclass_of_a_layer_is_looked_into(tmp_path: Path) -> None:
    model = nn.Sequential(Own(3, 2), nn.ReLU()).eval()
    file = Torch().write(model, torch.randn(2, 3, generator=torch.Generator().manual_seed(0)), tmp_path)[0]
    assert "Own" not in file.read_text()


def test_an_exporter_is_an_exporter() -> None:
    assert all(issubclass(found, Exporter) for found in FOUND.values())
