"""Which conversation is meant: by its id, by ``SOURCE/ID``, or by the beginning of its id."""

from __future__ import annotations

import contextlib
import sqlite3

from convarchive.errors import NotFound

SHORTEST_PREFIX = 6
"""Characters of an id that will do for the whole, where they are unique."""

_TOLD = 3

_Named = tuple[int, str, str]  # key, source, id


def find(connection: sqlite3.Connection, name: str) -> int:
    """The key of the conversation of this name.

    Raises:
        NotFound: There is none, or there are several.
    """
    found: list[_Named] = []
    with contextlib.suppress(UnicodeEncodeError):  # bytes that are no UTF-8 name nothing
        found = _named(connection, name)
        if not found and len(name) >= SHORTEST_PREFIX:
            found = _beginning_with(connection, name)
    if len(found) == 1:
        return found[0][0]
    if not found:
        short = len(name) < SHORTEST_PREFIX
        raise NotFound(
            f"There is no conversation {name!r} in this archive.",
            "The beginning of an id will do from six characters on." if short else "",
            "Find it: convarchive search, or convarchive list",
        )
    names = ", ".join(f"{source}/{identifier}" for _, source, identifier in found[:_TOLD])
    raise NotFound(
        f"{name!r} could be more than one conversation.",
        f"{names}{' …' if len(found) > _TOLD else ''}.",
        "Give the whole name.",
    )


def _named(connection: sqlite3.Connection, name: str) -> list[_Named]:
    return connection.execute(
        "SELECT key, source, id FROM conversations WHERE id = ?1"
        " UNION SELECT key, source, id FROM conversations WHERE source = ?2 AND id = ?3"
        " ORDER BY source",
        (name, *name.partition("/")[::2]),
    ).fetchall()


def _beginning_with(connection: sqlite3.Connection, prefix: str) -> list[_Named]:
    return connection.execute(
        "SELECT key, source, id FROM conversations WHERE id >= ?1 AND id < ?1 || char(0x10ffff)"
        " ORDER BY id, source LIMIT ?2",
        (prefix, _TOLD + 1),
    ).fetchall()
