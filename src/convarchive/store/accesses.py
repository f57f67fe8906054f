"""Who searched, read and handed over what: rows that are only added, each with a ledger entry.

Whatever writes here is called within a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from convarchive.store import clock, evidence
from convarchive.store.mentions import mentions


class Access(NamedTuple):
    """A row of ``access_log``, without its place in the ledger."""

    at: str
    action: str
    """``search``, ``show``, ``export`` …: a command."""
    user: str
    host: str
    query: str | None
    """As it was typed, or the name of the conversation. None where there was a list of names, and
    where it had to be forgotten."""
    format: str | None
    conversations: int
    """How many were found, or taken away."""
    token: str
    """Of the file in which it waited; there is one row of each."""


def add(connection: sqlite3.Connection, access: Access, *, handed_over: bool) -> bool:
    """Write down an access; whether it was not there yet.

    Args:
        connection: In a transaction.
        access: What happened.
        handed_over: Whether conversations left the archive.
    """
    there = connection.execute("SELECT 1 FROM access_log WHERE token = ?", (access.token,))
    if there.fetchone() is not None:
        return False
    kind = evidence.EXPORT if handed_over else evidence.ACCESS
    position, salt = evidence.commit_access(connection, kind, access._asdict(), clock.now())
    connection.execute(
        'INSERT INTO access_log (at, action, "user", host, query, format, conversations, token,'
        " ledger, salt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*access, position, salt),
    )
    return True


def at(connection: sqlite3.Connection, position: int) -> tuple[Access, bool] | None:
    """The access that an entry of the ledger is about, and whether its query was forgotten."""
    row = connection.execute(
        'SELECT at, action, "user", host, query, format, conversations, token, salt IS NULL'
        " FROM access_log WHERE ledger = ?",
        (position,),
    ).fetchone()
    return None if row is None else (Access(*row[:-1]), bool(row[-1]))


def forget(connection: sqlite3.Connection, texts: Iterable[str]) -> int:
    """Take the query out of rows that have any of these texts in it; how many these are.

    See `mentions`. The salt of their entries is gone then, too, and an entry of the ledger says so.
    """
    named = mentions(texts)
    positions = [
        position
        for position, query in connection.execute(
            "SELECT ledger, query FROM access_log WHERE query IS NOT NULL ORDER BY ledger"
        )
        if named((query,))
    ]
    connection.executemany(
        "UPDATE access_log SET query = NULL, salt = NULL WHERE ledger = ?",
        [(position,) for position in positions],
    )
    left = [(each, found[0]._asdict()) for each in positions if (found := at(connection, each))]
    evidence.note_forgotten(connection, left, clock.now())
    return len(positions)
