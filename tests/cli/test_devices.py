"""A campaign whose workers have devices of their own."""

from pathlib import Path

from commands import evonas

CAMPAIGN = """\
name: pinned
space: {name: cell201, skeleton: compact, channels: 4, input_shape: [1, 8, 8]}
dataset: digits
trainer: {name: classifier, epochs: 1}
objectives: [validation_error, parameters]
budget: 9
executor: {name: processes, devices: [cpu, cpu, cpu]}
"""


def test_as_many_train_at_a_time_as_there_are_devices(tmp_path: Path) -> None:
    (tmp_path / "pinned.yaml").write_text(CAMPAIGN)
    assert "budget: 9 trainings, 3 at a time" in evonas("check", "pinned.yaml", cwd=tmp_path)
