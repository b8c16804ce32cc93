import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from trained_alone import batches, copies, distance, networks

from evonas.packing import CapturedStep, Pack, peak_bytes, ready_to_capture
from spaces.cell201 import Cell201

SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; this machine has none")


def _trained(device: str, captured: bool) -> list[torch.nn.Module]:
    models = [model.to(device) for model in networks(SPACE, 4, seed=2)]
    inputs, targets = (each.to(device) for each in batches(SPACE, 12, 4, 8, seed=2))
    pack = Pack(models, inputs[0, 0, :2])
    optimiser = torch.optim.SGD(pack.parameters(), 0.02, 0.9, weight_decay=5e-4, fused=True)
    if captured:
        ready_to_capture(optimiser, torch.device(device))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=12, cycle_momentum=False)

    def step(own: Tensor, wanted: Tensor) -> Tensor:
        optimiser.zero_grad()
        losses = torch.vmap(cross_entropy)(pack(own), wanted)
        losses.sum().backward()
        pack.clip_gradients(1.0)
        optimiser.step()
        return losses.detach()

    run = CapturedStep(step) if captured else step
    for own, wanted in zip(inputs, targets, strict=True):
        run(own, wanted)
        schedule.step()
    pack.hand_back()
    return [model.cpu() for model in copies(models)]


def test_on_the_cpu_it_is_the_step() -> None:
    for captured, plain in zip(_trained("cpu", captured=True), _trained("cpu", captured=False), strict=True):
        assert distance(captured, plain) <= 1e-12


@pytest.mark.gpu
@needs_gpu
def test_a_captured_step_trains_as_the_step_does() -> None:
    for captured, plain in zip(_trained("cuda", captured=True), _trained("cpu", captured=False), strict=True):
        assert distance(captured, plain) <= 1e-6  # the rate is single precision in a tensor, as fused steps take it


@pytest.mark.gpu
@needs_gpu
def test_peak_memory_is_that_of_the_device() -> None:
    device = torch.device("cuda")
    assert peak_bytes(lambda: torch.zeros(2**20, device=device), device) >= 2**22
