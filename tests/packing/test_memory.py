from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.packing import first_that_fit, peak_bytes

CPU = torch.device("cpu")


def test_the_peak_is_of_what_lives_at_one_time() -> None:
    def step() -> None:
        first = torch.zeros(1000, dtype=torch.float32)
        second = first + 1  # two of 4,000 bytes
        del first
        third = second * 2  # and two again
        third.add_(1)
        third.view(10, 100)

    assert peak_bytes(step, CPU) == 8000


def test_what_was_there_before_does_not_count_and_what_waits_for_the_backward_pass_does() -> None:
    weight = torch.ones(1000, dtype=torch.float32, requires_grad=True)

    def forward_only() -> None:
        with torch.no_grad():
            weight.sin().sin().sin().sin()

    def with_graph() -> torch.Tensor:
        return weight.sin().sin().sin().sin()

    assert peak_bytes(forward_only, CPU) == 8000
    assert peak_bytes(with_graph, CPU) == 16000


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=12), overhead=st.integers(0, 4), room=st.integers(5, 30))
def test_the_first_candidates_fit_together_or_one_is_alone(sizes: list[int], overhead: int, room: int) -> None:
    asked = []

    def bytes_of(pack: Sequence[int]) -> int:
        asked.append(list(pack))
        return overhead + sum(sizes[number] for number in pack)

    pack = first_that_fit(range(len(sizes)), bytes_of, room)
    assert pack == list(range(len(pack)))
    assert pack
    assert len(pack) == 1 or asked[-1] == pack
    assert len(pack) == 1 or bytes_of(pack) <= room


def test_equal_candidates_fill_the_room() -> None:
    assert first_that_fit(range(20), lambda pack: 3 + 10 * len(pack), room_bytes=83) == list(range(8))


def test_a_dry_step_without_memory_means_fewer_and_other_faults_are_told() -> None:
    def scarce(pack: Sequence[int]) -> int:
        if len(pack) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return len(pack)

    assert first_that_fit(range(8), scarce, room_bytes=100) == [0, 1, 2]

    def faulty(pack: Sequence[int]) -> int:
        raise RuntimeError("no such operation")

    with pytest.raises(RuntimeError, match="no such operation"):
        first_that_fit(range(2), faulty, room_bytes=100)
