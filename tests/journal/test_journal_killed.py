"""Kill -9 at any instant leaves a journal that can be read, and gone on with."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from journal_stories import OBJECTIVES, plain_evaluation, plain_trial

from evonas.journal import Journal

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from journal_stories import OBJECTIVES, plain_evaluation, plain_trial
from evonas.journal import Journal

path = Path(sys.argv[1])
print("begins", flush=True)
journal = Journal.open(path) if Journal.exists(path) else Journal.create(path, {"campaign": {"name": "tiny"}})
first = len(journal.load(OBJECTIVES))
for trial in journal.load(OBJECTIVES).pending:
    journal.add_evaluation(trial.number, plain_evaluation(trial.number), 1.0)
for number in range(first, 10**6, 2):
    journal.add_round([plain_trial(number, number), plain_trial(number + 1, number)])
    for each in (number, number + 1):
        journal.add_evaluation(each, plain_evaluation(each), 1.0)
        print(each, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_instant(tmp_path: Path, seed: int):
    path = tmp_path / "journal.sqlite"
    command = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)]
    rng = np.random.default_rng(seed)
    claimed = -1
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begins\n"
            time.sleep(float(rng.uniform(0, 0.15)))
            writer.kill()
            claimed = max([claimed, *(int(line) for line in writer.stdout.read().splitlines()[:-1])])
        if Journal.exists(path):
            with Journal.open(path, read_only=True) as reader:
                archive = reader.load(OBJECTIVES)
            assert [trial.number for trial in archive.trials] == list(range(len(archive)))
            assert len(archive) % 2 == 0, "a batch is there as a whole or not at all"
            assert len(archive.trained) > claimed, "what was said to be written is there"
            for trial in archive.trials:
                assert trial.proposal == plain_trial(trial.number, trial.number // 2 * 2).proposal
                assert trial.evaluation in (None, plain_evaluation(trial.number))
        else:
            assert claimed == -1
    with Journal.open(path) if Journal.exists(path) else Journal.create(path, {}) as journal:
        journal.begin_session()
