"""Reading rows that somebody may have been at: whatever they hold, and by names for people."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Mapping
from typing import Any

from convarchive.store import evidence, ledger

lenient = functools.partial(str, encoding="utf-8", errors="surrogateescape")
"""A ``text_factory``: text with a flipped bit may be no UTF-8."""


def name_of(connection: sqlite3.Connection, key: Any) -> str:
    """A conversation as ``SOURCE/ID``; by its key where it is gone."""
    found = connection.execute(
        "SELECT source || '/' || id FROM conversations WHERE key = ?", (key,)
    ).fetchone()
    return printable(found[0]) if found else f"conversation {key}"


def printable(value: Any) -> str:
    """What a damaged text can be shown as."""
    return str(value).encode(errors="replace").decode()


def commits(fields: Mapping[str, Any], salt: Any, content: evidence.Content) -> bool:
    """Whether an entry commits to this content."""
    if not isinstance(salt, bytes):
        return False
    try:
        return fields.get("commitment") == ledger.commitment(salt, content)
    except (TypeError, ValueError):  # no text in UTF-8
        return False
