"""The journal's tables. Structured values are JSON text, so that every database keeps them to the last digit."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Integer, MetaData, Table, Text

FORMAT_VERSION = 3
"""Raised when an older evonas could not read what this one writes. 1 had no rungs, 2 no replicates."""

metadata = MetaData()

campaign = Table(
    "campaign",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("format_version", Integer, nullable=False),
    Column("created", Text, nullable=False),  # ISO 8601, UTC
    Column("manifest", Text, nullable=False),  # {"campaign": ..., "versions": ..., "machine": ...}
)

amendments = Table(
    "amendments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("amended", Text, nullable=False),  # ISO 8601, UTC
    Column("previous", Text, nullable=False),  # the resolved campaign before
)

rounds = Table(
    "rounds",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("counts", Text, nullable=False),
    Column("seconds", Text, nullable=False),
    Column("notes", Text, nullable=False),
)

trials = Table(
    "trials",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer, ForeignKey("rounds.number"), nullable=False),
    Column("key", Text, nullable=False),
    Column("notation", Text, nullable=False),
    Column("architecture", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("exact", Text, nullable=False),
    Column("predicted", Text, nullable=False),  # {"validation_error": [mean, std]}
    Column("proxies", Text, nullable=False),
)

rungs = Table(  # of the trials that are shorter than full trainings
    "rungs",
    metadata,
    Column("trial", Integer, ForeignKey("trials.number"), primary_key=True, autoincrement=False),
    Column("epochs", Integer, nullable=False),
    Column("full_epochs", Integer, nullable=False),
)

replicates = Table(  # of the trials that repeat a full training
    "replicates",
    metadata,
    Column("trial", Integer, ForeignKey("trials.number"), primary_key=True, autoincrement=False),
    Column("replicate", Integer, nullable=False),  # from 1
)

ABSENT_BEFORE = frozenset({"rungs", "replicates"})
"""Tables that journals of older formats lack: rungs those of 1, replicates those of 2."""

sessions = Table(
    "sessions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started", Text, nullable=False),  # ISO 8601, UTC
    Column("stage_seconds", Text, nullable=False),
)


def _evaluation_columns() -> list[Column[object]]:
    return [
        Column("values", Text, nullable=False),
        Column("seconds", Double, nullable=False),
        Column("epochs", Integer, nullable=False),
        Column("curve", Text, nullable=False),  # one object an epoch; null stands for what is not finite
        Column("failure_kind", Text),
        Column("failure_message", Text),
    ]


evaluations = Table(
    "evaluations",
    metadata,
    Column("trial", Integer, ForeignKey("trials.number"), primary_key=True, autoincrement=False),
    *_evaluation_columns(),
    Column("elapsed_seconds", Double, nullable=False),
    Column("session", Integer, ForeignKey("sessions.number"), nullable=False),
)

retrainings = Table(
    "retrainings",
    metadata,
    Column("trial", Integer, ForeignKey("trials.number"), primary_key=True, autoincrement=False),
    Column("seed", Integer, primary_key=True, autoincrement=False),
    *_evaluation_columns(),
)
