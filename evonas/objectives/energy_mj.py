"""What one inference takes from the socket."""

from __future__ import annotations

import torch

from evonas.core.objective import Objective, Subject, Unavailable
from evonas.objectives._energy_window import millijoules_per_call
from evonas.objectives.devices import check_alone, checked_device, nvml_of, whole_at_least_one
from evonas.objectives.runtimes import inference_inputs, prepared
from evonas.objectives.timing import WARM_UP, measuring


class EnergyMj(Objective):
    """Millijoules of one inference of the built, untrained network on an NVIDIA GPU, above idling. Minimised.

    NVML's total energy counter before and after a window of inferences, less the idle power of a window just before it
    times its length, over the number of inferences. Nothing else may compute on the device.

    Args:
        device: ``cuda`` or ``cuda:N``.
        batch: Examples in one inference.
        seconds: Least length of the window; the counter moves in steps of up to a tenth of a second.
        idle_seconds: Least length of the idle window.

    Raises:
        ValueError: An unknown device, a batch below 1 or a window that is not positive.
        Unavailable: There is no such device, no NVML, or no energy counter: there is no figure, and 0 would be a lie.
    """

    name = "energy_mj"
    needs = "model"
    goal = "min"
    unit = "mJ"
    noisy = True

    def __init__(self, device: str = "cuda", batch: int = 1, seconds: float = 2.0, idle_seconds: float = 1.0) -> None:
        self.device = checked_device(device)
        self.alone_on = str(self.device)
        self.batch = whole_at_least_one(batch, "batch")
        for name, value in (("seconds", seconds), ("idle_seconds", idle_seconds)):
            if not value > 0:
                raise ValueError(f"{name} must be positive; got {value!r}")
        self.seconds, self.idle_seconds = seconds, idle_seconds
        if self.device.type == "cpu":
            raise Unavailable("energy is read from the counter of an NVIDIA GPU; got device='cpu': take 'cuda'")
        self._millijoules()

    def measure(self, subject: Subject) -> float:
        check_alone(self.device)
        inputs = inference_inputs(subject.space, self.batch, self.device)
        with measuring(threads=1):
            run = prepared(subject.model, inputs, "eager", threads=1)

            def call() -> None:
                run()
                torch.cuda.synchronize(self.device)

            for _ in range(WARM_UP):
                call()
            return millijoules_per_call(call, self._millijoules, self.seconds, self.idle_seconds)

    def _millijoules(self) -> float:
        """The counter, since the driver was loaded."""
        nvml, handle = nvml_of(self.device)
        try:
            return float(nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        except nvml.NVMLError as error:
            raise Unavailable(
                f"{self.device} has no energy counter ({error}); it takes an NVIDIA GPU of Volta or later: "
                "leave energy_mj out"
            ) from error
