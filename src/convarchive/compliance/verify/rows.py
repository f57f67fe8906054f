"""Reading rows that somebody may have been at: whatever they hold, and by names for people."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Mapping
from typing import Any, TypeGuard

from convarchive.store import evidence, ledger

lenient = functools.partial(str, encoding="utf-8", errors="surrogateescape")
"""A ``text_factory``: text with a flipped bit may be no UTF-8."""


def name_of(connection: sqlite3.Connection, key: Any) -> str:
    """A conversation as ``SOURCE/ID``; by its key where it is gone."""
    if not is_key(key):
        return printable(f"conversation {key}")
    found = connection.execute(
        "SELECT source || '/' || id FROM conversations WHERE key = ?", (key,)
    ).fetchone()
    return printable(found[0]) if found else f"conversation {key}"


def is_key(value: Any) -> TypeGuard[int]:
    """Whether it can be a key of a row: who forges an entry may have written anything there."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def printable(value: Any) -> str:
    """What a damaged text can be shown as."""
    return str(value).encode(errors="replace").decode()


def left_of(connection: sqlite3.Connection, position: int, content: evidence.Content) -> str:
    """What an entry that was forgotten should commit to by now; see `evidence.left_commitment`."""
    found = connection.execute("SELECT value FROM meta WHERE name = 'erasure_key'").fetchone()
    try:
        return evidence.left_commitment(bytes.fromhex(found[0]), position, content)
    except (TypeError, ValueError):  # it is damaged, which is named elsewhere
        return ""


def commits(fields: Mapping[str, Any], salt: Any, content: evidence.Content) -> bool:
    """Whether an entry commits to this content."""
    if not isinstance(salt, bytes):
        return False
    try:
        return fields.get("commitment") == ledger.commitment(salt, content)
    except (TypeError, ValueError):  # no text in UTF-8
        return False
