"""How long one inference takes."""

from __future__ import annotations

from typing import Literal, get_args

from evonas.core.objective import Objective, Subject, Unavailable
from evonas.exporters.exporter import ExportError
from evonas.exporters.onnx import check_installed
from evonas.objectives.devices import check_alone, checked_device, whole_at_least_one
from evonas.objectives.runtimes import inference_inputs, prepared
from evonas.objectives.timing import Timing, measuring, timed_in_turn

Runtime = Literal["eager", "compiled", "onnx"]


class LatencyMs(Objective):
    """Milliseconds of one inference of the built, untrained network, measured. Minimised.

    The 10th percentile of ``repeats`` calls after warm-up, in twenty rounds with pauses between them, so that no single
    moment decides; a copy in evaluation mode runs, without gradients, on noise or random tokens. A CUDA device is timed
    by its events and refused while other processes compute on it, as far as NVML (package nvidia-ml-py) tells. Of a
    processor nobody can know that; there the low percentile is all that keeps others' work out, a campaign's own
    workers' included.

    Candidates are measured one after the other, as a search asks for them, each once in a process: what a noisy figure
    costs is that an interrupted campaign does not go on bit for bit. ``operation_latency_ms`` is exact and a thousand
    times cheaper.

    Args:
        runtime: ``eager``; ``compiled`` by ``torch.compile`` as one graph, which takes seconds to minutes a candidate
            and forgets what the process has compiled before; or ``onnx``, ONNX Runtime on the processor, which takes
            seconds to export.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        batch: Examples in one inference.
        threads: Of the processor.
        repeats: Timed inferences.

    Raises:
        ValueError: An unknown runtime or device, a number below 1, or ``onnx`` on a GPU.
        Unavailable: The device does not exist or a package is missing.
    """

    name = "latency_ms"
    needs = "model"
    goal = "min"
    unit = "ms"
    noisy = True

    def __init__(
        self, runtime: Runtime = "eager", device: str = "cpu", batch: int = 1, threads: int = 1, repeats: int = 100
    ) -> None:
        if runtime not in get_args(Runtime):
            raise ValueError(f"runtime must be one of {', '.join(get_args(Runtime))}; got {runtime!r}")
        self.runtime = runtime
        self.device = checked_device(device)
        self.alone_on = None if self.device.type == "cpu" else str(self.device)
        self.batch = whole_at_least_one(batch, "batch")
        self.threads = whole_at_least_one(threads, "threads")
        self.repeats = whole_at_least_one(repeats, "repeats")
        if runtime == "onnx":
            if self.device.type != "cpu":
                raise ValueError(f"runtime 'onnx' is measured on the processor; got device={device!r}: take 'cpu'")
            try:
                check_installed()
            except ExportError as error:
                raise Unavailable(str(error)) from error

    def measure(self, subject: Subject) -> float:
        return self.timing(subject).milliseconds

    def timing(self, subject: Subject) -> Timing:
        """The figure with its spread."""
        check_alone(self.device)
        inputs = inference_inputs(subject.space, self.batch, self.device)
        with measuring(self.threads):
            call = prepared(subject.model, inputs, self.runtime, self.threads)
            (timing,) = timed_in_turn([call], self.device, self.repeats)
        return timing
