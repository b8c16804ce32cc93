"""Which GPU a worker process sees."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible_devices(devices: Sequence[str]) -> list[dict[str, str]]:
    """For each device the environment of the worker that has it alone; read by CUDA when the process first asks for it.

    Args:
        devices: ``"cuda:0"``, …, as this process counts them, each once; or ``"cpu"``, any number of times.

    Raises:
        ValueError: There is no such device, it is named twice, or none is given.
    """
    import torch

    if isinstance(devices, str) or not devices:
        raise ValueError(
            f"executor 'processes': devices must be a list such as ['cuda:0', 'cuda:1']. Got {devices!r}. "
            "Leave it out for processes without one of their own"
        )
    count = torch.cuda.device_count()
    here = os.environ.get(VARIABLE)
    names = [str(number) for number in range(count)] if here is None else here.split(",")
    environments = []
    for device in devices:
        match = re.fullmatch(r"cuda:(\d+)", str(device))
        if device != "cpu" and (match is None or int(match[1]) >= count):
            raise ValueError(
                f"executor 'processes': a device must be 'cpu' or one of this machine's {count} CUDA devices, "
                f"'cuda:0' and so on. Got {device!r}"
            )
        if match and list(devices).count(device) > 1:
            raise ValueError(
                f"executor 'processes': one process a device. Got {device!r} twice. "
                "Candidates share a device by packing, not by processes"
            )
        environments.append({VARIABLE: names[int(match[1])].strip() if match else ""})
    return environments
