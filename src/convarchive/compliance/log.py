"""The ledger in words: what was done to the archive, and who has read it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from convarchive.store import accesses, evidence, ledger
from convarchive.store.accesses import Access

ACCESSES = (evidence.ACCESS, evidence.EXPORT)
"""The kinds of entry that are about who has read or handed over something."""

UNREADABLE = "unreadable"
"""Stands for the kind of a damaged entry."""

_OWN = ("kind", "at", "commitment", "replaces")


class Line(NamedTuple):
    """An entry of the ledger, for people."""

    position: int
    at: str
    """When it happened; an access can have waited before it was written down."""
    kind: str
    what: str
    access: Access | None
    """Where it is one, and not lost."""


def read(
    connection: sqlite3.Connection,
    *,
    kinds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    limit: int = 0,
) -> Iterator[Line]:
    """The entries of the ledger, the newest first.

    Args:
        connection: To the archive's database.
        kinds: Only of these; none for all.
        since: Not before this time, as `convarchive.store.clock` writes it.
        until: Only before this time.
        limit: At most so many; 0 for all.
    """
    # Not by the columns that SQLite reads from an entry: it would stumble over a damaged one.
    found = connection.execute("SELECT position, entry FROM ledger ORDER BY position DESC")
    entries = (ledger.Entry(position, entry.encode()) for position, entry in found)
    wanted = (entry for entry in map(_headed, entries) if not kinds or entry.kind in kinds)
    lines = (_dated(connection, line) for line in wanted)
    within = (
        line
        for line in lines
        if (since is None or line.at >= since) and (until is None or line.at < until)
    )
    return (_told(connection, line) for line in islice(within, limit or None))


class _Read(NamedTuple):
    """An entry on its way to be a `Line`."""

    position: int
    at: str
    kind: str
    fields: dict[str, Any]
    access: Access | None = None
    forgotten: bool = False


def _headed(entry: ledger.Entry) -> _Read:
    try:
        fields = entry.fields
        at, kind = fields["at"], fields["kind"]
        datetime.fromisoformat(at)
    except (ValueError, KeyError, TypeError):
        return _Read(entry.position, "", UNREADABLE, {})
    return _Read(entry.position, at, str(kind), fields)


def _dated(connection: sqlite3.Connection, read: _Read) -> _Read:
    """An access happened when its row says; the entry may have been written later."""
    if read.kind not in ACCESSES or (found := accesses.at(connection, read.position)) is None:
        return read
    access, forgotten = found
    return read._replace(at=access.at, access=access, forgotten=forgotten)


def _told(connection: sqlite3.Connection, read: _Read) -> Line:
    if read.access is not None:
        what = _access(read.access, read.forgotten)
    elif read.kind in ACCESSES:
        what = "an access whose row is lost"
    else:
        try:
            what = _WORDS.get(read.kind, _any)(connection, read.fields, read.position)
        except (LookupError, TypeError, ValueError, sqlite3.Error):  # damaged, or made by hand
            what = _any(connection, read.fields, read.position)
    return Line(read.position, read.at, read.kind, what, read.access)


_Fields = dict[str, Any]


def _any(_connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    """An entry of which nothing more is known than what it says."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_short(value)}"
        for name, value in fields.items()
        if name not in _OWN
    )


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"({len(value):,})"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items())
    return "none" if value is None else str(value)


def _conversation(connection: sqlite3.Connection, key: int) -> str:
    row = connection.execute("SELECT source, id FROM conversations WHERE key = ?", (key,))
    found = row.fetchone()
    return f"conversation {key} ({'/'.join(found) if found else 'destroyed'})"


def _revision(connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    again = ", received again" if "replaces" in fields else ""
    name = _conversation(connection, fields["conversation"])
    return f"revision {fields['revision']} of {name}{again}"


def _sound(connection: sqlite3.Connection, _fields: _Fields, position: int) -> str:
    row = connection.execute("SELECT sha256, bytes, stored FROM recordings WHERE ledger = ?",
                             (position,)).fetchone()  # fmt: skip
    if row is None:
        return "sound that is gone, or of which a later entry says more"
    return f"sound {row[0]}, {row[1]:,} bytes{'' if row[2] else ', not here'}"


def _of_conversation(words: str) -> Callable[[sqlite3.Connection, _Fields, int], str]:
    """What says this of a conversation."""

    def tell(connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
        return words.format(_conversation(connection, fields["conversation"]))

    return tell


def _source(_connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    return f"source {fields['name']}, of the kind {fields['source_kind']}"


def _window(_connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    since, until = fields["since"] or "the beginning", fields["until"] or "its end"
    counts = ", ".join(f"{fields[name]:,} {name}" for name in ("listed", "stored", "failed"))
    return f"{fields['source']} listed from {since} to {until}: {counts}"


def _settings(_connection: sqlite3.Connection, _fields: _Fields, _position: int) -> str:
    return "convarchive.toml has changed"


def _archive(_connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    return f"archive {fields['id']} begins its ledger"


def _hold(connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    name, by, reason, matter, query = _row(
        connection, "name, placed_by, reason, matter, query", fields["hold"]
    )
    what = f"{name} placed by {by}: {reason or '(forgotten)'}"
    what += f", {matter}" if matter else ""
    return what + (f"; {query}" if query is not None else "")


def _release(connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    name, by, why = _row(connection, "name, released_by, release_reason", fields["hold"])
    return f"{name} released by {by}" + (f": {why}" if why else "")


def _held(connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    (name,) = _row(connection, "name", fields["hold"])
    keys = fields["conversations"]
    many = _conversation(connection, keys[0]) if len(keys) == 1 else f"{len(keys):,} conversations"
    return f"{many} held by {name}"


def _row(connection: sqlite3.Connection, columns: str, hold: int) -> tuple[Any, ...]:
    """Columns of a hold, beginning with its name."""
    row = connection.execute(f"SELECT {columns} FROM holds WHERE hold = ?", (hold,)).fetchone()
    if row is None:
        raise ValueError(hold)
    return (f"hold {row[0]}" if row[0] is not None else f"hold number {hold}", *row[1:])


def _forgotten(_connection: sqlite3.Connection, fields: _Fields, _position: int) -> str:
    positions = ", ".join(str(position) for position in fields["entries"])
    return f"what these entries said is forgotten: {positions}"


def _access(access: Access, forgotten: bool) -> str:
    many = f"{access.conversations:,} conversation{'' if access.conversations == 1 else 's'}"
    as_ = f" as {access.format}" if access.format else ""
    asked = "named ones" if access.query is None else access.query or "everything"
    asked = "(forgotten)" if forgotten else asked
    return f"{access.action} by {access.user}@{access.host}: {many}{as_}: {asked}"


_WORDS = {
    evidence.REVISION: _revision,
    evidence.SOUND: _sound,
    evidence.RECORDING: _of_conversation("the recording of {}"),
    evidence.DELETED: _of_conversation("{} is deleted at the source"),
    evidence.BACK: _of_conversation("{} is at the source again"),
    evidence.SOURCE: _source,
    evidence.WINDOW: _window,
    evidence.HOLD: _hold,
    evidence.RELEASE: _release,
    evidence.HELD: _held,
    evidence.FORGOTTEN: _forgotten,
    "settings": _settings,
    "archive": _archive,
    UNREADABLE: lambda *_: "this entry is damaged",
}
