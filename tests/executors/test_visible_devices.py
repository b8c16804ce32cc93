import os

import pytest
import torch

from evonas.executors.processes import Processes
from evonas.executors.visible_devices import visible_devices


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_each_worker_sees_its_own_device_alone(three_gpus: None) -> None:
    with Processes(devices=["cuda:2", "cpu", "cuda:0"]) as executor:
        # The first task holds its worker until the others have theirs, so that each worker answers once.
        futures = [executor.submit(_slow_environment) for _ in range(3)]
        assert sorted(future.result() for future in futures) == ["", "0", "2"]


def _slow_environment() -> str:
    import time

    time.sleep(1.0)
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_devices_are_counted_as_this_process_sees_them(three_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4, 7,GPU-8932f937")
    assert visible_devices(["cuda:1", "cuda:2"]) == [
        {"CUDA_VISIBLE_DEVICES": "7"},
        {"CUDA_VISIBLE_DEVICES": "GPU-8932f937"},
    ]


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        (["cuda:3"], r"one of this machine's 3 CUDA devices.* Got 'cuda:3'"),
        (["gpu"], r"'cpu' or one of .* Got 'gpu'"),
        (["cuda:1", "cuda:1"], r"one process a device\. Got 'cuda:1' twice"),
        ([], r"devices must be a list such as .* Got \[\]"),
        ("cuda:0", r"devices must be a list such as .* Got 'cuda:0'"),
    ],
)
def test_a_device_that_cannot_be_is_refused_before_a_worker_starts(
    three_gpus: None, devices: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Processes(devices=devices)


def test_there_is_one_worker_for_each_device(three_gpus: None) -> None:
    with pytest.raises(ValueError, match=r"workers must be one for each device, 2\. Got 3\. Leave it out"):
        Processes(workers=3, devices=["cuda:0", "cuda:1"])
