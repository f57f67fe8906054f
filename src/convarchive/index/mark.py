"""Whether an index is the one that belongs to a store.

Both carry the same mark. Where the marks differ, because the directory was deleted, restored from
elsewhere, or made by earlier code, the index answers for another archive and is not asked.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from convarchive.index import schema

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORY = "index"

_FILE = "convarchive.mark"


def belongs(connection: sqlite3.Connection, directory: str | os.PathLike[str]) -> bool:
    """Whether there is an index in this archive, and it is this store's."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'index'").fetchone()
    try:
        path = os.path.join(directory, DIRECTORY, _FILE)  # noqa: PTH118 - as in `store.database`
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            mark = file.read()
    except (OSError, UnicodeDecodeError):
        return False
    return row is not None and row[0] == mark and mark.startswith(f"{schema.VERSION} ")


def write(index: Path) -> str:
    """Give an index a mark of its own, flushed; its name is not."""
    from uuid import uuid4

    mark = f"{schema.VERSION} {uuid4().hex}"
    with (index / _FILE).open("w", encoding="ascii") as file:
        file.write(mark)
        file.flush()
        os.fsync(file.fileno())
    return mark


def note(connection: sqlite3.Connection, mark: str) -> None:
    """Let the store know which index is its own; call it within a transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('index', ?)", (mark,))
