"""Laws of every executor that the room holds."""

from concurrent.futures import CancelledError, Executor, wait

import pytest

from evonas.executors import EXECUTORS
from spaces.discovery import discover

every_executor = pytest.mark.parametrize("executor_class", discover(EXECUTORS).values(), ids=discover(EXECUTORS).keys())


class PeculiarError(Exception):
    def __init__(self, left: int, right: int) -> None:
        super().__init__(f"{left} and {right} do not get on")


def test_both_executors_are_found():
    assert set(discover(EXECUTORS)) == {"processes", "serial"}


@every_executor
def test_map_is_the_builtin_map(executor_class: type[Executor]):
    with executor_class() as executor:
        assert list(executor.map(divmod, range(20), [3] * 20)) == list(map(divmod, range(20), [3] * 20))


@every_executor
def test_lambdas_closures_and_keywords_work(executor_class: type[Executor]):
    offset = 40

    def shifted(x: int, *, by: int = 0) -> int:
        return x + offset + by

    with executor_class() as executor:
        assert executor.submit(lambda x: x * 2, 21).result() == 42
        assert executor.submit(shifted, 1, by=1).result() == 42


@every_executor
def test_functions_come_back(executor_class: type[Executor]):
    with executor_class() as executor:
        assert executor.submit(lambda: lambda x: x + 1).result()(1) == 2


@every_executor
def test_exceptions_come_back_as_they_were_raised(executor_class: type[Executor]):
    def fails() -> None:
        raise KeyError("no such operation")

    with executor_class() as executor:
        future = executor.submit(fails)
        with pytest.raises(KeyError, match="no such operation"):
            future.result()
        assert executor.submit(int, "4").result() == 4


@every_executor
def test_an_exception_that_cannot_be_unpickled_still_tells_its_story(executor_class: type[Executor]):
    def fails() -> None:
        raise PeculiarError(1, 2)

    with executor_class() as executor:
        error = executor.submit(fails).exception()
    assert "1 and 2 do not get on" in str(error)


@every_executor
def test_leaving_the_process_politely_is_an_exception_too(executor_class: type[Executor]):
    with executor_class() as executor:
        future = executor.submit(exit, 3)
        assert isinstance(future.exception(), SystemExit)
        assert executor.submit(int, "4").result() == 4


@every_executor
def test_callbacks_and_wait(executor_class: type[Executor]):
    seen = []
    with executor_class() as executor:
        futures = [executor.submit(abs, -number) for number in range(5)]
        for future in futures:
            future.add_done_callback(lambda done: seen.append(done.result()))
        finished, pending = wait(futures, timeout=20)
    assert len(finished) == 5
    assert not pending
    assert sorted(seen) == [0, 1, 2, 3, 4]


@every_executor
def test_nothing_is_accepted_after_shutdown(executor_class: type[Executor]):
    executor = executor_class()
    future = executor.submit(abs, -1)
    executor.shutdown(wait=True)
    executor.shutdown(wait=True, cancel_futures=True)
    assert future.result() == 1
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(abs, -1)


@every_executor
def test_what_is_queued_at_shutdown_is_done_or_cancelled(executor_class: type[Executor]):
    executor = executor_class()
    futures = [executor.submit(abs, -number) for number in range(50)]
    executor.shutdown(wait=True, cancel_futures=True)
    assert all(future.done() for future in futures)
    for number, future in enumerate(futures):
        try:
            assert future.result() == number
        except CancelledError:
            assert future.cancelled()
