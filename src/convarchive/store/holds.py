"""Legal holds: which conversations must not be destroyed, and since when and why.

A hold has members. A conversation becomes one when it is named or matches the hold's query, and is
one until the hold is released, whatever it becomes or the query finds later. What is released stays
in the tables, and its name may be used again: the new hold has another number.

Whatever writes here is called within a transaction, and leaves its entries in the ledger. That is
loaded only then: to show a conversation, and to search, takes only the reading.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from convarchive.errors import NotFound, UsageError
from convarchive.store import clock
from convarchive.store.mentions import mentions


class Hold(NamedTuple):
    """A legal hold. What must be forgotten is None in one that is released."""

    hold: int
    """Its number."""
    name: str | None
    query: str | None
    """In canonical form; None where its conversations were all named."""
    reason: str | None
    matter: str | None
    placed_by: str | None
    placed_at: str
    released_at: str | None
    released_by: str | None
    release_reason: str | None
    conversations: int
    """How many it protects, or protected."""


_READ = """
SELECT hold, name, query, reason, matter, placed_by, placed_at, released_at, released_by,
       release_reason, (SELECT count(*) FROM held WHERE held.hold = holds.hold)
FROM holds
"""


def active(connection: sqlite3.Connection) -> list[Hold]:
    """The holds that are not released, in the order in which they were placed."""
    found = connection.execute(f"{_READ} WHERE released_at IS NULL ORDER BY hold")
    return [Hold(*row) for row in found]


def every(connection: sqlite3.Connection) -> list[Hold]:
    """All holds, the released ones too, in the order in which they were placed."""
    return [Hold(*row) for row in connection.execute(f"{_READ} ORDER BY hold")]


def named(connection: sqlite3.Connection, name: str) -> Hold:
    """The active hold of this name, else the one that was released last.

    Raises:
        NotFound: There is none.
    """
    found = connection.execute(
        f"{_READ} WHERE name = ? ORDER BY released_at IS NULL DESC, hold DESC LIMIT 1", (name,)
    ).fetchone()
    if found is None:
        raise _unknown(connection, name)
    return Hold(*found)


class Placing(NamedTuple):
    """What is said of a hold when it is placed."""

    name: str
    """What it is called; no other active hold is."""
    query: str | None
    """In canonical form; None for conversations that are named."""
    reason: str
    matter: str | None
    """The case that it belongs to."""
    placed_by: str
    placed_at: str


def place(connection: sqlite3.Connection, placing: Placing) -> int:
    """Place a hold that has no members yet; its number.

    Raises:
        UsageError: There is an active hold of this name.
    """
    from convarchive.store import evidence

    if any(hold.name == placing.name for hold in active(connection)):
        raise UsageError(
            f"There is a hold {placing.name!r} already.",
            "It stays as it was placed.",
            "Give what is to be held beside it another name.",
        )
    (hold,) = connection.execute("SELECT coalesce(max(hold), 0) + 1 FROM holds").fetchone()
    content = {"hold": hold, **placing._asdict()}
    connection.execute(
        f"INSERT INTO holds ({', '.join(content)}, ledger, salt)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*content.values(), *evidence.commit_hold(connection, content, placing.placed_at)),
    )
    return int(hold)


def release(
    connection: sqlite3.Connection, name: str, *, reason: str | None, by: str, at: str
) -> Hold:
    """Release the active hold of this name; as it is now.

    Raises:
        NotFound: There is none that is active.
    """
    from convarchive.store import evidence

    hold = next((hold for hold in active(connection) if hold.name == name), None)
    if hold is None:
        raise _unknown(connection, name)
    values = (hold.hold, at, by, reason)
    content = dict(zip(evidence.RELEASE_COLUMNS, values, strict=True))
    connection.execute(
        "UPDATE holds SET released_at = ?2, released_by = ?3, release_reason = ?4,"
        " release_ledger = ?5, release_salt = ?6 WHERE hold = ?1",
        (*values, *evidence.commit_release(connection, content, at)),
    )
    return hold._replace(released_at=at, released_by=by, release_reason=reason)


def take_in(connection: sqlite3.Connection, hold: int, keys: Iterable[int], at: str) -> int:
    """Let a hold protect these conversations, as far as it doesn't yet; how many are new."""
    from convarchive.store import evidence

    new = [
        key
        for (key,) in connection.execute(
            "SELECT key FROM conversations WHERE key IN (SELECT value FROM json_each(?1))"
            " AND key NOT IN (SELECT conversation FROM held WHERE hold = ?2) ORDER BY key",
            (json.dumps(list(keys)), hold),
        )
    ]
    connection.executemany(
        "INSERT INTO held (hold, conversation, since, ledger) VALUES (?, ?, ?, ?)",
        [
            (hold, key, at, position)
            for key, position in evidence.note_held(connection, hold, new, at)
        ],
    )
    return len(new)


def of(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, list[str]]:
    """Which of these conversations are protected, and by which active holds, by name."""
    found: dict[int, list[str]] = {}
    for key, name in connection.execute(
        "SELECT held.conversation, holds.name FROM json_each(?) AS asked"
        " JOIN held ON held.conversation = asked.value JOIN holds USING (hold)"
        " WHERE holds.released_at IS NULL ORDER BY held.hold",
        (json.dumps(list(dict.fromkeys(keys))),),
    ):
        found.setdefault(key, []).append(name)
    return found


def protected(connection: sqlite3.Connection) -> list[int]:
    """The keys of all conversations that an active hold protects, in their order."""
    found = connection.execute(
        "SELECT DISTINCT conversation FROM held WHERE hold IN"
        " (SELECT hold FROM holds WHERE released_at IS NULL) ORDER BY conversation"
    )
    return [key for (key,) in found]


def members(connection: sqlite3.Connection, hold: int) -> list[tuple[int, str]]:
    """The keys of what a hold protects, each with the time since when; newest calls first."""
    return connection.execute(
        "SELECT held.conversation, held.since FROM held"
        " JOIN conversations ON conversations.key = held.conversation WHERE held.hold = ?"
        " ORDER BY rtrim(started_at, 'Z') DESC, key",
        (hold,),
    ).fetchall()


def forget(connection: sqlite3.Connection, texts: Iterable[str]) -> list[int]:
    """Empty the released holds that have any of these texts in them, such as a phone number.

    What they said, and the salts of their entries, are gone then, and an entry of the ledger says
    that they were emptied. Active holds stay as they are.

    Args:
        connection: In a transaction.
        texts: What somebody could be known by: ids, numbers. See `mentions`.

    Returns:
        The numbers of those holds.
    """
    from convarchive.store import evidence

    named = mentions(texts)
    found = [
        (hold, ledgers)
        for hold, *ledgers, name, query, reason, matter, why in connection.execute(
            "SELECT hold, ledger, release_ledger, name, query, reason, matter, release_reason"
            " FROM holds WHERE released_at IS NOT NULL ORDER BY hold"
        ).fetchall()
        if named((name, query, reason, matter, why))
    ]
    connection.executemany(
        "UPDATE holds SET name = NULL, query = NULL, reason = NULL, matter = NULL, salt = NULL,"
        " release_reason = NULL, release_salt = NULL WHERE hold = ?",
        [(hold,) for hold, _ in found],
    )
    left = [part for hold, ledgers in found for part in _left(connection, hold, ledgers)]
    evidence.note_forgotten(connection, left, clock.now())
    return [hold for hold, _ in found]


def _left(
    connection: sqlite3.Connection, hold: int, ledgers: Sequence[int]
) -> list[tuple[int, dict[str, Any]]]:
    """What an emptied hold still says, by the entries for its placing and its release."""
    from convarchive.store import evidence

    left = []
    both = (evidence.HOLD_COLUMNS, evidence.RELEASE_COLUMNS)
    for position, columns in zip(ledgers, both, strict=True):
        row = connection.execute(
            f"SELECT {', '.join(columns)} FROM holds WHERE hold = ?", (hold,)
        ).fetchone()
        left.append((position, dict(zip(columns, row, strict=True))))
    return left


def _unknown(connection: sqlite3.Connection, name: str) -> NotFound:
    from difflib import get_close_matches

    near = get_close_matches(name, [hold.name or "" for hold in active(connection)], 1)
    hint = f"Did you mean {near[0]}?" if near else "See: convarchive hold list"
    return NotFound(f"There is no active hold {name!r}.", "", hint)
