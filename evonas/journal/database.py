"""The journal's database: made or opened with its checks, read and written in transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, insert, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from evonas.journal import schema, sqlite
from evonas.journal.errors import JournalError
from evonas.journal.lock import WriterLock


class Database:
    """One journal's database. Its errors are ``JournalError`` and say what to do.

    Args:
        engine: Connects to it.
        location: Names it in messages.
        lock: Held while it may be written; None for a reader and in memory.
        writable: Whether transactions may write.
    """

    def __init__(self, engine: Engine, location: str, lock: WriterLock | None, writable: bool) -> None:
        self._engine = engine
        self._location = location
        self._lock = lock
        self._writable = writable
        self.is_closed = False

    @classmethod
    def create(cls, path: Path, manifest: str) -> Database:
        """Makes the file, its tables and its first row in one transaction."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{path}: its folder cannot be made: {error}. Choose another results folder") from error
        lock = WriterLock(path)
        try:
            if cls.exists(path):
                raise JournalError(
                    f"{path} holds something already, and nothing is overwritten. "
                    "Go on with that campaign, move it away or choose another results folder"
                )
            return cls._made(cls(sqlite.writer(path), str(path), lock, writable=True), manifest)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def in_memory(cls, manifest: str) -> Database:
        """A database that ends with this process."""
        return cls._made(cls(sqlite.memory(), "the journal in memory", None, writable=True), manifest)

    @classmethod
    def open(cls, path: Path, read_only: bool) -> Database:
        """Opens what ``create`` made."""
        if not cls.exists(path):
            raise JournalError(
                f"{path}: there is no journal here. Start the campaign first, or check the folder's name"
            )
        if path.is_dir():
            raise JournalError(f"{path} is a directory, not a journal. Move it away or choose another results folder")
        reader = cls(sqlite.reader(path), str(path), None, writable=False)
        reader._check_format()
        if read_only:
            return reader
        lock = WriterLock(path)
        writer = cls(sqlite.writer(path), str(path), lock, writable=True)
        try:
            writer._check_format()
            writer._check_writable()
        except BaseException:
            writer.close()
            raise
        return writer

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there is anything that a new journal would overwrite; a database without tables is nothing."""
        try:
            if not path.exists():
                return False
            if path.is_dir():
                return True
        except OSError as error:
            raise JournalError(f"{path} cannot be looked at: {error}. Choose another results folder") from error
        try:
            return bool(cls(sqlite.reader(path), str(path), None, writable=False)._tables())
        except JournalError:
            return True

    def close(self) -> None:
        """Closes the connection and lets other writers in; from now on it is not written any more."""
        self.is_closed = True
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database.

        Raises:
            JournalError: It cannot be read, or its block cannot make sense of what was read.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except (ValueError, LookupError, TypeError, ArithmeticError) as error:
            raise sqlite.senseless(error, self._location) from error
        except DBAPIError as error:
            raise sqlite.explained(error.orig, self._location) from error
        except OSError as error:
            raise JournalError(
                f"{self._location} cannot be opened: {error}. Check that you may read and write it and its folder"
            ) from error

    @contextmanager
    def writing(self, conflict: str = "a row is there already") -> Iterator[Connection]:
        """A transaction that is on the disk when it ends, or not at all.

        Args:
            conflict: What it means where a row is there already, or one that it refers to is not.

        Raises:
            JournalError: It cannot be written.
            ValueError: ``conflict``.
        """
        if self.is_closed:
            raise JournalError(f"{self._location} was closed, and may be written by others now. Open it again")
        if not self._writable:
            raise JournalError(f"{self._location} was opened to be read only. Open it to be written")
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError as error:
            raise ValueError(f"{conflict}; nothing is overwritten") from error
        except DBAPIError as error:
            raise sqlite.explained(error.orig, self._location) from error

    def rows(self, query: Select[Any]) -> list[Mapping[str, Any]]:
        """Every row of one query."""
        with self.reading() as connection:
            return rows_of(connection, query)

    @classmethod
    def _made(cls, database: Database, manifest: str) -> Database:
        first = {"id": 1, "format_version": schema.FORMAT_VERSION, "created": now(), "manifest": manifest}
        try:
            with database.writing() as connection:
                schema.metadata.create_all(connection)
                connection.execute(insert(schema.campaign).values(first))
        except BaseException:
            database.close()
            raise
        return database

    def _tables(self) -> list[str]:
        with self.reading() as connection:
            return inspect(connection).get_table_names()

    def _check_format(self) -> None:
        missing = sorted(set(schema.metadata.tables) - schema.ABSENT_BEFORE - set(self._tables()))
        if missing:
            raise JournalError(
                f"{self._location} is a database, but not an evonas journal: it has no table {', '.join(missing)}. "
                "Move it away or choose another results folder"
            )
        found = self.rows(select(schema.campaign.c.format_version))
        if len(found) != 1 or found[0]["format_version"] > schema.FORMAT_VERSION:
            version = found[0]["format_version"] if found else "no"
            raise JournalError(
                f"{self._location} has journal format {version}; this evonas reads up to {schema.FORMAT_VERSION}. "
                "Install the evonas that wrote it, or a newer one"
            )

    def _check_writable(self) -> None:
        # Found out now, not after the first training. A transaction without a change would not notice.
        table = schema.campaign
        with self.writing() as connection:
            connection.execute(table.update().values(format_version=table.c.format_version))


def rows_of(connection: Connection, query: Select[Any]) -> list[Mapping[str, Any]]:
    """Every row of one query within a transaction."""
    return [dict(row) for row in connection.execute(query).mappings()]


def now() -> str:
    """This second in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
