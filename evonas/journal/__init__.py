"""The journal is the state: every proposal and evaluation of a campaign, durable when the call that wrote it returns.

- ``journal.py``: ``Journal``, made, opened, written by one process, read by any.
- ``schema.py``: its tables. ``rows.py``: trials and evaluations as rows, and back.
- ``sqlite.py``: everything particular to SQLite. ``lock.py``: one writer. ``errors.py``: ``JournalError``.
- ``manifest.py``: versions and machine, for the first row. ``difference.py``: how a changed campaign differs.

    with Journal.create(folder / "journal.sqlite", {"campaign": campaign, "versions": versions()}) as journal:
        journal.add_round(trials)                                # before any of them is trained
        journal.add_evaluation(0, evaluation, elapsed_seconds)   # when one has come home

A killed campaign opens its journal again, loads the archive and goes on. On a network file system, run the campaign and
read its journal on the same machine: SQLite's write-ahead log needs shared memory.
"""

from evonas.journal.amendment import Amendment
from evonas.journal.difference import campaign_difference
from evonas.journal.errors import JournalError
from evonas.journal.journal import Journal
from evonas.journal.manifest import machine, versions

__all__ = ["Amendment", "Journal", "JournalError", "campaign_difference", "machine", "versions"]
