"""How long the operations of a space's networks take on one device, and how well their sum predicts whole networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn

from evonas.objectives.operations import operations_of
from evonas.objectives.runtimes import inference_inputs, inference_network
from spaces.space import Space
from surrogates.proxies.untouched import untouched_globals
from surrogates.threads import one_torch_thread

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class HeldOut(BaseModel):
    """The error of the predicted latency on networks that nothing was fitted to.

    Attributes:
        networks: How many.
        mape: Mean of the absolute relative errors, in [0, inf).
        kendall_tau: Rank correlation with the measured latency; None where there is no order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    networks: int
    mape: Finite
    kendall_tau: Finite | None


class OperationTable(BaseModel):
    """A latency table: ``offset_ms + scale * (sum of the operations' milliseconds)``.

    Operations are timed alone, in turn with all others; scale and offset make up for what a network adds to them, on
    the average of some whole networks that were measured, too. Small networks, whose weights stay in the cache, take
    less than the table says.

    Attributes:
        format: Version of the file's form.
        space: The space's class.
        device: Kind of device, and what it calls itself.
        torch: Version of torch.
        batch: Examples in one inference.
        threads: Of the processor.
        operations: Milliseconds by the operation's key.
        scale: Fitted to whole networks.
        offset_ms: Fitted to whole networks.
        fitted: Number of whole networks that scale and offset were fitted to.
        held_out: The error on other networks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    space: str
    device: str
    torch: str
    batch: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    operations: Mapping[str, Positive]
    scale: Positive
    offset_ms: Finite
    fitted: int
    held_out: HeldOut

    @classmethod
    def read(cls, path: str | Path) -> OperationTable:
        """Reads a table.

        Raises:
            ValueError: There is no such file, or it is no table; says which command writes one.
        """
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except OSError as error:
            raise ValueError(f"table {str(path)!r} cannot be read: {error.strerror}; {REMEDY}") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"table {str(path)!r} is no latency table: {place}: {first['msg']}; {REMEDY}") from error

    def write(self, path: Path) -> None:
        """Writes the table as JSON."""
        path.write_text(self.model_dump_json(indent=1) + "\n")

    def predicted(self, keys: Sequence[str]) -> float:
        """Milliseconds of a network with these operations.

        Raises:
            ValueError: Some are not in the table; names them and the command that measures them.
        """
        counts = Counter(keys)
        missing = [key for key in counts if key not in self.operations]
        if missing:
            named = "; ".join(missing[:3]) + (f"; and {len(missing) - 3} more" if len(missing) > 3 else "")
            raise ValueError(f"the latency table of {self.space} has no {named}; {REMEDY}")
        return self.offset_ms + self.scale * sum(self.operations[key] * count for key, count in counts.items())


REMEDY = "measure this space: evonas benchmark latency --space SPACE --dataset DATASET --save TABLE"


def operation_keys(model: nn.Module, space: Space, batch: int) -> list[str]:
    """The keys of a network's operations in the order of running, computing nothing; the model stays as it is."""
    meta = torch.device("meta")
    with one_torch_thread(), untouched_globals(), torch.no_grad():
        network = inference_network(model, meta)
        return [operation.key for operation in operations_of(network, inference_inputs(space, batch, meta))]
