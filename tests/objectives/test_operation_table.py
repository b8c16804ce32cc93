"""Latency tables: what counts as an operation, what they add up to, and what they say of themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.benchmarks import latency_table
from evonas.benchmarks.latency_table import built, measured_table
from evonas.core.failure import Failure
from evonas.core.objective import Subject, measured
from evonas.objectives.operation_latency_ms import OperationLatencyMs
from evonas.objectives.operation_table import HeldOut, OperationTable, operation_keys
from evonas.objectives.operations import operations_of
from evonas.objectives.timing import Timing, measuring
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from spaces.transformer import Transformer

CPU = torch.device("cpu")
SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))


def sampled(count: int) -> list[Architecture]:
    rng = np.random.default_rng(0)
    found: dict[str, Architecture] = {}
    while len(found) < count:
        one = SPACE.simplify(SPACE.sample(rng))
        found.setdefault(one.key, one)
    return list(found.values())


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, 64), nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        return torch.relu(self.first(x) + self.second(x)) @ self.first.weight


def test_layers_count_whole_and_functions_between_them_too() -> None:
    linear = "Linear(in_features=64, out_features=64, bias=True) [[float32[64, 64], float32[64]], []] (float32[2, 64],)"
    assert operation_keys(Residual(), SPACE, batch=2) == [
        "torch.Tensor.flatten (float32[2, 1, 8, 8], 1)",
        linear,
        linear,
        "torch.Tensor.add (float32[2, 64], float32[2, 64])",
        "torch.relu (float32[2, 64],)",
        "torch.Tensor.matmul (float32[2, 64], float32[64, 64])",
    ]


@pytest.mark.parametrize(
    "space", [SPACE, Transformer(form="vit", embed_dims=24, layers=2, heads=2, input_shape=(3, 8, 8), patch=4)]
)
def test_the_keys_without_computing_are_those_of_a_real_pass(space: Any) -> None:
    model = built(space, space.simplify(space.sample(np.random.default_rng(2))))
    with measuring(threads=1):
        real = operations_of(model.eval(), torch.zeros(2, *space.input_shape))
        assert operation_keys(model, space, batch=2) == [operation.key for operation in real]
        for operation in real:
            operation.run()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def table(operations: dict[str, float]) -> OperationTable:
    return OperationTable(
        space="Cell201",
        device="cpu",
        torch="2",
        batch=1,
        threads=1,
        operations=operations,
        scale=2.0,
        offset_ms=0.5,
        fitted=8,
        held_out=HeldOut(networks=8, mape=0.1, kendall_tau=None),
    )


def test_the_sum_is_scaled_and_read_back_from_its_file(tmp_path: Path) -> None:
    made = table({"a": 0.25, "b": 3.0})
    assert made.predicted(["a", "b", "a"]) == 0.5 + 2.0 * 3.5
    made.write(tmp_path / "table.json")
    assert OperationTable.read(tmp_path / "table.json") == made


def test_layers_that_are_missing_are_named_with_the_command_that_measures_them(tmp_path: Path) -> None:
    table({"a": 0.25}).write(tmp_path / "table.json")
    objective = OperationLatencyMs(str(tmp_path / "table.json"))
    graph = sampled(1)[0]
    found = measured(objective, Subject(graph, SPACE, built=built(SPACE, graph)))
    assert isinstance(found, Failure)
    assert "the latency table of Cell201 has no Conv2d(1, 4, kernel_size=(3, 3)" in found.message
    assert "evonas benchmark latency --space SPACE --dataset DATASET --save TABLE" in found.message


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be read: No such file.*measure this space: evonas benchmark latency"):
        OperationLatencyMs(str(tmp_path / "none.json"))
    broken = tmp_path / "broken.json"
    broken.write_text(table({"a": 1.0}).model_dump_json().replace('"a":1.0', '"a":-1.0'))
    with pytest.raises(ValueError, match=r"is no latency table: operations\.a: Input should be greater than 0"):
        OperationLatencyMs(str(broken))
    broken.write_text("[")
    with pytest.raises(ValueError, match="is no latency table: : Invalid JSON"):
        OperationLatencyMs(str(broken))


def test_scale_offset_and_error_are_found_where_whole_networks_are_known_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation takes as many milliseconds as its key has letters, a network 1.5 times their sum and 7 more."""

    def timed(calls: list[Any], device: torch.device, repeats: int, rounds: int) -> list[Timing]:
        return [Timing(float(lengths[id(call)]), 0.0, repeats) for call in calls]

    lengths: dict[int, int] = {}
    found_by = latency_table._operations

    def noting(*arguments: Any) -> Any:
        found = found_by(*arguments)
        lengths.update({id(operation.run): len(operation.key) for operation in found})
        return found

    monkeypatch.setattr(latency_table, "timed_in_turn", timed)
    monkeypatch.setattr(latency_table, "_operations", noting)
    graphs = sampled(9)

    def whole(some: list[Architecture]) -> Any:
        keys = [Counter(operation_keys(built(SPACE, one), SPACE, 1)) for one in some]
        return np.array([7 + 1.5 * sum(len(key) * count for key, count in each.items()) for each in keys])

    fitted, held_out = graphs[:6], graphs[6:]
    wrong = whole(held_out) * [1.1, 1.0, 0.9]  # the table is 1/11 too low, exact, and 1/9 too high
    made = measured_table(SPACE, [], (fitted, whole(fitted)), (held_out, wrong), CPU, calls=5)
    assert (made.scale, made.offset_ms) == pytest.approx((1.5, 7))
    assert made.held_out.networks == 3
    assert made.held_out.mape == pytest.approx((1 / 11 + 0 + 1 / 9) / 3)
    with pytest.raises(ValueError, match="no network may be both fitted and held out"):
        measured_table(SPACE, [], (graphs, whole(graphs)), (held_out, wrong), CPU, calls=5)
