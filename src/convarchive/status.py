"""How an archive is: one look for the operator, one document for scripts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from convarchive.index import mark
from convarchive.store import clock, mirror, owed, rows
from convarchive.store.database import FILE
from convarchive.store.recordings import DIRECTORY as RECORDINGS


class SourceStatus(NamedTuple):
    """One source."""

    source: str
    kind: str
    conversations: int
    synced_at: str | None
    complete_until: str | None
    """Everything that the vendor listed until then is stored."""
    pending: int
    problems: int
    recordings_missing: int
    requests_today: int
    """With all keys, by UTC."""


class Status(NamedTuple):
    """An archive."""

    archive: str
    conversations: int
    turns: int
    revisions: int
    recordings: int
    deleted_at_source: int
    bytes: int
    """On the disk: database, recordings, index."""
    unindexed: int
    index_usable: bool
    sources: tuple[SourceStatus, ...]

    @property
    def problems(self) -> int:
        """Of all sources."""
        return sum(source.problems for source in self.sources)

    @property
    def healthy(self) -> bool:
        """Nothing needs attention."""
        return self.index_usable and not self.unindexed and not self.problems

    def to_json(self) -> dict[str, Any]:
        """The document ``convarchive.status/1``."""
        fields = self._asdict()
        fields["sources"] = [source._asdict() for source in self.sources]
        return {"schema": "convarchive.status/1", "healthy": self.healthy, **fields}


def status(connection: sqlite3.Connection, directory: Path) -> Status:
    """The state of an archive."""
    return Status(
        archive=directory.absolute().name,
        conversations=rows.count(connection),
        turns=_one(connection, "SELECT coalesce(sum(turn_count), 0) FROM conversations"),
        revisions=_one(connection, "SELECT count(*) FROM revisions"),
        recordings=_one(connection, "SELECT count(*) FROM recordings"),
        deleted_at_source=_one(
            connection, "SELECT count(*) FROM conversations WHERE deleted_at_source IS NOT NULL"
        ),
        bytes=_size(directory),
        unindexed=_one(connection, "SELECT count(*) FROM index_queue"),
        index_usable=mark.belongs(connection, directory),
        sources=tuple(_source(connection, row) for row in mirror.sources(connection)),
    )


def _source(connection: sqlite3.Connection, row: mirror.SourceRow) -> SourceStatus:
    return SourceStatus(
        source=row.name,
        kind=row.kind,
        conversations=owed.count(connection, "conversations", row.name),
        synced_at=row.synced_at,
        complete_until=row.complete_until,
        pending=owed.count(connection, "pending", row.name),
        problems=owed.count(connection, "problems", row.name),
        recordings_missing=_one(
            connection,
            "SELECT count(*) FROM conversations WHERE source = ?"
            " AND offers_recording AND recording_sha256 IS NULL",
            (row.name,),
        ),
        requests_today=sum(
            requests
            for _, day, requests in mirror.spent(connection, row.name)
            if day == clock.now()[: len(day)]
        ),
    )


def _one(connection: sqlite3.Connection, sql: str, values: Iterable[Any] = ()) -> int:
    (found,) = connection.execute(sql, tuple(values)).fetchone()
    return int(found)


def _size(directory: Path) -> int:
    places = [*directory.glob(f"{FILE}*"), directory / mark.DIRECTORY, directory / RECORDINGS]
    files = (file for place in places for file in (place, *place.rglob("*")) if file.is_file())
    return sum(file.stat().st_size for file in files)
