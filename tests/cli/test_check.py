"""What ``evonas check`` makes before a run would, and finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from commands import write

from evonas.campaign.fault import CampaignError
from evonas.cli.check import check_campaign


@pytest.mark.parametrize(
    ("section", "part", "told"),
    [
        ("predictor", {"name": "graph_network", "pretrained": "nowhere.safetensors"}, "there is no file 'nowhere"),
        ("predictor", {"name": "stacked", "members": ["gaussian_proces"]}, "Did you mean 'gaussian_process'"),
        ("executor", {"name": "processes", "devices": ["cuda:99"]}, "CUDA devices.*Got 'cuda:99'"),
        ("executor", {"name": "serial", "workers": 3}, "has one worker. Got workers=3"),
        ("trainer", {"name": "classifier", "device": "cuda:99"}, "exist on this machine.*'cuda:99'"),
    ],
)
def test_every_part_that_a_run_makes_is_made_and_its_fault_has_its_line(
    section: str, part: dict[str, Any], told: str, tmp_path: Path
) -> None:
    file = write(tmp_path, **{section: part})
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if f'"{section}"' in text)
    with pytest.raises(CampaignError, match=told) as raised:
        check_campaign(str(file), as_json=True)
    assert [fault.path[0] for fault in raised.value.faults] == [section]
    assert line <= (raised.value.faults[0].line or 0) <= line + len(part) + 1
