"""The journal of one campaign."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Table, func, insert, inspect, select, update

from evonas.core.archive import Archive, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.objective import Objective
from evonas.core.record import Record
from evonas.core.rung import Rung
from evonas.journal import rows, schema
from evonas.journal.amendment import Amendment
from evonas.journal.database import Database, now, rows_of
from spaces.space import Space


class Journal:
    """Every proposal and evaluation of a campaign, in a database. Made by ``create``, ``open`` or ``in_memory``.

    Every write is one transaction and durable when the call returns. Nothing is ever overwritten. One process writes,
    any number read meanwhile. An instance is used by one thread at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: int | None = None

    @classmethod
    def create(cls, path: Path, manifest: Mapping[str, Any]) -> Journal:
        """Makes the journal of a new campaign, and its folder where that is missing.

        Args:
            path: ``<results folder>/journal.sqlite``.
            manifest: ``campaign`` (resolved), ``versions``, ``machine``; plain values, as JSON has them. ``created`` is
                added.

        Raises:
            JournalError: There is one already, another process is making one, or it cannot be written.
            ValueError: The manifest holds what is no plain finite value.
        """
        return cls(Database.create(path, _document(manifest)))

    @classmethod
    def open(cls, path: Path, read_only: bool = False) -> Journal:
        """Opens the journal of a campaign that was run before, or runs now.

        Args:
            path: ``<results folder>/journal.sqlite``.
            read_only: Whether to read only, which needs no lock and no right to write, and sees what is committed
                meanwhile.

        Raises:
            JournalError: There is none, it is no journal of this or an older format, another process writes it, or it
                cannot be read or, unless ``read_only``, written.
        """
        return cls(Database.open(path, read_only))

    @classmethod
    def in_memory(cls, manifest: Mapping[str, Any]) -> Journal:
        """A journal that ends with this process."""
        return cls(Database.in_memory(_document(manifest)))

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there is anything at ``path`` that a new journal would overwrite.

        An empty database is nothing: it is what a campaign leaves that is killed while its journal is made.

        Raises:
            JournalError: One may not look there.
        """
        return Database.exists(path)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, and so is written no more."""
        return self._database.is_closed

    def close(self) -> None:
        """Closes the database and lets other writers in."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def manifest(self) -> dict[str, Any]:
        """``campaign`` as last amended, ``versions``, ``machine`` and ``created`` (ISO 8601, UTC)."""
        with self._database.reading() as connection:
            row = rows_of(connection, select(schema.campaign))[0]
            return {**json.loads(row["manifest"]), "created": row["created"]}

    @property
    def amendments(self) -> list[Amendment]:
        """Changes of the campaign, oldest first."""
        found = self._database.rows(select(schema.amendments).order_by(schema.amendments.c.number))
        return [Amendment(row["amended"], json.loads(row["previous"])) for row in found]

    def update_campaign(self, resolved: Mapping[str, Any]) -> None:
        """Replaces the resolved campaign, where the runner allows the change, and keeps the one before."""
        with self._database.writing() as connection:
            stored = json.loads(connection.execute(select(schema.campaign.c.manifest)).scalar_one())
            if stored.get("campaign") == resolved:
                return
            number = connection.execute(select(func.count()).select_from(schema.amendments)).scalar_one()
            previous = rows.dumps(stored.get("campaign"))
            connection.execute(insert(schema.amendments).values(number=number, amended=now(), previous=previous))
            connection.execute(update(schema.campaign).values(manifest=rows.dumps({**stored, "campaign": resolved})))

    def begin_session(self) -> int:
        """Begins a run of the campaign and returns its number, from 0. The first write begins one where none was."""
        table = schema.sessions
        with self._database.writing() as connection:
            session: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
            connection.execute(insert(table).values(number=session, started=now(), stage_seconds="{}"))
        self._session = session
        return session

    def add_stage_seconds(self, seconds: Mapping[str, float]) -> None:
        """Adds wall time by stage to what the session has."""
        table = schema.sessions
        this_session = table.c.number == self._current_session()
        with self._database.writing() as connection:
            stored = json.loads(connection.execute(select(table.c.stage_seconds).where(this_session)).scalar_one())
            for stage, value in seconds.items():
                stored[stage] = stored.get(stage, 0.0) + rows.number(value, f"seconds of stage {stage!r}")
            connection.execute(update(table).where(this_session).values(stage_seconds=rows.dumps(stored)))

    def add_round(self, trials: Sequence[Trial]) -> None:
        """Writes the proposals of one batch, with their funnels, before any of them is evaluated.

        Raises:
            ValueError: Numbers do not go on from those written, a trial has an evaluation, a round is written already
                with another funnel, or a value is not finite.
        """
        with self._database.writing() as connection:
            expected = connection.execute(select(func.count()).select_from(schema.trials)).scalar_one()
            known = {row["number"]: row for row in rows_of(connection, select(schema.rounds))}
            for offset, trial in enumerate(trials):
                if trial.number != expected + offset:
                    raise ValueError(
                        f"trials are journalled in order: the next number is {expected + offset}. Got {trial.number}"
                    )
                if trial.evaluation is not None:
                    raise ValueError(f"trial {trial.number} is evaluated already; a proposal is journalled before that")
                funnel = trial.proposal.funnel
                if funnel.round not in known:
                    known[funnel.round] = rows.round_row(funnel)
                    connection.execute(insert(schema.rounds).values(known[funnel.round]))
                elif rows.funnel_of(known[funnel.round]) != funnel:
                    raise ValueError(f"round {funnel.round} is journalled with another funnel; nothing is overwritten")
                connection.execute(insert(schema.trials).values(rows.trial_row(trial)))
                if trial.proposal.rung is not None:
                    connection.execute(insert(schema.rungs).values(rows.rung_row(trial.number, trial.proposal.rung)))
                if trial.proposal.replicate:
                    replicate = {"trial": trial.number, "replicate": trial.proposal.replicate}
                    connection.execute(insert(schema.replicates).values(replicate))

    def add_evaluation(self, number: int, evaluation: Evaluation, elapsed_seconds: float) -> None:
        """Writes what a trial brought home; see ``add_evaluations``."""
        self.add_evaluations({number: evaluation}, elapsed_seconds)

    def add_evaluations(self, evaluations: Mapping[int, Evaluation], elapsed_seconds: float) -> None:
        """Writes what trials brought home together, values or failures by number: all of it or nothing.

        Args:
            evaluations: By number of the trial; values, a failure or a stop.
            elapsed_seconds: Running time of the campaign over all sessions at this moment.

        Raises:
            ValueError: There is no such trial, it has an evaluation, or a value is not finite.
        """
        told = f"trial {', '.join(map(str, evaluations))}"
        elapsed, session = rows.number(elapsed_seconds, f"{told}: elapsed seconds"), self._current_session()
        more = {"elapsed_seconds": elapsed, "session": session}
        found = [{**rows.evaluation_row(number, evaluation), **more} for number, evaluation in evaluations.items()]
        stops = [rows.stop_row(number, one.stop) for number, one in evaluations.items() if one.stop is not None]
        with self._database.writing(f"{told} is not journalled, or has an evaluation already") as connection:
            connection.execute(insert(schema.evaluations), found)
            if stops:
                connection.execute(insert(schema.stops), stops)

    def add_retrainings(self, evaluations: Mapping[tuple[int, int], Evaluation]) -> None:
        """Writes retrainings of members of the front, by trial and seed: all of them or none.

        Raises:
            ValueError: There is no such trial, this seed is written already, or a value is not finite.
        """
        found = [{**rows.evaluation_row(number, one), "seed": seed} for (number, seed), one in evaluations.items()]
        told = [f"trial {one} is not journalled, or was retrained with seed {seed}" for one, seed in evaluations]
        with self._database.writing(", ".join(told)) as connection:
            connection.execute(insert(schema.retrainings), found)

    def load(self, objectives: Sequence[Objective]) -> Archive:
        """Replays the campaign: every proposal in order, then every evaluation by number."""
        with self._database.reading() as connection:
            return _archive(connection, objectives)

    def retrainings(self) -> dict[int, dict[int, Evaluation]]:
        """Retrainings by trial number and seed, both ascending."""
        with self._database.reading() as connection:
            return _retrainings(connection)

    def elapsed_seconds(self) -> float:
        """Running time of the campaign when its last evaluation came home; 0 before the first."""
        with self._database.reading() as connection:
            return max(_elapsed_seconds(connection).values(), default=0.0)

    def record(self, name: str, space: Space, objectives: Sequence[Objective]) -> Record:
        """The campaign for reports and tables, as it stands at one moment."""
        manifest = self.manifest
        with self._database.reading() as connection:
            return Record(
                name=name,
                space=space,
                archive=_archive(connection, objectives),
                manifest=manifest,
                elapsed_seconds=_elapsed_seconds(connection),
                retrainings={number: list(seeds.values()) for number, seeds in _retrainings(connection).items()},
                stage_seconds=_stage_seconds(connection),
                evaluated_by_session=_evaluated_by_session(connection),
            )

    def _current_session(self) -> int:
        return self.begin_session() if self._session is None else self._session


def _document(manifest: Mapping[str, Any]) -> str:
    return rows.dumps({name: value for name, value in manifest.items() if name != "created"})


def _archive(connection: Connection, objectives: Sequence[Objective]) -> Archive:
    trials, evaluations = schema.trials, schema.evaluations
    funnels = {row["number"]: rows.funnel_of(row) for row in rows_of(connection, select(schema.rounds))}
    added = (schema.rungs, schema.replicates, schema.stops)
    rungs, replicates, stops = (_by_trial(connection, table) for table in added)
    archive = Archive(objectives)
    for row in rows_of(connection, select(trials).order_by(trials.c.number)):
        rung, replicate = rungs.get(row["number"]), replicates.get(row["number"])
        shorter = Rung(rung["epochs"], rung["full_epochs"]) if rung else None
        funnel = funnels[row["round"]]
        archive.propose(rows.proposal_of(row, funnel, shorter, replicate["replicate"] if replicate else 0))
    for row in rows_of(connection, select(evaluations).order_by(evaluations.c.trial)):
        archive.record(row["trial"], rows.evaluation_of(row, stops.get(row["trial"])))
    return archive


def _by_trial(connection: Connection, table: Table) -> dict[int, rows.Row]:
    """Rows of a table that not every trial has one in, by trial; journals of an older format have none."""
    found = rows_of(connection, select(table)) if inspect(connection).has_table(table.name) else []
    return {row["trial"]: row for row in found}


def _retrainings(connection: Connection) -> dict[int, dict[int, Evaluation]]:
    table = schema.retrainings
    found: dict[int, dict[int, Evaluation]] = {}
    for row in rows_of(connection, select(table).order_by(table.c.trial, table.c.seed)):
        found.setdefault(row["trial"], {})[row["seed"]] = rows.evaluation_of(row)
    return found


def _elapsed_seconds(connection: Connection) -> dict[int, float]:
    table = schema.evaluations
    query = select(table.c.trial, table.c.elapsed_seconds).order_by(table.c.trial)
    return {row["trial"]: row["elapsed_seconds"] for row in rows_of(connection, query)}


def _stage_seconds(connection: Connection) -> dict[str, float]:
    table = schema.sessions
    total: dict[str, float] = {}
    for row in rows_of(connection, select(table.c.stage_seconds).order_by(table.c.number)):
        for stage, seconds in json.loads(row["stage_seconds"]).items():
            total[stage] = total.get(stage, 0.0) + seconds
    return total


def _evaluated_by_session(connection: Connection) -> list[int]:
    sessions, evaluations = schema.sessions, schema.evaluations
    query = (
        select(func.count(evaluations.c.trial).label("evaluated"))
        .select_from(sessions.outerjoin(evaluations, evaluations.c.session == sessions.c.number))
        .group_by(sessions.c.number)
        .order_by(sessions.c.number)
    )
    return [row["evaluated"] for row in rows_of(connection, query)]
