"""What the search index still lacks: a queue that only grows at its end.

Whatever changes a conversation adds an entry, in the same transaction. Whoever indexes reads on
from the last entry it has read, and removes up to there once the index is on the disk. So one that
changes between the reading and the removing is in the queue a second time, and is not lost.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Part(NamedTuple):
    """Some of the queue, in its order."""

    keys: list[int]
    """Of the conversations, each once, and only if it is not further back in the queue as well."""
    last: int
    """The entry up to which this goes."""


def add(connection: sqlite3.Connection, key: int) -> None:
    """The index lacks this conversation as it is now."""
    connection.execute("INSERT INTO index_queue (conversation) VALUES (?)", (key,))


def after(connection: sqlite3.Connection, entry: int, limit: int, behind: int = 0) -> Part:
    """What was added behind an entry, at most so many; behind 0 is everything.

    Args:
        connection: To the archive's database.
        entry: Up to where it has been read.
        limit: The most entries.
        behind: So many at the end of the queue are left for later.
    """
    found = connection.execute(
        "SELECT conversation, entry FROM index_queue WHERE entry > ?"
        " AND entry <= (SELECT max(entry) FROM index_queue) - ? ORDER BY entry LIMIT ?",
        (entry, behind, limit),
    ).fetchall()
    last = found[-1][1] if found else entry
    rest = connection.execute("SELECT conversation FROM index_queue WHERE entry > ?", (last,))
    later = {key for (key,) in rest}
    return Part([key for key in dict.fromkeys(key for key, _ in found) if key not in later], last)


def remove(connection: sqlite3.Connection, upto: int) -> None:
    """The index has everything up to this entry; the numbers behind it may be given anew."""
    connection.execute("DELETE FROM index_queue WHERE entry <= ?", (upto,))


def clear(connection: sqlite3.Connection) -> None:
    """The index has everything."""
    connection.execute("DELETE FROM index_queue")


def length(connection: sqlite3.Connection) -> int:
    """How many entries there are; a conversation can have several."""
    (many,) = connection.execute("SELECT count(*) FROM index_queue").fetchone()
    return int(many)


def count(connection: sqlite3.Connection) -> int:
    """How many conversations the index lacks."""
    (many,) = connection.execute("SELECT count(DISTINCT conversation) FROM index_queue").fetchone()
    return int(many)
