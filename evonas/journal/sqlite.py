"""What is particular to SQLite: how a file is opened, and what its errors mean.

Everything else in this room is portable SQLAlchemy Core.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from evonas.journal.errors import JournalError

BUSY_SECONDS = 30.0
_HEADER = b"SQLite format 3\x00"
_REMEDY = "Move it away or choose another results folder"


def writer(path: Path) -> Engine:
    """An engine of one connection that writes ``path``, and makes it where it is missing.

    Write-ahead logging keeps readers and the writer out of each other's way. ``synchronous=FULL`` has every commit on
    the disk before it returns. After ``kill -9`` that matters nothing (what was committed lies with the system even
    under ``NORMAL``), after a power failure everything; a commit then costs a millisecond or a few, a training seconds.
    """

    def connect() -> sqlite3.Connection:
        connection = _connect(str(path))
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def reader(path: Path) -> Engine:
    """An engine that reads ``path`` afresh for every transaction, and leaves nothing behind in its folder.

    Where no write-ahead log lies beside it, nobody writes and the file is all there is. Where one lies there and its
    index too, SQLite reads both, also while a campaign writes. Otherwise (a log left by a killed campaign in a folder
    that is copied or read-only) both are copied and read from the copy.
    """

    def connect() -> sqlite3.Connection:
        _check_header(path)
        location = path.absolute().as_uri()
        log, index = path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")
        if not log.exists():
            return _connect(f"{location}?mode=ro&immutable=1")
        if index.exists():
            connection = _connect(f"{location}?mode=ro")
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError:
                connection.close()
            else:
                return connection
        return _copied(path, log)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    _begin_with(engine, "BEGIN")
    return engine


def memory() -> Engine:
    """An engine of one journal that is never written down."""
    engine = create_engine("sqlite://", creator=lambda: _connect(":memory:"), poolclass=StaticPool)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def explained(error: BaseException | None, path: str) -> JournalError:
    """A database's error as an error for the user."""
    code = error.sqlite_errorcode & 0xFF if isinstance(error, sqlite3.Error) and _has_code(error) else None
    return JournalError(_EXPLANATIONS.get(code, _UNKNOWN).format(path=path, error=error))


def senseless(error: BaseException, path: str) -> JournalError:
    """What is wrong with rows that the database gives out and that no campaign wrote."""
    return JournalError(
        _EXPLANATIONS[sqlite3.SQLITE_CORRUPT].format(path=path, error=f"a row makes no sense ({error})")
    )


_UNKNOWN = f"{{path}} cannot be read or written as a journal: {{error}}. {_REMEDY}"
_EXPLANATIONS: dict[int | None, str] = {
    sqlite3.SQLITE_NOTADB: f"{{path}} is not an evonas journal: file is not a database. {_REMEDY}",
    sqlite3.SQLITE_CORRUPT: (
        "{path} is damaged: {error}. Restore it from a copy, or save what is left with the '.recover' of sqlite3"
    ),
    sqlite3.SQLITE_FULL: (
        "{path} cannot grow: {error}. Everything recorded so far is kept; free some space and run the campaign again"
    ),
    sqlite3.SQLITE_READONLY: (
        "{path} must be writable to run a campaign: {error}. Choose another results folder, or make this one writable"
    ),
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: {error}. Check that you may read and write it and its folder",
    sqlite3.SQLITE_BUSY: (
        f"{{path}} was locked by another program for {BUSY_SECONDS:g} s: {{error}}. Close that program and run again"
    ),
    sqlite3.SQLITE_IOERR: (
        "{path} cannot be read or written: {error}. Everything recorded so far is kept; look at the disk (is it full, "
        "or gone?) and run the campaign again"
    ),
}


def _check_header(path: Path) -> None:
    # SQLite takes a file of a few bytes for an empty database, and would write over it.
    with path.open("rb") as file:
        start = file.read(len(_HEADER))
    if start not in (b"", _HEADER):
        raise JournalError(_EXPLANATIONS[sqlite3.SQLITE_NOTADB].format(path=path))


def _has_code(error: sqlite3.Error) -> bool:
    # The module raises some errors of its own, which have no code.
    return getattr(error, "sqlite_errorcode", None) is not None


def _connect(location: str) -> sqlite3.Connection:
    # Transactions are begun by hand (isolation_level=None): the module itself would not begin one before DDL, and a
    # campaign killed while its journal is made would leave half of it.
    return sqlite3.connect(
        location,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=location.startswith("file:"),
    )


def _copied(path: Path, log: Path) -> sqlite3.Connection:
    copy = _connect(":memory:")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / path.name
        shutil.copyfile(path, target)
        shutil.copyfile(log, target.with_name(log.name))
        source = _connect(str(target))
        try:
            source.backup(copy)
        finally:
            source.close()
    return copy


def _begin_with(engine: Engine, statement: str) -> None:
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(statement))
