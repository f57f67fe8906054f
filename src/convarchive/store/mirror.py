"""What the vendor says that it has: its listings, how far they go, and which are still to fetch.

The cursor is a row of its own, written in the transaction that writes the listings before it, and
never derived from the data: a crash between the two can't lose a conversation or list one twice.
What has been listed and not fetched is simply fetched by the next run.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from convarchive.store import clock, evidence, tombstones, unindexed

ATTEMPTS = 5
"""How often a conversation that fails is tried, once a sync, before it is left to
``convarchive problems --retry``."""

SEEN_GONE = 2
"""How often the vendor has to say that it does not have what it listed, before it is believed."""


class Listing(NamedTuple):
    """A line of the vendor's list."""

    id: str
    started_at: str | None
    fingerprint: str | None


class SourceRow(NamedTuple):
    """A row of the table ``sources``."""

    name: str
    kind: str
    listed_to: str | None
    synced_at: str | None
    complete_until: str | None


IMPORTED = "import"
"""The kind of a source of which files alone have brought anything."""


def add_source(connection: sqlite3.Connection, name: str, kind: str, at: str) -> None:
    """Make a source known; nothing happens if it is, but that an imported one can get a vendor."""
    news = connection.execute(
        "INSERT INTO sources (name, kind, added_at) VALUES (?1, ?2, ?3)"
        " ON CONFLICT DO UPDATE SET kind = ?2 WHERE kind = ?4 AND ?2 != ?4"
        " RETURNING name, kind, added_at",
        (name, kind, at, IMPORTED),
    ).fetchone()
    if news:
        evidence.note_source(connection, news, at)


def sources(connection: sqlite3.Connection) -> list[SourceRow]:
    """Every source that was ever added, by name."""
    rows = connection.execute(
        "SELECT name, kind, listed_to, synced_at, complete_until FROM sources ORDER BY name"
    )
    return [SourceRow(*row) for row in rows]


def source(connection: sqlite3.Connection, name: str) -> SourceRow | None:
    """One of them."""
    return next((row for row in sources(connection) if row.name == name), None)


def set_cursor(connection: sqlite3.Connection, name: str, listed_to: str) -> None:
    """Everything that started before this has been listed. The cursor never goes back."""
    connection.execute(
        "UPDATE sources SET listed_to = ? WHERE name = ?"
        " AND (listed_to IS NULL OR rtrim(listed_to, 'Z') < rtrim(?, 'Z'))",
        (listed_to, name, listed_to),
    )


def set_synced(
    connection: sqlite3.Connection, name: str, synced_at: str, complete_until: str | None
) -> None:
    """A sync of this source has ended; ``complete_until`` if it has everything up to then."""
    connection.execute(
        "UPDATE sources SET synced_at = ?, complete_until = coalesce(?, complete_until)"
        " WHERE name = ?",
        (synced_at, complete_until, name),
    )


def spent(connection: sqlite3.Connection, name: str) -> list[tuple[str, str, int]]:
    """Key, day and requests made on that day, for the last day on which each key made any."""
    return connection.execute(
        "SELECT key, max(day), requests FROM budgets WHERE source = ? GROUP BY key", (name,)
    ).fetchall()


def set_spent(
    connection: sqlite3.Connection, name: str, spent: Iterable[tuple[str, str, int]]
) -> None:
    """Key, day and the requests made on that day; a count that stands already writes nothing."""
    connection.executemany(
        "INSERT INTO budgets VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT DO UPDATE SET requests = ?4 WHERE requests IS NOT ?4",
        ((name, *each) for each in spent),
    )


def note(
    connection: sqlite3.Connection, name: str, listings: Iterable[Listing], at: str
) -> set[str]:
    """Write down what was listed; a line that says what it said before writes nothing.

    Returns:
        The ids that were left out, since they were erased here.
    """
    listed = list(listings)
    erased = tombstones.erased(connection, name, (item.id for item in listed))
    connection.executemany(
        """
        INSERT INTO listings (source, id, started_at, fingerprint, listed_at)
        VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (source, id) DO UPDATE
        SET started_at = ?3, fingerprint = ?4, listed_at = ?5,
            fetched = ?4 IS NOT NULL AND ?4 IS fetched_fingerprint
        WHERE fingerprint IS NOT ?4 OR started_at IS NOT ?3 OR (?4 IS NULL AND fetched)
        """,
        (
            (name, item.id, item.started_at, item.fingerprint, at)
            for item in listed
            if item.id not in erased
        ),
    )
    return erased


def wanted(connection: sqlite3.Connection, name: str, *, before: str, limit: int) -> list[Listing]:
    """What has been listed and is still to be fetched, oldest first.

    Left out is what has failed since ``before``, the beginning of this sync, and what has failed
    `ATTEMPTS` times, or was `SEEN_GONE`. What has failed in the future has failed while the clock
    was wrong.
    """
    rows = connection.execute(
        """
        SELECT id, started_at, fingerprint FROM listings AS l
        WHERE source = ? AND NOT fetched AND NOT EXISTS (
            SELECT 1 FROM problems AS p
            WHERE p.source = l.source AND p.id = l.id AND p.stage IN ('fetch', 'gone', 'read')
              AND (p.last_at BETWEEN ? AND ?
                OR p.attempts >= CASE p.stage WHEN 'gone' THEN ? ELSE ? END))
        ORDER BY rtrim(started_at, 'Z') LIMIT ?
        """,
        (name, before, max(clock.now(), before), SEEN_GONE, ATTEMPTS, limit),
    )
    return [Listing(*row) for row in rows]


def mark_fetched(
    connection: sqlite3.Connection, name: str, fetched: Iterable[tuple[str, str | None]]
) -> None:
    """These ids have been fetched, as of the fingerprint that their line in the list had; those
    whose line has another by now are wanted still."""
    connection.executemany(
        "UPDATE listings SET fetched = fingerprint IS ?1, fetched_fingerprint = ?1"
        " WHERE source = ?2 AND id = ?3",
        ((fingerprint, name, identifier) for identifier, fingerprint in fetched),
    )


def latest_stored(connection: sqlite3.Connection, name: str) -> str | None:
    """The id of a conversation that the vendor gave us lately; None if it never gave any."""
    row = connection.execute(
        "SELECT id FROM conversations WHERE source = ? AND deleted_at_source IS NULL"
        " ORDER BY key DESC LIMIT 1",
        (name,),
    ).fetchone()
    return None if row is None else str(row[0])


def forget_lost(connection: sqlite3.Connection, name: str) -> None:
    """Want again what was fetched once and is not stored any more."""
    connection.execute(
        "UPDATE listings SET fetched = 0, fetched_fingerprint = NULL WHERE source = ? AND fetched"
        " AND NOT EXISTS (SELECT 1 FROM conversations AS c JOIN documents AS d"
        "   ON d.conversation = c.key AND d.revision = c.revision"
        "   WHERE c.source = listings.source AND c.id = listings.id)",
        (name,),
    )


def settled(connection: sqlite3.Connection, name: str, ids: Sequence[str]) -> int:
    """How many of these ids need not be fetched."""
    (found,) = connection.execute(
        f"SELECT count(*) FROM listings WHERE source = ? AND fetched AND id IN {_GIVEN}",
        (name, json.dumps(ids)),
    ).fetchone()
    return int(found)


def known(connection: sqlite3.Connection, name: str, ids: Sequence[str]) -> dict[str, str | None]:
    """The fingerprints as of which these ids were fetched; those never fetched are left out."""
    rows = connection.execute(
        "SELECT id, fetched_fingerprint FROM listings"
        f" WHERE source = ? AND fetched_fingerprint IS NOT NULL AND id IN {_GIVEN}",
        (name, json.dumps(ids)),
    )
    return dict(rows.fetchall())


def unlisted(
    connection: sqlite3.Connection, name: str, since: str | None, until: str | None
) -> Iterator[str]:
    """The ids of what is stored, not marked as deleted, and was once listed in this stretch."""
    rows = connection.execute(
        f"""
        SELECT l.id FROM listings AS l JOIN conversations AS c USING (source, id)
        WHERE l.source = :name AND deleted_at_source IS NULL AND {_within(since, until)}
        """,
        {"name": name, "since": since, "until": until},
    )
    return (row[0] for row in rows)


def mark_deleted(
    connection: sqlite3.Connection, name: str, identifier: str, at: str
) -> bool | None:
    """The vendor does not have it any more; say so, and keep it.

    Returns:
        Whether that is news; None if we don't have it either.
    """
    row = connection.execute(
        "SELECT key, deleted_at_source IS NULL FROM conversations WHERE source = ? AND id = ?",
        (name, identifier),
    ).fetchone()
    if row is None:
        return None
    key, news = row
    # Should it ever be listed again, it is back, even if it is listed as it was.
    connection.execute(
        "UPDATE listings SET fetched = 1, fingerprint = NULL, fetched_fingerprint = NULL"
        " WHERE source = ? AND id = ?",
        (name, identifier),
    )
    if news:
        connection.execute(
            "UPDATE conversations SET deleted_at_source = ? WHERE key = ?", (at, key)
        )
        evidence.note_deleted(connection, key, at, at)
        unindexed.add(connection, key)
        connection.execute("DELETE FROM pending WHERE source = ? AND id = ?", (name, identifier))
    return bool(news)


def close_window(
    connection: sqlite3.Connection,
    name: str,
    since: str | None,
    until: str | None,
    *,
    opened_at: str,
    at: str,
) -> None:
    """A stretch has been listed whole: write down how many were listed, stored, failed."""
    row = connection.execute(
        f"""
        INSERT INTO sync_windows
            (source, since, until, listed, stored, failed, opened_at, closed_at)
        SELECT :name, :since, :until, count(*), coalesce(sum(fetched), 0),
               coalesce(sum(NOT fetched), 0), :opened_at, :at
        FROM listings AS l WHERE source = :name AND {_within(since, until)}
        RETURNING {", ".join(evidence.WINDOW_COLUMNS)}
        """,
        {"name": name, "since": since, "until": until, "opened_at": opened_at, "at": at},
    ).fetchone()
    evidence.note_window(connection, row, at)


def proven(connection: sqlite3.Connection, name: str) -> bool:
    """Whether some stretch that was listed whole reaches up to the cursor."""
    (found,) = connection.execute(
        """
        SELECT EXISTS (
            SELECT 1 FROM sync_windows AS w JOIN sources AS s ON s.name = w.source
            WHERE s.name = ? AND (s.listed_to IS NULL OR
                rtrim(coalesce(w.until, w.opened_at), 'Z') >= rtrim(s.listed_to, 'Z')))
        """,
        (name,),
    ).fetchone()
    return bool(found)


# One JSON array: SQLite has a limit for the number of values that are bound.
_GIVEN = "(SELECT value FROM json_each(?))"


def _within(since: str | None, until: str | None) -> str:
    """Written so that SQLite can use the index on the start."""
    conditions = ["TRUE"]
    if since is not None:
        conditions.append("rtrim(l.started_at, 'Z') >= rtrim(:since, 'Z')")
    if until is not None:
        conditions.append("rtrim(l.started_at, 'Z') < rtrim(:until, 'Z')")
    return " AND ".join(conditions)
