"""What is left of a destroyed conversation, and how it is known when it comes again.

Of its source and id a keyed hash stays: HMAC-SHA256 under a key that only this archive has. Who has
the id and the archive can see that it was erased; who has the archive alone can find no id in it,
not even by guessing, as long as the key is not with them. Whatever takes conversations in asks here
first, so what was erased stays erased, though the vendor still has it.

The ledger has an entry for each destroyed conversation, `ERASURE` or `DISPOSAL`, which says with
which run it went and which entries have lost their content, and one for the run, `DISPOSED`.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from convarchive.store import evidence, ledger

ERASURE = "erasure"
"""A conversation was destroyed because somebody asked for it; commits to `tombstone_content`."""
DISPOSAL = "disposal"
"""A conversation was destroyed because its time had come; commits to `tombstone_content`."""
DISPOSED = "disposed"
"""A run that destroyed conversations; commits to `disposal_content`."""


class Disposal(NamedTuple):
    """A row of ``disposals``, but for when it was finished."""

    disposal: int
    kind: str
    """`ERASURE` or `DISPOSAL`."""
    at: str
    by: str
    reason: str
    rules: str
    """JSON: the rules that were applied, and what they left for a reason."""
    conversations: int
    recordings: int
    bytes: int
    """Of payloads and recordings, as they came."""


class Tombstone(NamedTuple):
    """A row of ``tombstones``, but for its place in the ledger."""

    conversation: int
    """The key that it had; no other gets it."""
    disposal: int
    source: str
    id_hash: str
    month: str | None
    """In which it started: ``2026-01``."""
    rule: str | None
    """The class of retention by which it was due."""


def disposal_content(row: Disposal) -> evidence.Content:
    """What the entry of a run commits to: all that its row says."""
    return row._asdict()


def tombstone_content(row: Tombstone) -> evidence.Content:
    """What the entry of a destroyed conversation commits to: all that its tombstone says."""
    return row._asdict()


def id_hash(key: bytes, source: str, identifier: str) -> str:
    """The keyed hash of a conversation's name, in hex."""
    name = f"{source}\0{identifier}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, name, "sha256").hex()


def erasure_key(connection: sqlite3.Connection) -> bytes:
    """The archive's own key for such hashes."""
    (found,) = connection.execute("SELECT value FROM meta WHERE name = 'erasure_key'").fetchone()
    return bytes.fromhex(found)


def erased(connection: sqlite3.Connection, source: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that were destroyed here; costs next to nothing where none ever was."""
    if connection.execute("SELECT 1 FROM tombstones LIMIT 1").fetchone() is None:
        return set()
    key = erasure_key(connection)
    hashes = {id_hash(key, source, identifier): identifier for identifier in ids}
    found = connection.execute(
        "SELECT id_hash FROM tombstones WHERE id_hash IN (SELECT value FROM json_each(?))",
        (json.dumps(list(hashes)),),
    )
    return {hashes[row[0]] for row in found}


def begin(connection: sqlite3.Connection, row: Disposal) -> None:
    """Write down a run, unfinished; within the transaction that deletes the rows."""
    salt = ledger.salt()
    commitment = ledger.commitment(salt, disposal_content(row))
    position = ledger.append(
        connection, DISPOSED, row.at, disposal=row.disposal, what=row.kind, commitment=commitment
    )
    connection.execute(
        f"INSERT INTO disposals ({', '.join(Disposal._fields)}, ledger, salt)"
        f" VALUES ({', '.join('?' * len(Disposal._fields))}, ?, ?)",
        (*row, position, salt),
    )


def bury(
    connection: sqlite3.Connection, kind: str, at: str, row: Tombstone, entries: Sequence[int]
) -> None:
    """Put up a tombstone.

    Args:
        connection: Within the transaction that deletes the rows, behind `begin`.
        kind: `ERASURE` or `DISPOSAL`.
        at: When.
        row: What it says.
        entries: Positions in the ledger of what has lost its content.
    """
    salt = ledger.salt()
    fields: dict[str, Any] = {
        "conversation": row.conversation,
        "disposal": row.disposal,
        "entries": list(entries),
        "id_hash": row.id_hash,
        "commitment": ledger.commitment(salt, tombstone_content(row)),
    }
    position = ledger.append(connection, kind, at, **fields)
    connection.execute(
        f"INSERT INTO tombstones ({', '.join(Tombstone._fields)}, ledger, salt)"
        f" VALUES ({', '.join('?' * len(Tombstone._fields))}, ?, ?)",
        (*row, position, salt),
    )
    connection.executemany(
        "INSERT INTO destroyed_entries VALUES (?, ?)",
        ((each, row.conversation) for each in entries),
    )


def unfinished(connection: sqlite3.Connection) -> list[int]:
    """The runs that were interrupted, oldest first."""
    found = connection.execute(
        "SELECT disposal FROM disposals WHERE finished_at IS NULL ORDER BY disposal"
    )
    return [row[0] for row in found]


def finish(connection: sqlite3.Connection, disposal: int, at: str) -> None:
    """Nothing of what it destroyed is left on the disk; call it within a transaction."""
    connection.execute("UPDATE disposals SET finished_at = ? WHERE disposal = ?", (at, disposal))


def disposal(connection: sqlite3.Connection, number: int) -> Disposal:
    """One run."""
    row = connection.execute(
        f"SELECT {', '.join(Disposal._fields)} FROM disposals WHERE disposal = ?", (number,)
    ).fetchone()
    return Disposal(*row)


def of(connection: sqlite3.Connection, number: int) -> list[Tombstone]:
    """The tombstones of one run, by key."""
    rows = connection.execute(
        f"SELECT {', '.join(Tombstone._fields)} FROM tombstones WHERE disposal = ?"
        " ORDER BY conversation",
        (number,),
    )
    return [Tombstone(*row) for row in rows]
