"""Whether an index is the one that belongs to a store.

Both carry the same mark. Where the marks differ, because the directory was deleted, restored from
elsewhere, or made by earlier code, the index answers for another archive and is not asked.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from convarchive.index import schema

DIRECTORY = "index"

_FILE = "convarchive.mark"


def belongs(connection: sqlite3.Connection, directory: Path) -> bool:
    """Whether there is an index in this archive, and it is this store's."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'index'").fetchone()
    try:
        mark = (directory / DIRECTORY / _FILE).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return row is not None and row[0] == mark and mark.startswith(f"{schema.VERSION} ")


def write(index: Path) -> str:
    """Give an index a mark of its own."""
    from uuid import uuid4

    mark = f"{schema.VERSION} {uuid4().hex}"
    (index / _FILE).write_text(mark, encoding="ascii")
    return mark


def note(connection: sqlite3.Connection, mark: str) -> None:
    """Let the store know which index is its own; call it within a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('index', ?)", (mark,))
