"""Journals that were written before there were rungs or replicates are read and gone on with."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from journal_stories import OBJECTIVES, plain_evaluation, plain_trial, told

from evonas.journal.journal import Journal


@pytest.mark.parametrize(("written", "lacking"), [(1, ("rungs", "replicates")), (2, ("replicates",))])
def test_a_journal_of_an_older_format(tmp_path: Path, written: int, lacking: tuple[str, ...]) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.create(path, {"campaign": {}}) as journal:
        journal.add_round([plain_trial(0), plain_trial(1)])
        journal.add_evaluation(0, plain_evaluation(0), 1.0)
        before = told(journal.load(OBJECTIVES))
    connection = sqlite3.connect(path)
    for table in lacking:
        connection.execute(f"DROP TABLE {table}")
    connection.execute("UPDATE campaign SET format_version = ?", (written,))
    connection.commit()
    connection.close()
    with Journal.open(path, read_only=True) as journal:
        assert told(journal.load(OBJECTIVES)) == before
    with Journal.open(path) as journal:
        journal.add_evaluation(1, plain_evaluation(1), 2.0)
        assert len(journal.load(OBJECTIVES).trained) == 2
