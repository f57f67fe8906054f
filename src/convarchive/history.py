"""What a conversation was at each time that it was seen, read from the vendor's bytes."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from convarchive.errors import DamageFound, NotFound
from convarchive.model import Conversation
from convarchive.records import read
from convarchive.store.ingest import unpack

_MOST = 2**63 - 1  # that SQLite can count
_NOT_COMPARED = ("revision", "deleted_at_source", "turns", "recording")


State = tuple[Conversation, Sequence[tuple[str, bytes]]]
"""A conversation as it was, and the vendor's bytes from which that is read, by name."""


class Change(NamedTuple):
    """A field that differs from the revision before."""

    field: str
    before: Any
    after: Any


class Revision(NamedTuple):
    """One state of a conversation."""

    number: int
    """Counted from 1."""
    received_at: str
    sha256: str
    """Of the vendor's bytes, of the first document."""
    bytes: int
    """Of all documents."""
    changes: tuple[Change, ...]
    """What differs from the one before; of turns only how many there are, and how many differ."""


def history(connection: sqlite3.Connection, key: int) -> list[Revision]:
    """Every revision of a conversation, oldest first."""
    found = connection.execute(
        "SELECT r.revision, r.received_at, first.sha256, sum(d.bytes)"
        " FROM revisions AS r JOIN documents AS d USING (conversation, revision)"
        " JOIN documents AS first USING (conversation, revision)"
        " WHERE r.conversation = ? AND first.name = (SELECT min(name) FROM documents"
        "   WHERE conversation = r.conversation AND revision = r.revision)"
        " GROUP BY r.revision ORDER BY r.revision",
        (key,),
    ).fetchall()
    revisions = []
    before: Conversation | None = None
    for number, received_at, sha256, size in found:
        after = at_revision(connection, key, number)
        changes = () if before is None else _changes(before, after)
        revisions.append(Revision(number, received_at, sha256, size, changes))
        before = after
    return revisions


def at_revision(connection: sqlite3.Connection, key: int, revision: int) -> Conversation:
    """A conversation as it was.

    Raises:
        NotFound: It has no such revision.
    """
    found = documents(connection, key, min(revision, _MOST))
    if not found:
        raise NotFound(
            f"There is no revision {revision} of this conversation.", "",
            "See which there are: convarchive history ID",
        )  # fmt: skip
    return _read(connection, key, revision, found)


def earlier(connection: sqlite3.Connection, key: int, revision: int) -> Iterator[State]:
    """The states before a revision, oldest first, one at a time."""
    for number in range(1, revision):
        if found := documents(connection, key, number):
            yield _read(connection, key, number, found), found


def _read(
    connection: sqlite3.Connection, key: int, revision: int, found: Sequence[tuple[str, bytes]]
) -> Conversation:
    source, kind = connection.execute(
        "SELECT c.source, s.kind FROM conversations AS c JOIN sources AS s ON s.name = c.source"
        " WHERE key = ?",
        (key,),
    ).fetchone()
    return read(source, kind, dict(found))._replace(revision=revision)


def documents(
    connection: sqlite3.Connection, key: int, revision: int | None = None
) -> list[tuple[str, bytes]]:
    """The vendor's bytes by name, of one revision or the newest.

    Raises:
        DamageFound: They are not what was stored.
    """
    found = connection.execute(
        "SELECT name, sha256, body FROM documents WHERE conversation = ?1 AND revision ="
        " coalesce(?2, (SELECT max(revision) FROM revisions WHERE conversation = ?1))"
        " ORDER BY name",
        (key, revision),
    )
    return [(name, _undamaged(sha256, body)) for name, sha256, body in found]


def _undamaged(sha256: str, packed: bytes) -> bytes:
    from zstandard import ZstdError

    with contextlib.suppress(ZstdError):
        body = unpack(packed)
        if hashlib.sha256(body).hexdigest() == sha256:
            return body
    raise DamageFound(
        "The vendor's bytes of this conversation are damaged.",
        "Their SHA-256 is not the one that was stored with them.",
        "Restore the archive from a backup.",
    )


def _changes(before: Conversation, after: Conversation) -> tuple[Change, ...]:
    changes = [
        Change(field, old, new)
        for field, old, new in zip(Conversation._fields, before, after, strict=True)
        if old != new and field not in _NOT_COMPARED
    ]
    if before.turns != after.turns:
        changes.append(Change("turns", _told(before, after), _told(after, before)))
    return tuple(changes)


def _told(one: Conversation, other: Conversation) -> str:
    differ = len(set(one.turns) - set(other.turns))
    return f"{len(one.turns)} turns, {differ} of them only here"
