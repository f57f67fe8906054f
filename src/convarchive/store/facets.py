"""Counting conversations by what they have in common."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence

FACETS = {
    "status": "status",
    "agent": "agent_id",
    "outcome": "outcome",
    "sentiment": "sentiment",
    "topic": "topics",
    "language": "language",
    "month": "substr(started_at, 1, 7)",
}
"""What conversations are counted by, and the SQL for it. Of topics a conversation can have
several; it counts once for each."""


def count(
    connection: sqlite3.Connection, keys: Sequence[int] | None
) -> dict[str, list[tuple[str, int]]]:
    """For each of `FACETS` its values among these keys (None: among all) with their counts."""
    among = ""
    if keys is not None:
        choose(connection, keys)
        among = "AND conversations.key IN chosen"
    counts = {}
    for name, value in FACETS.items():
        counter: Counter[str] = Counter()
        for found, number in connection.execute(
            f"SELECT {value} AS found, count(*) FROM conversations"
            f" WHERE found IS NOT NULL {among} GROUP BY found"
        ):
            for each in topics(found) if name == "topic" else (found,):
                counter[each] += number
        counts[name] = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return counts


def topics(text: str) -> tuple[str, ...]:
    """The topics in a JSON list, each of them once."""
    return tuple(dict.fromkeys(json.loads(text)))


def choose(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Put these keys into a table ``chosen``."""
    # A temporary table is not in the archive: this works for readers, too. All in one statement,
    # since each one by itself would be a transaction.
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (key INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM chosen")
    connection.execute(
        "INSERT INTO chosen SELECT value FROM json_each(?)", (json.dumps(sorted(keys)),)
    )
