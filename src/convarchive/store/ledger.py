"""The ledger: every change to the archive, in the order in which it was made, never rewritten.

An entry is appended in the transaction that makes the change, so there is none without the other.
Entries are the leaves of a Merkle tree (`merkle`); a signed root of it, kept elsewhere, shows later
that nothing before it was altered, taken away or put in.

An entry says what happened, and commits to what was stored without saying it: it holds the SHA-256
of a random salt and the content (`commitment`). The salt is kept beside the content. Once both are
destroyed, nobody can find out from the entry what there was, not even by guessing, and yet the
entry stays, and shows that something was there.

Entries are canonical JSON: keys in order, no white space, UTF-8. To hash the tree of a million
entries takes seconds, so the hash over each 256 neighbours is kept in `ledger_nodes`, and over each
256 of those, as in https://c2sp.org/tlog-tiles. They are a convenience: where one is missing it is
made anew, and `convarchive verify` makes all of them anew, to compare.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec.json

from convarchive.store import merkle

_TILE = 8
"""Levels between the hashes that are kept."""

_SALT = 16  # bytes; nobody tries 2 ** 128


class Entry(NamedTuple):
    """A line of the ledger."""

    position: int
    """In the ledger, from 0."""
    data: bytes
    """As it is hashed."""

    @property
    def fields(self) -> dict[str, Any]:
        """What it says.

        Raises:
            ValueError: It says nothing that can be read.
        """
        decoded = msgspec.json.decode(self.data)
        if not isinstance(decoded, dict):
            raise ValueError("An entry of the ledger is no JSON object.")  # noqa: TRY004
        return decoded


_canonical = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """JSON of which there is one way to write it: keys in order, no white space, UTF-8.

    It is what any library writes that sorts the keys and escapes no more than it must, for
    everything but fractions, so nothing that is committed to has any.

    Raises:
        TypeError: A key is no text.
        UnicodeEncodeError: A text is none that UTF-8 can hold.
    """
    return _canonical(value)


def salt() -> bytes:
    """A new one for each content, so that equal contents have different commitments."""
    return os.urandom(_SALT)


def commitment(salt: bytes, content: Mapping[str, Any]) -> str:
    """The SHA-256, in hex, over the salt and the canonical JSON of a content."""
    return sha256(salt + _canonical(content)).hexdigest()


def append(connection: sqlite3.Connection, kind: str, at: str, **fields: Any) -> int:
    """Write an entry at the end; call it within the transaction that makes the change.

    Args:
        connection: To the archive's database, for writing.
        kind: What happened, as ``revision`` or ``hold``.
        at: When.
        fields: What else is to be said of it.

    Returns:
        Its position, from 0.
    """
    entry = _canonical({"kind": kind, "at": at, **fields}).decode()
    position: int = connection.execute(_APPEND, (entry,)).fetchone()[0]
    if (position + 1) % (1 << _TILE) == 0:
        _keep_nodes(connection, position + 1)
    return position


def size(connection: sqlite3.Connection) -> int:
    """How many entries there are."""
    (last,) = connection.execute("SELECT max(position) FROM ledger").fetchone()
    return 0 if last is None else int(last) + 1


def read(connection: sqlite3.Connection, start: int = 0, end: int | None = None) -> Iterator[Entry]:
    """The entries from one position up to another, in order."""
    found = connection.execute(
        "SELECT position, entry FROM ledger WHERE position >= ?1 AND position < ?2"
        " ORDER BY position",
        (start, (1 << 62) if end is None else end),
    )
    return (Entry(position, entry.encode()) for position, entry in found)


def root(connection: sqlite3.Connection, size: int) -> bytes:
    """The root of the tree of the first ``size`` entries."""
    return merkle.root(size, partial(node, connection))


def inclusion(connection: sqlite3.Connection, position: int, size: int) -> list[bytes]:
    """What shows that an entry is among the first ``size``; see `merkle.inclusion`."""
    return merkle.inclusion(position, size, partial(node, connection))


def consistency(connection: sqlite3.Connection, old: int, new: int) -> list[bytes]:
    """What shows that the ledger only grew between two sizes; see `merkle.consistency`."""
    return merkle.consistency(old, new, partial(node, connection))


def node(connection: sqlite3.Connection, level: int, number: int) -> bytes:
    """The hash of a complete subtree, from the nearest hashes below it that are kept.

    Raises:
        ValueError: Something of it is missing.
    """
    kept = level - level % _TILE
    many = 1 << (level - kept)
    return merkle.over(_hashes(connection, kept, number * many, many))


_APPEND = (
    "INSERT INTO ledger (position, entry)"
    " VALUES ((SELECT coalesce(max(position), -1) + 1 FROM ledger), ?) RETURNING position"
)


def _keep_nodes(connection: sqlite3.Connection, size: int) -> None:
    """Keep the hash over the last 256, and that over the last 256 of those, where it is full."""
    level = _TILE
    while size % (1 << level) == 0:
        number = (size >> level) - 1
        hashed = _over_tile(connection, level, number)
        connection.execute("INSERT INTO ledger_nodes VALUES (?, ?, ?)", (level, number, hashed))
        level += _TILE


def _over_tile(connection: sqlite3.Connection, level: int, number: int) -> bytes:
    below = _hashes(connection, level - _TILE, number << _TILE, 1 << _TILE)
    return merkle.over(below)


def _hashes(connection: sqlite3.Connection, level: int, first: int, many: int) -> list[bytes]:
    """The hashes of neighbours, at a level at which they are kept.

    Raises:
        ValueError: An entry is missing below them.
    """
    if level == 0:
        hashes = [merkle.leaf_hash(each.data) for each in read(connection, first, first + many)]
        if len(hashes) != many:
            raise ValueError(f"The ledger has not all of the {many} entries from {first} on.")
        return hashes
    found = connection.execute(
        "SELECT number, hash FROM ledger_nodes WHERE level = ? AND number >= ? AND number < ?",
        (level, first, first + many),
    )
    kept = dict(found.fetchall())
    return [
        kept.get(number) or _over_tile(connection, level, number)
        for number in range(first, first + many)
    ]
