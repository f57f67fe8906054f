"""Opening a database that may be damaged, or that nothing may be written beside."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from convarchive.compliance.verify.report import Report
from convarchive.errors import ArchiveError, NotFound
from convarchive.store import database, schema

_ELSEWHERE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN,
              sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT)  # fmt: skip
"""What SQLite says of the machine and not of the file."""


OPERATIONS = 200_000
"""Of SQLite, between two looks at whether the user wants to stop; some milliseconds."""


def connect(directory: Path) -> sqlite3.Connection:
    """A connection for reading.

    Raises:
        NotFound: There is no archive.
        ArchiveError: It can't be opened, or not without bringing it up to date first.
    """
    path = directory / database.FILE
    if not path.exists():
        raise NotFound(
            f"There is no archive in {directory}.", "", "Name its directory: convarchive verify DIR"
        )
    try:
        return database.connect(directory)
    except ArchiveError:
        if os.access(directory, os.W_OK) or not _is_settled(path):
            raise
    # Readers of a database with a log write beside it. Here nobody can, so there is nothing that
    # could change meanwhile.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
    )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != schema.VERSION:
        connection.close()
        raise ArchiveError(
            f"{directory} was not written by this version of convarchive.",
            "Where nothing may be written it can't be brought up to date.",
            "Copy it elsewhere, and verify the copy.",
        )
    return connection


@contextlib.contextmanager
def surviving(report: Report, what: str) -> Iterator[None]:
    """Whatever SQLite can't read in the block is damage that is named, and not the end."""
    try:
        yield
    except UnicodeDecodeError as error:  # what it says of damage quotes some of it
        report.complete = False
        report.add("database", "archive.db", f"Reading {what} broke off: {error}.")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        report.complete = False
        report.add("database", "archive.db", f"Reading {what} broke off. SQLite says: {error}.")


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether it is the file that is wrong."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in _ELSEWHERE


def _is_settled(path: Path) -> bool:
    """Whether the file itself has all that was written."""
    log = path.with_name(f"{path.name}-wal")
    return not log.exists() or log.stat().st_size == 0
