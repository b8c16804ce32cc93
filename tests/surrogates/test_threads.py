"""One torch thread for a block, and the setting back afterwards."""

from collections.abc import Iterator

import pytest
import torch

from surrogates.threads import one_torch_thread


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_block_runs_on_one_thread(two_threads: None) -> None:
    with one_torch_thread():
        assert torch.get_num_threads() == 1
        with one_torch_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_the_setting_comes_back_after_an_error(two_threads: None) -> None:
    with pytest.raises(ValueError, match="inside"), one_torch_thread():
        raise ValueError("inside")
    assert torch.get_num_threads() == 2
