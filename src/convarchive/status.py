"""How an archive is: one look for the operator, one document for scripts."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from convarchive import settings
from convarchive.compliance import checkpoints
from convarchive.errors import SettingsError
from convarchive.index import mark
from convarchive.settings import SourceSettings
from convarchive.store import clock, holds, ledger, mirror, owed, rows, tombstones, unindexed
from convarchive.store.database import FILE
from convarchive.store.recordings import DIRECTORY as RECORDINGS
from convarchive.store.recordings import LACKING

SOON = timedelta(days=3)


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
    vanishing: int
    """Conversations of which something is not here yet, and that the vendor deletes within
    `SOON`; 0 where it is not known when the vendor deletes."""
    requests_today: int
    """With all keys, by UTC."""


class Status(NamedTuple):
    """An archive."""

    archive: str
    conversations: int
    turns: int
    revisions: int
    recordings: int
    recordings_absent: int
    """Named by what was imported, and without their sound."""
    deleted_at_source: int
    holds: int
    """Legal holds that are active."""
    held: int
    """Conversations that they protect."""
    unfinished_disposals: int
    """Of which something may still be on the disk."""
    bytes: int
    """On the disk: database, recordings, index, checkpoints."""
    verified_at: str | None
    """When all of it was last verified; None if it never was."""
    damaged: int
    """So many damages were found then."""
    unindexed: int
    index_usable: bool
    ledger_entries: int
    """What was ever done to the archive."""
    checkpoint: str | None
    """The root of the ledger that was signed last, in hex."""
    checkpoint_entries: int | None
    """How many entries of the ledger that stands for."""
    checkpoint_at: str | None
    """When the last of them was made."""
    checkpoint_error: str | None
    """One sentence: why the evidence needs attention."""
    sources: tuple[SourceStatus, ...]

    @property
    def problems(self) -> int:
        """Of all sources."""
        return sum(source.problems for source in self.sources)

    @property
    def healthy(self) -> bool:
        """Nothing needs attention."""
        vanishing = any(source.vanishing for source in self.sources)
        wrong = self.unindexed or self.problems or self.damaged or self.unfinished_disposals
        return self.index_usable and not (wrong or vanishing or self.checkpoint_error)

    def to_json(self) -> dict[str, Any]:
        """The document ``convarchive.status/1``."""
        fields = self._asdict()
        fields["sources"] = [source._asdict() for source in self.sources]
        return {"schema": "convarchive.status/1", "healthy": self.healthy, **fields}


def status(connection: sqlite3.Connection, directory: Path) -> Status:
    """The state of an archive."""
    known: dict[str, SourceSettings] = {}
    with contextlib.suppress(SettingsError):  # the archive can be looked at all the same
        known = settings.sources(directory)
    conversations = rows.count(connection)
    return Status(
        archive=directory.absolute().name,
        conversations=conversations,
        turns=_one(connection, "SELECT coalesce(sum(turn_count), 0) FROM conversations"),
        revisions=_one(connection, "SELECT count(*) FROM revisions"),
        recordings=_one(connection, "SELECT count(*) FROM recordings WHERE stored"),
        recordings_absent=_one(connection, "SELECT count(*) FROM recordings WHERE NOT stored"),
        deleted_at_source=_one(
            connection, "SELECT count(*) FROM conversations WHERE deleted_at_source IS NOT NULL"
        ),
        holds=len(holds.active(connection)),
        held=len(holds.protected(connection)),
        unfinished_disposals=len(tombstones.unfinished(connection)),
        bytes=_size(directory),
        **_verified(connection),
        unindexed=unindexed.count(connection),
        index_usable=mark.belongs(connection, directory),
        ledger_entries=ledger.size(connection),
        **_evidence(connection, directory, conversations),
        sources=tuple(
            _source(connection, row, known.get(row.name)) for row in mirror.sources(connection)
        ),
    )


def _evidence(
    connection: sqlite3.Connection, directory: Path, conversations: int
) -> dict[str, Any]:
    """The fields of the newest checkpoint."""
    newest = checkpoints.newest(connection, directory)
    error = None
    if newest is None:
        error = "Nothing is signed yet." if conversations else None
    elif newest.error:
        error = f"The newest checkpoint will not do. {newest.error}"
    elif not checkpoints.extended(connection, newest):
        error = "The archive does not go on from its newest checkpoint."
    at = None
    if newest is not None and not newest.error:
        at = connection.execute(
            "SELECT at FROM ledger WHERE position = ?", (newest.size - 1,)
        ).fetchone()
    return {
        "checkpoint": newest.root.hex() if newest and newest.root else None,
        "checkpoint_entries": newest.size if newest else None,
        "checkpoint_at": at[0] if at else None,
        "checkpoint_error": error,
    }


def _source(
    connection: sqlite3.Connection, row: mirror.SourceRow, known: SourceSettings | None
) -> SourceStatus:
    return SourceStatus(
        source=row.name,
        kind=row.kind,
        conversations=_one(
            connection, "SELECT count(*) FROM conversations WHERE source = ?", (row.name,)
        ),
        synced_at=row.synced_at,
        complete_until=row.complete_until,
        pending=owed.count_pending(connection, row.name),
        problems=owed.count_problems(connection, row.name),
        recordings_missing=_one(
            connection,
            f"SELECT count(*) FROM {LACKING} WHERE source = ?",
            (row.name,),
        ),
        vanishing=_vanishing(connection, row.name, known.deleted_after_days if known else None),
        requests_today=sum(
            requests
            for _, day, requests in mirror.spent(connection, row.name)
            if day == clock.now()[: len(day)]
        ),
    )


def _vanishing(connection: sqlite3.Connection, name: str, days: int | None) -> int:
    if days is None:
        return 0
    try:
        before = clock.text(datetime.now(UTC) + SOON - timedelta(days=days))
    except OverflowError:  # longer than there have been years
        return 0
    return _one(
        connection,
        f"""
        SELECT count(*) FROM (
            SELECT id FROM listings
            WHERE source = ?1 AND NOT fetched AND rtrim(started_at, 'Z') < rtrim(?2, 'Z')
            UNION SELECT id FROM {LACKING}
            WHERE source = ?1 AND deleted_at_source IS NULL
                AND rtrim(started_at, 'Z') < rtrim(?2, 'Z'))
        """,
        (name, before),
    )


def _verified(connection: sqlite3.Connection) -> dict[str, Any]:
    """What the last verification of the whole archive has left word of."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'verified'").fetchone()
    found: dict[str, Any] = {}
    with contextlib.suppress(ValueError, TypeError):
        found = dict(json.loads(row[0])) if row else {}
    return {"verified_at": found.get("at"), "damaged": found.get("damage", 0)}


def _one(connection: sqlite3.Connection, sql: str, values: Iterable[Any] = ()) -> int:
    (found,) = connection.execute(sql, tuple(values)).fetchone()
    return int(found)


def _size(directory: Path) -> int:
    places = [*directory.glob(f"{FILE}*"), directory / mark.DIRECTORY, directory / RECORDINGS]
    places.append(directory / checkpoints.DIRECTORY)
    files = (file for place in places for file in (place, *place.rglob("*")) if file.is_file())
    return sum(file.stat().st_size for file in files)
