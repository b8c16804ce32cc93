import gc
import weakref

import pytest

from evonas.executors.serial import Serial


@pytest.mark.parametrize("workers", [0, 2])
def test_it_has_one_worker(workers: int):
    with pytest.raises(ValueError, match=rf"has one worker\. Got workers={workers}\. Use executor 'processes'"):
        Serial(workers=workers)


def test_it_refuses_a_time_limit_that_it_cannot_keep():
    with pytest.raises(ValueError, match=r"cannot stop a task .* Got timeout_seconds=5\.0\. .* 'processes'"):
        Serial(timeout_seconds=5.0)


def test_ctrl_c_passes_through():
    def interrupted() -> None:
        raise KeyboardInterrupt

    with Serial() as executor, pytest.raises(KeyboardInterrupt):
        executor.submit(interrupted)


def test_a_failed_task_keeps_nothing_alive():
    class Model:
        pass

    def fails() -> None:
        model = Model()
        models.append(weakref.ref(model))
        raise ValueError("no")

    models: list[weakref.ref[Model]] = []
    gc.disable()
    try:
        with Serial() as executor:
            future = executor.submit(fails)
            assert models[0]() is not None
            del future
            assert models[0]() is None
    finally:
        gc.enable()
