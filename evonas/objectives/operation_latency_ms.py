"""How long one inference takes, by a table of its operations."""

from __future__ import annotations

from evonas.core.objective import Objective, Subject
from evonas.objectives.operation_table import OperationTable, operation_keys


class OperationLatencyMs(Objective):
    """Milliseconds of one inference in PyTorch, added up by a table. Minimised; repeats exactly.

    The table is measured once on the device, by ``evonas benchmark latency --space SPACE --dataset DATASET --save
    TABLE``, and says in ``held_out`` how far its sums are from whole networks that it never saw. The network runs on
    the meta device, where nothing is computed, to see which operations it is made of.

    Args:
        table: Path of the table.

    Raises:
        ValueError: There is no such file, or it is no table.
    """

    name = "operation_latency_ms"
    needs = "model"
    goal = "min"
    unit = "ms"

    def __init__(self, table: str) -> None:
        self.table = OperationTable.read(table)

    def measure(self, subject: Subject) -> float:
        return self.table.predicted(operation_keys(subject.model, subject.space, self.table.batch))
