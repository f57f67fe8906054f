"""Counting conversations by what they have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

FACETS = {
    "status": "status",
    "agent": "agent_id",
    "outcome": "outcome",
    "sentiment": "sentiment",
    "topic": "json_each.value",
    "language": "language",
    "month": "substr(started_at, 1, 7)",
}
"""What conversations are counted by, and the SQL for it."""


def count(
    connection: sqlite3.Connection, keys: Sequence[int] | None
) -> dict[str, list[tuple[str, int]]]:
    """For each of `FACETS` its values among these keys (None: among all) with their counts."""
    among = ""
    if keys is not None:
        # A temporary table is not in the archive: this works for readers, too.
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (key INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM chosen")
        connection.executemany("INSERT INTO chosen VALUES (?)", ((key,) for key in keys))
        among = "AND conversations.key IN chosen"
    counts = {}
    for name, value in FACETS.items():
        table = "conversations, json_each(topics)" if name == "topic" else "conversations"
        counts[name] = connection.execute(
            f"SELECT {value} AS found, count(*) FROM {table}"
            f" WHERE found IS NOT NULL {among} GROUP BY found ORDER BY count(*) DESC, found"
        ).fetchall()
    return counts
