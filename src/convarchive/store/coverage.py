"""Is it all there: what the vendor has listed against what is stored, month by month.

Every conversation that was ever listed is in one of four states, so that the four add up:

* *stored*: its row and its bytes are here;
* *failed*: it could not be had, and ``problems`` says why;
* *waiting*: it has not been fetched yet, the next sync will;
* *lost*: it was stored, and is not here any more. That is damage.

Beside the counts stand the gaps: stretches of time that no sync has ever listed whole.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from convarchive.store.mirror import IMPORTED

UNKNOWN_MONTH = "unknown"


class Month(NamedTuple):
    """One month of one source; counts of conversations by their start, in UTC."""

    source: str
    month: str
    """``2026-01``, or `UNKNOWN_MONTH` where the vendor does not say when it started."""
    listed: int
    stored: int
    failed: int
    waiting: int
    lost: int


class Missing(NamedTuple):
    """One conversation that was listed and is not here."""

    source: str
    id: str
    started_at: str | None
    state: str
    """``failed``, ``waiting`` or ``lost``."""


class Gap(NamedTuple):
    """A stretch that was never listed whole."""

    source: str
    since: str | None
    """None: from the beginning of time."""
    until: str | None
    """None: up to now."""


class Coverage(NamedTuple):
    """All of it."""

    months: list[Month]
    missing: list[Missing]
    gaps: list[Gap]

    @property
    def complete(self) -> bool:
        """Everything that was ever listed is stored, and there is no time that never was."""
        return not self.missing and not self.gaps


def coverage(connection: sqlite3.Connection) -> Coverage:
    """What was listed, and what became of it."""
    return Coverage(months(connection), missing(connection), gaps(connection))


def months(connection: sqlite3.Connection) -> list[Month]:
    """The counts, by source and month."""
    rows = connection.execute(
        f"""
        SELECT source, coalesce(substr(started_at, 1, 7), ?) AS month, count(*),
               sum(state = 'stored'), sum(state = 'failed'), sum(state = 'waiting'),
               sum(state = 'lost')
        FROM ({_STATES}) GROUP BY source, month ORDER BY source, month
        """,
        (UNKNOWN_MONTH,),
    )
    return [Month(*row) for row in rows]


def missing(connection: sqlite3.Connection) -> list[Missing]:
    """Every conversation that is not stored, oldest first."""
    rows = connection.execute(
        f"SELECT source, id, started_at, state FROM ({_STATES}) WHERE state != 'stored'"
        " ORDER BY source, rtrim(started_at, 'Z'), id"
    )
    return [Missing(*row) for row in rows]


def gaps(connection: sqlite3.Connection) -> list[Gap]:
    """Every stretch that no sync has listed whole, by source and time.

    What was imported from files was never listed, and has no gaps.
    """
    found = []
    for name, listed_to in connection.execute(
        "SELECT name, listed_to FROM sources WHERE kind != ? ORDER BY name", (IMPORTED,)
    ).fetchall():
        windows = connection.execute(
            # A window without an end reached up to the moment when it was opened.
            "SELECT since, coalesce(until, opened_at) FROM sync_windows WHERE source = ?",
            (name,),
        ).fetchall()
        # Before the cursor everything has been listed, if not by one sync then by several.
        reached = [(None, listed_to)] if listed_to else []
        found += [Gap(name, *gap) for gap in _uncovered(reached + windows)]
        if not windows:
            found.append(Gap(name, listed_to, None))
    return found


def _uncovered(
    windows: list[tuple[str | None, str]],
) -> list[tuple[str | None, str | None]]:
    """What is left of the time up to the last window when the windows are taken away."""
    holes: list[tuple[str | None, str | None]] = []
    reached: str | None = None
    for since, until in sorted(windows, key=lambda window: _key(window[0])):
        if since is not None and _key(since) > _key(reached):
            holes.append((reached, since))
        reached = max(reached, until, key=_key)
    return holes


def _key(instant: str | None) -> str:
    return (instant or "").removesuffix("Z")


_STATES = """
    SELECT l.source, l.id, l.started_at,
        CASE
            WHEN EXISTS (
                SELECT 1 FROM conversations AS c JOIN documents AS d ON d.conversation = c.key
                WHERE c.source = l.source AND c.id = l.id) THEN 'stored'
            WHEN EXISTS (
                SELECT 1 FROM problems AS p
                WHERE p.source = l.source AND p.id = l.id AND p.stage IN ('fetch', 'gone', 'read'))
                THEN 'failed'
            WHEN fetched_fingerprint IS NULL AND NOT fetched THEN 'waiting'
            ELSE 'lost'
        END AS state
    FROM listings AS l
"""
