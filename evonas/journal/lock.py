"""One writer a journal."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from filelock import FileLock, Timeout

from evonas.journal.errors import JournalError


class WriterLock:
    """Held by the process that writes a journal; the system lets go of it when that process ends in any way.

    Args:
        journal: Path of the journal; the lock is a file beside it, and holds the writer's process number.

    Raises:
        JournalError: Another process writes, or the lock cannot be made.
    """

    def __init__(self, journal: Path) -> None:
        path = journal.with_name(journal.name + ".lock")
        self._lock = FileLock(path)
        try:
            self._lock.acquire(timeout=0)
            path.write_text(f"{os.getpid()}\n")
        except Timeout:
            raise JournalError(
                f"{journal}: another evonas process (pid {_writer(path)}) is running this campaign; "
                "wait for it or stop it"
            ) from None
        except (OSError, NotImplementedError) as error:
            self._lock.release()
            raise JournalError(
                f"{journal}: a campaign must be able to write in its results folder: {error}. "
                "Choose another results folder, or make this one writable"
            ) from error

    def release(self) -> None:
        """Lets other writers in."""
        self._lock.release()


def _writer(path: Path) -> str:
    with contextlib.suppress(OSError):
        text = path.read_text().strip()
        if text.isdigit():
            return text
    return "unknown"
