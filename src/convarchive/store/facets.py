"""Counting conversations by what they have in common."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

QUARTER = "substr(started_at, 1, 14) || printf('%02d', substr(started_at, 15, 2) / 15 * 15)"
"""SQL for the quarter of an hour in which a conversation started. Time zones differ by whole
quarters, so they can be put together to the months of any zone."""

FACETS = {
    "status": "status",
    "agent": "agent_id",
    "outcome": "outcome",
    "sentiment": "sentiment",
    "topic": "topics",
    "language": "language",
    "month": QUARTER,
}
"""What conversations are counted by, and the SQL for it. Of topics a conversation can have
several; it counts once for each."""


def count(
    connection: sqlite3.Connection, keys: Sequence[int] | None, zone: tzinfo | None
) -> dict[str, list[tuple[str, int]]]:
    """For each of `FACETS` its values among these keys (None: among all) with their counts; months
    are those of a time zone, or of this machine's if there is none."""
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
            for each in _values(name, found, zone):
                counter[each] += number
        counts[name] = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return counts


def local(quarter: str, zone: tzinfo | None) -> datetime:
    """A `QUARTER` in a time zone."""
    moment = datetime.fromisoformat(f"{quarter}:00+00:00")
    with contextlib.suppress(OverflowError):  # the first or the last day that there is
        moment = moment.astimezone(zone)
    return moment


def topics(text: str) -> tuple[str, ...]:
    """The topics in a JSON list, each of them once."""
    return tuple(dict.fromkeys(json.loads(text)))


def _values(name: str, found: str, zone: tzinfo | None) -> tuple[str, ...]:
    if name == "topic":
        return topics(found)
    return (local(found, zone).date().isoformat()[:7] if name == "month" else found,)


def choose(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Put these keys into a table ``chosen``."""
    # A temporary table is not in the archive: this works for readers, too. All in one statement,
    # since each one by itself would be a transaction.
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (key INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM chosen")
    connection.execute(
        "INSERT INTO chosen SELECT value FROM json_each(?)", (json.dumps(sorted(keys)),)
    )
