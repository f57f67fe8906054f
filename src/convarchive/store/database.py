"""Opening ``archive.db``: one writer, any number of readers, and SQLite's errors in plain words.

A reader is a read-only connection to a WAL database, so it sees the last commit and never waits.
A writer commits with ``synchronous=FULL``: what was reported as stored survives a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

from convarchive import disk
from convarchive.errors import ArchiveBusy, ArchiveError, DiskFull, NewerArchive, OlderArchive
from convarchive.store import schema

if TYPE_CHECKING:
    from pathlib import Path

# ruff: noqa: PTH100, PTH110, PTH118, PTH120 - a search does without pathlib, and starts 6 ms sooner

FILE = "archive.db"


def connect(directory: str | os.PathLike[str], *, write: bool = False) -> sqlite3.Connection:
    """A connection to the archive's database, its schema brought up to date if ``write``.

    Raises:
        NewerArchive: a later version of this program has written it.
        OlderArchive: an earlier version has written it, and it may only be read.
        ArchiveError: the file is missing, or is no database.
    """
    path = os.path.join(directory, FILE)
    if not os.path.exists(path):
        raise ArchiveError(
            f"{path} is missing.",
            "Without it a directory is no archive.",
            "Restore it from a backup.",
        )
    with explained(path):
        connection = _open(path, write=write)
        try:
            _bring_up_to_date(connection, path, write=write)
        except BaseException:
            connection.close()
            raise
    return connection


def create(directory: Path) -> None:
    """Make an empty database, whole or not at all. The file is readable for its owner only.

    Raises:
        DiskFull: no room.
        FileExistsError: there is one already.
    """
    path, part = directory / FILE, directory / f".{FILE}.part"
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with explained(path):
        connection = sqlite3.connect(part, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size={schema.PAGE_SIZE}")
            connection.execute("PRAGMA journal_mode=WAL")
            _migrate(connection)
        finally:
            connection.close()
    part.rename(path)
    disk.flush_names(directory)
    # The directory may be new as well, and others above it. One that is closed to us is not ours.
    for above in directory.absolute().parents:
        with contextlib.suppress(OSError):
            disk.flush_names(above)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or none of it; a writer from the start, so that it can't fail half way for a lock.

    Raises:
        DiskFull: no room; everything since the last transaction is as it was.
    """
    with explained():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # After a full disk SQLite may have rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read in the block is of one moment: that of the first reading in it."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


@contextlib.contextmanager
def explained(path: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = str(path) if path else "The archive's database"
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull(
                "The disk is full.",
                "The last transaction was rolled back; what was stored before is safe.",
                "Make room, then run the same command again.",
            ) from error
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise ArchiveError(
                f"{name} is damaged or no SQLite database.", f"SQLite says: {error}.",
                "Restore it from a backup.",
            ) from error  # fmt: skip
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR):
            raise ArchiveError(
                f"{name} cannot be opened or written.", f"SQLite says: {error}.",
                "Check the permissions and the disk.",
            ) from error  # fmt: skip
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveBusy(
                f"{name} is locked.", "Another program is writing to it.",
                "Close that program, then run this again.",
            ) from error  # fmt: skip
        raise


def _open(path: str, *, write: bool) -> sqlite3.Connection:
    mode = "rw" if write else "ro"
    connection = sqlite3.connect(
        f"{_uri(path)}?mode={mode}", uri=True, isolation_level=None, timeout=30
    )
    connection.execute("PRAGMA foreign_keys=ON")
    if write:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
    return connection


def _uri(path: str) -> str:
    """A file's URI, written as https://sqlite.org/uri.html#the_uri_path says."""
    path = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    if os.name == "nt":
        path = "/" + path.replace("\\", "/")
    return f"file:{path}"


def _bring_up_to_date(connection: sqlite3.Connection, path: str, *, write: bool) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == schema.VERSION:
        return
    if version == 0:
        raise ArchiveError(
            f"{path} is empty.",
            "Something has cut it off; an archive's database never is.",
            "Restore it from a backup.",
        )
    if version > schema.VERSION:
        raise NewerArchive(
            f"{os.path.dirname(path)} was written by a later version of convarchive.",
            f"Its schema is {version}; this program knows up to {schema.VERSION}.",
            "Update this program: pip install -U convarchive",
        )
    if not write:
        raise OlderArchive(
            f"{os.path.dirname(path)} was written by an earlier version of convarchive.",
            "Reading must not change it.",
            "Bring it up to date with: convarchive sync",
        )
    _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database

    db = Database(connection)
    with db.atomic():
        schema.migrations().apply(db)
        connection.execute(f"PRAGMA user_version={schema.VERSION}")
