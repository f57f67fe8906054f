"""What is owed: conversations to look at again, and those that could not be had.

`pending` is what will be finished by itself, a call in progress or a transcript in the making, and
when to look next; after 30 days it is a problem. `problems` is what went wrong, with the bytes that
came, until it goes right.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

from convarchive.model import Conversation
from convarchive.store import clock
from convarchive.store.ingest import pack
from convarchive.store.mirror import SEEN_GONE

_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(days=1)
_PATIENCE = timedelta(days=30)

NEVER = "9999-12-31T00:00:00.000000Z"
"""When something is looked at again that has not been finished for too long."""

_TOO_LONG = {
    "in_progress": "It has been in progress for more than 30 days.",
    "transcript": "No transcript has come for more than 30 days.",
}


class Problem(NamedTuple):
    """A row of the table ``problems``, without the bytes."""

    source: str
    id: str
    stage: str
    """``list``, ``fetch``, ``gone`` (listed, and deleted before it could be fetched), ``read``,
    ``stored`` (what is stored can't be read any more), ``recording``, ``unfinished`` or ``import``
    (of a file; the id is where in it)."""
    message: str
    attempts: int
    first_at: str
    last_at: str


def note_unfinished(connection: sqlite3.Connection, conversation: Conversation, at: str) -> None:
    """Look again at what isn't finished, at growing intervals; forget what now is."""
    reasons = {
        "in_progress": conversation.status == "in_progress",
        "transcript": conversation.status == "completed" and not conversation.has_transcript,
    }
    name = (conversation.source, conversation.id)
    for reason, owed in reasons.items():
        if not owed:
            connection.execute(
                "DELETE FROM pending WHERE source = ? AND id = ? AND reason = ?", (*name, reason)
            )
            continue
        row = connection.execute(
            "SELECT attempts, since FROM pending WHERE source = ? AND id = ? AND reason = ?",
            (*name, reason),
        ).fetchone()
        attempts, since = (0, at) if row is None else (row[0] + 1, row[1])
        next_at = _next(since, at, attempts)
        connection.execute(
            "INSERT INTO pending VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            " ON CONFLICT DO UPDATE SET since = min(since, ?4), attempts = ?5, next_at = ?6",
            (*name, reason, at, attempts, next_at),
        )
        if next_at == NEVER:
            note_problem(connection, *name, "unfinished", _TOO_LONG[reason], at)
    if not any(reasons.values()):
        solved(connection, *name, "unfinished")


def due(connection: sqlite3.Connection, source: str, reason: str, now: str) -> list[str]:
    """The ids to look at again by now, oldest first.

    What is owed since some time in the future was noted while the clock was wrong.
    """
    rows = connection.execute(
        "SELECT id FROM pending WHERE source = ?1 AND reason = ?2"
        " AND (next_at <= ?3 OR since > ?3) ORDER BY since",
        (source, reason, now),
    )
    return [row[0] for row in rows]


def note_problem(
    connection: sqlite3.Connection,
    source: str,
    identifier: str,
    stage: str,
    message: str,
    at: str,
    body: bytes | None = None,
) -> None:
    """Something went wrong, perhaps again."""
    connection.execute(
        """
        INSERT INTO problems (source, id, stage, message, body, attempts, first_at, last_at)
        VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6)
        ON CONFLICT (source, id, stage) DO UPDATE
        SET message = ?4, body = coalesce(?5, body), attempts = attempts + 1, last_at = ?6
        """,
        (source, identifier, stage, message, None if body is None else pack(body), at),
    )


def solved(connection: sqlite3.Connection, source: str, identifier: str, *stages: str) -> None:
    """It went right."""
    marks = ", ".join("?" * len(stages))
    connection.execute(
        f"DELETE FROM problems WHERE source = ? AND id = ? AND stage IN ({marks})",
        (source, identifier, *stages),
    )


def forget_imports(connection: sqlite3.Connection, source: str, path: str) -> None:
    """Forget what an earlier import could not take in of this file, or below this directory."""
    connection.execute(
        "DELETE FROM problems WHERE source = ?1 AND stage = 'import'"
        " AND id >= ?2 AND id < ?2 || char(0x10ffff)"
        " AND substr(id, length(?2) + 1, 1) IN ('', '/', ':', '[')",
        (source, path),
    )


def forget_all_imports(connection: sqlite3.Connection) -> int:
    """Forget every problem of an import; how many that is."""
    return connection.execute("DELETE FROM problems WHERE stage = 'import'").rowcount


def problems(connection: sqlite3.Connection, source: str | None = None) -> list[Problem]:
    """What is wrong, the latest first."""
    rows = connection.execute(
        "SELECT source, id, stage, message, attempts, first_at, last_at FROM problems"
        " WHERE ?1 IS NULL OR source = ?1 ORDER BY last_at DESC, key",
        (source,),
    )
    return [Problem(*row) for row in rows]


def forgive(connection: sqlite3.Connection, at: str) -> int:
    """Let everything that has failed be tried again; how many that is."""
    connection.execute(
        "UPDATE pending SET since = ?1, attempts = 0, next_at = ?1 WHERE next_at = ?2", (at, NEVER)
    )
    return connection.execute(
        "UPDATE problems SET attempts = 0, last_at = '' WHERE stage != 'import'"
    ).rowcount


def count_pending(connection: sqlite3.Connection, source: str) -> int:
    """How many conversations of a source are to be looked at again."""
    (found,) = connection.execute(
        "SELECT count(DISTINCT id) FROM pending WHERE source = ?", (source,)
    ).fetchone()
    return int(found)


def count_problems(connection: sqlite3.Connection, source: str, *, files: bool = True) -> int:
    """How many problems of a source need somebody, those of files included or not.

    Not what the vendor has deleted before it could be fetched, once it was `SEEN_GONE`: nobody can
    get it back. It stays among the `problems`, and in the coverage.
    """
    (found,) = connection.execute(
        "SELECT count(*) FROM problems WHERE source = ?"
        " AND NOT (stage = 'gone' AND attempts >= ?) AND (? OR stage != 'import')",
        (source, SEEN_GONE, files),
    ).fetchone()
    return int(found)


def _next(since: str, at: str, attempts: int) -> str:
    """At once for the first time: the next sync may come in a day, and should look."""
    if attempts == 0:
        return at
    now = datetime.fromisoformat(at)
    if now - datetime.fromisoformat(since) > _PATIENCE:
        return NEVER
    return clock.text(now + min(_FIRST * 2.0 ** min(attempts - 1, 20), _LONGEST))
