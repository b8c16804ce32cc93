"""Training on a CUDA device that has no values: no step mixes devices, copies from the host or reads anything back."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from pretended_gpu import Watch, pretended_gpu

from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.trainers.classifier import Classifier
from spaces.cell201 import Cell201

SPACE = Cell201(skeleton="compact", channels=4, input_shape=(3, 8, 8))
BATCH = 8


def pixels(count: int) -> Split:
    images = torch.zeros(count, *SPACE.input_shape, dtype=torch.uint8)
    mean, deviation = torch.zeros(3, 1, 1), torch.ones(3, 1, 1)
    return Split(images, torch.zeros(count, dtype=torch.int64), mean, deviation)


def trained(monkeypatch: pytest.MonkeyPatch, steps: int, together: int, changes: dict[str, Any]) -> Watch:
    """An epoch of so many steps of one network, or of several together."""
    rng = np.random.default_rng(0)
    with pretended_gpu(monkeypatch) as watch:
        models = [SPACE.build(SPACE.simplify(SPACE.sample(rng))) for _ in range(max(1, together))]
        trainer = Classifier(epochs=1, batch_size=BATCH, device="cuda:0", **changes)
        data = (pixels(steps * BATCH), pixels(10))
        if together:
            outcomes = dict(trainer.train_together(models, *data, range(together), [{}] * together))
        else:
            outcomes = {0: trainer.train(models[0], *data, seed=0)}
        for number, model in enumerate(models):
            assert isinstance(outcomes[number], Training), outcomes[number]
            assert {each.device.type for each in model.parameters()} == {"cuda"}
    return watch


@pytest.mark.parametrize("together", [0, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "bfloat16", "crop": 1, "flip": True, "cutout": 2, "mixup": 0.2, "ema": 0.9},
        {"precision": "float32", "optimiser": "adamw", "schedule": "cosine", "clip": 1.0, "label_smoothing": 0.1},
    ],
    ids=["sgd in half precision, with all that is drawn", "adamw, clipped"],
)
def test_no_step_mixes_devices_or_goes_to_the_host(
    changes: dict[str, Any], together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = (trained(monkeypatch, steps, together, changes) for steps in (5, 6))
    assert few.noted == many.noted
    assert sum(few.noted.values()) > 0
    if together:
        assert few.captured == many.captured > 100
        assert (few.replays, many.replays) == (2, 3)
    else:
        assert few.captured == few.replays == 0


def test_what_would_go_to_the_host_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    with pretended_gpu(monkeypatch) as watch:
        there = torch.zeros(3, device="cuda:0")
        assert watch.noted == Counter()
        with pytest.raises(RuntimeError, match="at least two devices, cuda:0 and cpu"):
            there + torch.zeros(3)
        torch.ones(3).to(there.device)
        there[torch.tensor([0])]
        there.sum().item()
        assert [what for what, _ in watch.noted] == ["aten::_to_copy", "aten::index.Tensor", "a value read"]
        with torch.cuda.graph(torch.cuda.CUDAGraph(), stream=torch.cuda.Stream()):
            there + 1
            with pytest.raises(AssertionError, match="a value read in a captured step"):
                there.sum().item()
