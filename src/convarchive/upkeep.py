"""Making the tables anew, and copying an archive while it is in use."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from convarchive import disk
from convarchive.errors import (
    ConvarchiveError,
    DamageFound,
    DiskFull,
    PathExists,
    Unreadable,
    UsageError,
    VendorError,
)
from convarchive.history import documents
from convarchive.index import writer
from convarchive.records import read as meaning
from convarchive.settings import FILE as SETTINGS
from convarchive.store import clock, database, owed, rows
from convarchive.store.ingest import replace_projection
from convarchive.store.recordings import DIRECTORY as RECORDINGS

_BATCH = 100


def rebuild(
    connection: sqlite3.Connection,
    directory: Path,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Read every conversation's bytes again, and write what reads differently than before.

    Bytes that can't be read any more are a problem, and leave the rows as they are.

    Returns:
        How many conversations there are, and how many of them were written.
    """
    keys = rows.keys(connection, "export")
    changed = 0
    for at in range(0, len(keys), _BATCH):
        batch = keys[at : at + _BATCH]
        with database.transaction(connection):
            for key, source, identifier, kind in _named(connection, batch):
                changed += _reread(connection, key, source, identifier, kind)
        if progress:
            progress(at + len(batch), len(keys))
    writer.catch_up(connection, directory)
    return len(keys), changed


def _named(connection: sqlite3.Connection, keys: Sequence[int]) -> list[tuple[int, str, str, str]]:
    """Key, source, id and kind of source. Nothing else of the tables is trusted."""
    return connection.execute(
        "SELECT c.key, c.source, c.id, s.kind FROM conversations AS c"
        f" JOIN sources AS s ON s.name = c.source WHERE c.key IN ({', '.join('?' * len(keys))})",
        keys,
    ).fetchall()


def _reread(
    connection: sqlite3.Connection, key: int, source: str, identifier: str, kind: str
) -> bool:
    try:
        read = meaning(source, kind, dict(documents(connection, key)))
    except (VendorError, DamageFound, Unreadable) as error:
        body = error.body if isinstance(error, VendorError) else None
        owed.note_problem(connection, source, identifier, "stored", str(error), clock.now(), body)
        return False
    owed.solved(connection, source, identifier, "stored")
    if rows.same(connection, key, read):
        return False
    replace_projection(connection, key, read)
    return True


def backup(
    connection: sqlite3.Connection,
    directory: Path,
    path: Path,
    check: Callable[[Path], None] | None = None,
) -> int:
    """Copy an archive; sync may go on meanwhile. How many conversations the copy holds.

    The database first, then the recordings, which are only ever added to, so the copy has every
    recording that its database names. The index is left out: ``reindex`` makes it. Where ``check``
    raises something when it looks at the copy, nothing is left there.

    Raises:
        PathExists: Something is there already.
        DiskFull: No room; nothing is left there.
        UsageError: Nothing can be written there.
    """
    if path.exists():
        raise PathExists(f"{path} exists already.", "A backup overwrites nothing.")
    try:
        part = Path(tempfile.mkdtemp(dir=path.absolute().parent, prefix=f".{path.name}-"))
    except OSError as error:
        raise UsageError(f"Nothing can be written to {path}.", f"{error.strerror}.") from error
    try:
        count = _copy(connection, directory, part)
        disk.flush_tree(part)
        if check is not None:
            check(part)
        part.rename(path)
        disk.flush_names(path.absolute().parent)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull("The disk is full.", "", "Make room, then run it again.") from error
        raise ConvarchiveError("The backup failed.", f"{error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return count


def _copy(connection: sqlite3.Connection, directory: Path, part: Path) -> int:
    with database.explained():
        connection.execute("VACUUM INTO ?", (str(part / database.FILE),))
        copy = sqlite3.connect(part / database.FILE)
        try:
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            (count,) = copy.execute("SELECT count(*) FROM conversations").fetchone()
        finally:
            copy.close()
    if verdict != "ok":
        raise ConvarchiveError("The copy of the database is damaged.", f"SQLite says: {verdict}.")
    (part / database.FILE).chmod(0o600)
    for name in (SETTINGS, "checkpoints", RECORDINGS):
        source = directory / name
        if source.is_dir():
            shutil.copytree(source, part / name, ignore=shutil.ignore_patterns(".part-*"))
        elif source.exists():
            shutil.copy2(source, part / name)
    return int(count)
