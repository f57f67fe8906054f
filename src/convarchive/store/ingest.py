"""Storing what was received: bytes, rows and queue entry of many conversations in one transaction.

This is the only place that adds to the record. A conversation that is new or has changed gets a
revision with the vendor's bytes; its rows are the projection of the newest one. One that has not
changed (same fingerprint) writes nothing at all, so running the same sync twice is harmless.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from convarchive.model import Conversation
from convarchive.store import evidence, rows, unindexed

_TURNS = 50
"""Rows a statement."""


class Received(NamedTuple):
    """One conversation as it came from a vendor."""

    conversation: Conversation
    fingerprint: str
    """Of everything that does not change with every answer; equal means no new revision."""
    documents: tuple[tuple[str, bytes], ...]
    """The bytes that came, by name: ``detail``, ``transcript``."""
    received_at: str


class Outcome(NamedTuple):
    """What became of one received conversation."""

    key: int
    new: bool
    changed: bool


def ingest(connection: sqlite3.Connection, batch: Iterable[Received]) -> list[Outcome]:
    """Store a batch, about a hundred at a time; call it within a transaction."""
    return [_store(connection, received) for received in batch]


def add(connection: sqlite3.Connection, received: Received, revision: int = 1) -> int:
    """Store a conversation that is new; its key."""
    at, conversation = received.received_at, received.conversation
    values = (*rows.project(conversation), revision, received.fingerprint, at, at)
    key: int = connection.execute(_INSERT, values).fetchone()[0]
    _add_turns(connection, key, conversation)
    unindexed.add(connection, key)
    add_state(connection, key, revision, received)
    return key


def add_revision(
    connection: sqlite3.Connection, key: int, revision: int, received: Received
) -> None:
    """Store a newer state of a conversation, and show it from now on."""
    connection.execute(
        "UPDATE conversations SET revision = ?, fingerprint = ?, changed_at = ? WHERE key = ?",
        (revision, received.fingerprint, received.received_at, key),
    )
    replace_projection(connection, key, received.conversation)
    add_state(connection, key, revision, received)


def add_state(connection: sqlite3.Connection, key: int, revision: int, received: Received) -> None:
    """Add to the record and the ledger alone; what is shown stays as it is."""
    documents = list(_document_rows(key, revision, received.documents))
    content = _content(key, revision, received.received_at, received, documents)
    position, salt = evidence.commit_revision(connection, content, received.received_at)
    connection.execute(
        "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)",
        (key, revision, received.received_at, received.fingerprint, position, salt),
    )
    _add_documents(connection, documents)


def replace_projection(
    connection: sqlite3.Connection, key: int, conversation: Conversation
) -> None:
    """Write the rows of one conversation anew; its record and its key stay as they are."""
    assignments = ", ".join(f"{name} = ?" for name in rows.PROJECTED)
    connection.execute(
        f"UPDATE conversations SET {assignments} WHERE key = ?", (*rows.project(conversation), key)
    )
    connection.execute("DELETE FROM turns WHERE conversation = ?", (key,))
    _add_turns(connection, key, conversation)
    unindexed.add(connection, key)


def pack(body: bytes) -> bytes:
    """Compress bytes for the store."""
    import zstandard

    return zstandard.ZstdCompressor(level=3).compress(body)


def unpack(body: bytes) -> bytes:
    """What `pack` was given."""
    import zstandard

    return zstandard.ZstdDecompressor().decompress(body)


def _store(connection: sqlite3.Connection, received: Received) -> Outcome:
    conversation = received.conversation
    known = connection.execute(
        "SELECT key, revision, fingerprint FROM conversations WHERE source = ? AND id = ?",
        (conversation.source, conversation.id),
    ).fetchone()
    if known is None:
        key = add(connection, received)
        return Outcome(key, new=True, changed=False)
    key, revision, fingerprint = known
    # A conversation that is there again is not deleted, whatever was believed before.
    back = connection.execute(
        "UPDATE conversations SET deleted_at_source = NULL"
        " WHERE key = ? AND deleted_at_source IS NOT NULL",
        (key,),
    ).rowcount
    if back:
        evidence.note_back(connection, key, received.received_at)
        unindexed.add(connection, key)
    if fingerprint == received.fingerprint:
        _restore(connection, key, revision, received)
        return Outcome(key, new=False, changed=False)
    add_revision(connection, key, revision + 1, received)
    return Outcome(key, new=False, changed=True)


_ADDED = (*rows.PROJECTED, "revision", "fingerprint", "first_seen_at", "changed_at")
_INSERT = (
    f"INSERT INTO conversations (key, {', '.join(_ADDED)})"
    # Not the key of one that was destroyed: the ledger speaks of conversations by their keys.
    " VALUES (1 + max((SELECT coalesce(max(key), 0) FROM conversations),"
    f" (SELECT coalesce(max(conversation), 0) FROM tombstones)), {', '.join('?' * len(_ADDED))})"
    " RETURNING key"
)


def _add_turns(connection: sqlite3.Connection, key: int, conversation: Conversation) -> None:
    turns = conversation.turns
    for at in range(0, len(turns), _TURNS):
        part = turns[at : at + _TURNS]
        # Many rows a statement: each lets go of the interpreter, and waits to get it back.
        values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(part))
        connection.execute(
            f"INSERT INTO turns VALUES {values}",
            [value for turn in part for value in (key, *turn)],
        )


def _restore(connection: sqlite3.Connection, key: int, revision: int, received: Received) -> None:
    """Bytes that were lost since, such as by a damaged disk; usually there is nothing to do.

    What does not matter for the fingerprint may differ from what was lost, so the ledger gets an
    entry for what there is now.
    """
    there = "SELECT 1 FROM documents WHERE conversation = ? AND revision = ?"
    if connection.execute(there, (key, revision)).fetchone() is not None:
        return
    row = connection.execute(
        "SELECT received_at, ledger FROM revisions WHERE conversation = ? AND revision = ?",
        (key, revision),
    ).fetchone()
    documents = list(_document_rows(key, revision, received.documents))
    _add_documents(connection, documents)
    if row is None:
        return
    content = _content(key, revision, row[0], received, documents)
    position, salt = evidence.commit_revision(
        connection, content, received.received_at, replaces=row[1]
    )
    connection.execute(
        "UPDATE revisions SET ledger = ?, salt = ? WHERE conversation = ? AND revision = ?",
        (position, salt, key, revision),
    )


_DocumentRow = tuple[int, int, str, str, int, bytes]


def _content(
    key: int,
    revision: int,
    received_at: str,
    received: Received,
    documents: Iterable[_DocumentRow],
) -> evidence.Content:
    conversation = received.conversation
    sums = ((name, sha256, size) for _, _, name, sha256, size, _ in documents)
    return evidence.revision_content(
        key, conversation.source, conversation.id, revision, received_at, received.fingerprint, sums
    )


def _add_documents(connection: sqlite3.Connection, documents: Iterable[_DocumentRow]) -> None:
    connection.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", documents)


def _document_rows(
    key: int, revision: int, documents: Sequence[tuple[str, bytes]]
) -> Iterable[_DocumentRow]:
    for name, body in documents:
        yield key, revision, name, hashlib.sha256(body).hexdigest(), len(body), pack(body)
