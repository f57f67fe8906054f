"""Deleting conversations from every table, and finding out first what goes with them.

Nothing here decides what may go, and nothing here is enough: what was deleted can still be in the
write-ahead log, the search index and the files of recordings. `convarchive.compliance.destruction`
is the way in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from convarchive.store.ingest import unpack

_AMONG = "(SELECT value FROM json_each(?))"
_KEYED = (
    "index_queue", "alert_matches", "held", "verified", "turns", "documents", "revisions",
    "conversation_recordings",
)  # fmt: skip
"""Tables whose column ``conversation`` says whose a row is, each before what it refers to."""
_NAMED = ("listings", "pending", "problems")
"""Tables that say it by source and id."""


class Named(NamedTuple):
    """A conversation, as far as somebody could know it."""

    key: int
    source: str
    id: str
    caller_number: str | None
    started_at: str | None


class Sound(NamedTuple):
    """A recording that goes, since no conversation that stays has it."""

    sha256: str
    media_type: str | None
    bytes: int
    conversation: int
    """One of those that had it."""
    ledger: int | None


def named(connection: sqlite3.Connection, keys: Iterable[int]) -> list[Named]:
    """The conversations of these keys, by key; keys that are not in the archive are left out."""
    rows = connection.execute(
        "SELECT key, source, id, caller_number, started_at FROM conversations"
        f" WHERE key IN {_AMONG} ORDER BY key",
        (json.dumps(list(keys)),),
    )
    return [Named(*row) for row in rows]


def sounds(connection: sqlite3.Connection, keys: Iterable[int]) -> list[Sound]:
    """The recordings that go with these conversations."""
    given = json.dumps(list(keys))
    rows = connection.execute(
        f"""
        WITH has (conversation, sha256) AS (
            SELECT conversation, sha256 FROM conversation_recordings
            UNION SELECT key, recording_sha256 FROM conversations
            WHERE recording_sha256 IS NOT NULL)
        SELECT sha256, media_type, bytes * stored, min(conversation), ledger
        FROM has JOIN recordings USING (sha256) WHERE conversation IN {_AMONG}
            AND sha256 NOT IN (SELECT sha256 FROM has WHERE conversation NOT IN {_AMONG})
        GROUP BY sha256 ORDER BY sha256
        """,
        (given, given),
    )
    return [Sound(*row) for row in rows]


def payload_bytes(connection: sqlite3.Connection, keys: Iterable[int]) -> int:
    """How many bytes the vendor has sent of these conversations, in all states."""
    (found,) = connection.execute(
        f"SELECT coalesce(sum(bytes), 0) FROM documents WHERE conversation IN {_AMONG}",
        (json.dumps(list(keys)),),
    ).fetchone()
    return int(found)


def entries(
    connection: sqlite3.Connection, keys: Iterable[int], sounds: Sequence[Sound]
) -> dict[int, list[int]]:
    """For each key the entries of the ledger whose content goes, in order.

    They are looked for in the ledger itself, so those whose rows were lost are found, too.
    """
    found: dict[int, list[int]] = {key: [] for key in keys}
    rows = connection.execute(
        "SELECT json_extract(entry, '$.conversation') AS conversation, position FROM ledger"
        f" WHERE kind IN ('revision', 'recording') AND conversation IN {_AMONG}",
        (json.dumps(list(found)),),
    )
    for key, position in rows:
        found[key].append(position)
    for sound in sounds:
        found[sound.conversation] += _with_replaced(connection, sound.ledger)
    return {key: sorted(positions) for key, positions in found.items()}


def delete(
    connection: sqlite3.Connection, doomed: Sequence[Named], sounds: Sequence[Sound]
) -> None:
    """Delete the rows of these conversations and recordings, whatever table they are in."""
    keys = json.dumps([each.key for each in doomed])
    for table in _KEYED:
        connection.execute(f"DELETE FROM {table} WHERE conversation IN {_AMONG}", (keys,))
    for table in _NAMED:
        connection.executemany(
            f"DELETE FROM {table} WHERE source = ? AND id = ?",
            ((each.source, each.id) for each in doomed),
        )
    connection.execute(f"DELETE FROM conversations WHERE key IN {_AMONG}", (keys,))
    connection.executemany(
        "DELETE FROM recordings WHERE sha256 = ?", ((sound.sha256,) for sound in sounds)
    )


def delete_problems(connection: sqlite3.Connection, mentions: Callable[[bytes], bool]) -> int:
    """Delete the problems that mention something, in their id, words or bytes; how many."""
    found = []
    for key, identifier, message, body in connection.execute(
        "SELECT key, id, message, body FROM problems"
    ):
        told = f"{identifier}\n{message}".encode("utf-8", "replace")
        if mentions(told) or (body is not None and mentions(unpacked(body))):
            found.append((key,))
    connection.executemany("DELETE FROM problems WHERE key = ?", found)
    return len(found)


def unpacked(body: bytes) -> bytes:
    """What was packed; nothing where it is damaged, and says nothing to anybody."""
    import zstandard

    try:
        return unpack(body)
    except zstandard.ZstdError:
        return b""


def _with_replaced(connection: sqlite3.Connection, position: int | None) -> list[int]:
    """An entry, and those that it replaces."""
    found = []
    while position is not None:
        found.append(position)
        (position,) = connection.execute(
            "SELECT json_extract(entry, '$.replaces') FROM ledger WHERE position = ?", (position,)
        ).fetchone() or (None,)
    return found
