"""Which conversations are looked at, and in which order."""

from __future__ import annotations

import sqlite3
import time
from array import array
from collections.abc import Callable, Iterator, Sequence

from convarchive.compliance.verify.contents import BATCH


def keys(connection: sqlite3.Connection, sample: float | None, *, oldest_first: bool) -> array[int]:
    """Keys of conversations, eight bytes each.

    Args:
        connection: To the archive's database.
        sample: So much of all, from 0 to 1, and one at least; None for all.
        oldest_first: Those that were verified least recently first, those that never were before
            them; otherwise in their own order, which is the fastest.
    """
    (many,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
    limit = many if sample is None else max(1, round(many * sample))
    order = "v.at, c.key" if oldest_first else "c.key"
    join = " LEFT JOIN verified AS v ON v.conversation = c.key" if oldest_first else ""
    found = connection.execute(
        f"SELECT c.key FROM conversations AS c{join} ORDER BY {order} LIMIT ?", (limit,)
    )
    return array("q", (key for (key,) in found))


def batches(
    chosen: Sequence[int], seconds: float | None, stopped: Callable[[], bool]
) -> Iterator[list[int]]:
    """The keys, some at a time, until the time is up or the user wants to stop."""
    until = None if seconds is None else time.monotonic() + seconds
    for at in range(0, len(chosen), BATCH):
        if stopped() or (until is not None and at and time.monotonic() >= until):
            return
        yield sorted(chosen[at : at + BATCH])
