"""Destroying conversations: the one way in which anything in an archive is destroyed.

One transaction deletes the rows and leaves tombstones, and with it the run is written down as
unfinished. Then, and again by the next command that writes if this one was interrupted:

1. the files of recordings that nobody else has are removed;
2. the search index is made anew: the engine keeps deleted documents in its segments;
3. the database is written anew (``VACUUM``), though SQLite overwrites what it deletes, and its
   write-ahead log, which holds pages from before, is emptied;
4. the certificate is written, and the run is finished.

Killed before the transaction has ended, everything is as it was. What the disk itself keeps of
overwritten blocks, and what backups hold, is beyond this program.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from convarchive import disk
from convarchive.compliance import access, certificate
from convarchive.compliance.mentions import Mentions, digits, identifies, writings
from convarchive.errors import ConvarchiveError, DiskFull, Unfinished, UsageError
from convarchive.store import accesses, clock, holds, recordings, removal, tombstones
from convarchive.store.database import FILE, explained, transaction
from convarchive.store.naming import SHORTEST_PREFIX
from convarchive.store.tombstones import Disposal, Tombstone

_PATIENCE = 2_000
"""Milliseconds to wait for readers to let go of the write-ahead log."""

_SHA256 = re.compile("[0-9a-f]{64}")

_HINT = "The next command that writes to the archive goes on with it: convarchive retention apply"


class Order(NamedTuple):
    """What is to be destroyed, and why."""

    kind: str
    """`tombstones.ERASURE` or `tombstones.DISPOSAL`."""
    doomed: Sequence[tuple[int, str | None]]
    """Keys of conversations, each with the class of retention by which it is due."""
    by: str
    reason: str
    rules: Mapping[str, Any] = {}
    """Kept as JSON. No data of persons: it is kept for good."""
    numbers: Sequence[str] = ()
    """Callers of whom nothing is to stay, beside those whom no other conversation has."""


class Destroyed(NamedTuple):
    """What was destroyed."""

    disposal: int
    conversations: int
    recordings: int
    bytes: int
    certificate: Path
    remains: tuple[str, ...] = ()
    """Where something that is not the archive's to change mentions it still, in words."""


def destroy(connection: sqlite3.Connection, directory: Path, order: Order) -> Destroyed:
    """Destroy conversations, whoever they are; what protects them is the caller's to look at.

    Args:
        connection: To the archive's database, for writing; nobody else writes.
        directory: Of the archive.
        order: What to destroy.

    Raises:
        Unfinished: The rows are gone; files may still hold something.
        DiskFull: No room; nothing was destroyed.
    """
    # Killed right behind the deletion, the next command would not know what to take out of those.
    access.take_in(connection, directory)
    with transaction(connection):
        row, mentions, texts = _delete(connection, order)
    with _owed():
        access.forget(connection, directory, texts)  # somebody may have searched meanwhile
    finish(connection, directory)
    return Destroyed(
        row.disposal, row.conversations, row.recordings, row.bytes,
        certificate.path(directory, row.disposal, ".json"),
        tuple(_remains(connection, directory, mentions)),
    )  # fmt: skip


def finish(connection: sqlite3.Connection, directory: Path) -> None:
    """Bring to its end what was destroyed and may still be on the disk; usually nothing.

    Raises:
        Unfinished: It can't be brought to its end now.
    """
    from convarchive.compliance import around

    runs = tombstones.unfinished(connection)
    if not runs:
        return
    with _owed():
        _remove_recordings(connection, directory)
        _make_index(connection, directory)
        _write_anew(connection, directory)
        around.sign(connection, directory)  # so that certificates can name a checkpoint
        for number in runs:
            certificate.write(connection, directory, number)
        with transaction(connection):
            for number in runs:
                tombstones.finish(connection, number, clock.now())


def try_to_finish(connection: sqlite3.Connection, directory: Path) -> None:
    """The same for commands that want something else: they go on, even if it can't be done now.

    A mirror that stops since a disk is too full to write a database anew would lose what the
    vendor deletes meanwhile.
    """
    with contextlib.suppress(Unfinished):
        finish(connection, directory)


def checked(what: str, text: str) -> str:
    """A text that is kept for good.

    Raises:
        UsageError: It has characters that nobody can see, or that no database takes.
    """
    if not text.replace("\n", " ").isprintable():
        raise UsageError(f"The {what} has characters that cannot be shown.")
    return text


def _delete(connection: sqlite3.Connection, order: Order) -> tuple[Disposal, Mentions, list[str]]:
    """Delete the rows and write down that they were; within a transaction.

    Returns:
        The run, what finds its conversations and callers, and the ways in which they are written.
    """
    rules = dict(order.doomed)
    doomed = removal.named(connection, rules)
    keys = [each.key for each in doomed]
    sounds = removal.sounds(connection, keys)
    entries = removal.entries(connection, keys, sounds)
    numbers = _dying(connection, order, doomed)
    row = Disposal(
        disposal=_next(connection),
        kind=order.kind,
        at=clock.now(),
        by=order.by,
        reason=order.reason,
        rules=json.dumps(order.rules, sort_keys=True),
        conversations=len(doomed),
        recordings=len(sounds),
        bytes=removal.payload_bytes(connection, keys) + sum(sound.bytes for sound in sounds),
    )
    removal.delete(connection, doomed, sounds)
    ids = [each.id for each in doomed]
    mentions = Mentions(ids, numbers)
    removal.delete_problems(connection, mentions.within)
    # A short id, as imported files have, is in all kinds of words.
    names = [e.id if len(e.id) >= SHORTEST_PREFIX else f"{e.source}/{e.id}" for e in doomed]
    texts = [*names, *writings(numbers)]
    holds.forget(connection, texts)
    accesses.forget(connection, texts)
    tombstones.begin(connection, row)
    _bury(connection, row, doomed, rules, entries)
    connection.executemany(
        "INSERT OR IGNORE INTO doomed_recordings VALUES (?, ?, ?)",
        ((sound.sha256, sound.media_type, row.disposal) for sound in sounds),
    )
    return row, mentions, texts


def _bury(
    connection: sqlite3.Connection,
    row: Disposal,
    doomed: Iterable[removal.Named],
    rules: Mapping[int, str | None],
    entries: Mapping[int, Sequence[int]],
) -> None:
    key = tombstones.erasure_key(connection)
    for each in doomed:
        stone = Tombstone(
            conversation=each.key,
            disposal=row.disposal,
            source=each.source,
            id_hash=tombstones.id_hash(key, each.source, each.id),
            month=each.started_at[:7] if each.started_at else None,
            rule=rules[each.key],
        )
        tombstones.bury(connection, row.kind, row.at, stone, entries[each.key])


def _next(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT coalesce(max(disposal), 0) FROM disposals").fetchone()
    return int(last) + 1


def _dying(
    connection: sqlite3.Connection, order: Order, doomed: Sequence[removal.Named]
) -> list[str]:
    """The callers of an erasure of whom no conversation stays.

    Rules of retention end the time of conversations, not of persons.
    """
    if order.kind != tombstones.ERASURE:
        return []
    keys = {each.key for each in doomed}
    stay = {
        digits(number) or number.casefold()
        for key, number in connection.execute(
            "SELECT key, caller_number FROM conversations WHERE caller_number IS NOT NULL"
        )
        if key not in keys
    }
    gone = [*order.numbers, *(each.caller_number for each in doomed if each.caller_number)]
    return [
        each
        for each in dict.fromkeys(gone)
        if identifies(each) and (digits(each) or each.casefold()) not in stay
    ]


def _remove_recordings(connection: sqlite3.Connection, directory: Path) -> None:
    """Remove the sound of what was destroyed, and files that no row knows: a run that was killed
    has left them, and nobody can say whose they are."""
    recordings.sweep(directory)
    touched = set()
    for path in sorted((directory / recordings.DIRECTORY).glob("*/*")):
        sha256 = path.name.partition(".")[0]
        known = connection.execute("SELECT 1 FROM recordings WHERE sha256 = ?", (sha256,))
        if _SHA256.fullmatch(sha256) and known.fetchone() is None:
            path.unlink()
            touched.add(path.parent)
    for folder in touched:
        disk.flush_names(folder)
    with transaction(connection):
        connection.execute("DELETE FROM doomed_recordings")


def _make_index(connection: sqlite3.Connection, directory: Path) -> None:
    from convarchive.index import mark, writer

    writer.build(connection, directory)
    left = [directory / f"{mark.DIRECTORY}{suffix}" for suffix in (".old", ".new")]
    if there := [path for path in left if path.exists()]:
        raise OSError(None, "the old search index can't be removed", str(there[0]))


def _write_anew(connection: sqlite3.Connection, directory: Path) -> None:
    """Write the database anew, and empty its write-ahead log."""
    path = directory / FILE
    # Once for the copy, once for the write-ahead log through which that comes back.
    free, needed = shutil.disk_usage(directory).free, 2 * path.stat().st_size
    if free < needed:
        raise Unfinished(
            "The rows are gone, but the disk has no room to write the database anew.",
            f"That takes {needed:,} bytes, and {free:,} are free.",
            f"Make room. {_HINT}",
        )
    with explained(), _temporary_files_in(connection, directory):
        connection.execute("VACUUM")
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    log = path.with_name(f"{path.name}-wal")
    if busy or (log.exists() and log.stat().st_size):
        raise Unfinished(
            "The rows are gone, but the write-ahead log can't be emptied.",
            "Another program is reading the archive's database.",
            f"Close that program. {_HINT}",
        )


@contextlib.contextmanager
def _temporary_files_in(connection: sqlite3.Connection, directory: Path) -> Iterator[None]:
    """Let SQLite copy the database beside the archive, and not to where the system has temporary
    files: all that was ever said would be on that disk, which may be smaller, and not encrypted.

    An SQLite that does not know the setting any more ignores it.
    """
    place = str(directory.absolute()).replace("'", "''")
    connection.execute(f"PRAGMA temp_store_directory = '{place}'")
    try:
        yield
    finally:
        connection.execute("PRAGMA temp_store_directory = ''")


@contextlib.contextmanager
def _owed() -> Iterator[None]:
    """Whatever goes wrong here, the rows are gone and the rest is for the next run."""
    try:
        yield
    except Unfinished:
        raise
    except DiskFull as error:
        # What it says of itself is about another command.
        raise Unfinished(
            "The rows are gone, but not all of the files.", "The disk is full.",
            f"Make room. {_HINT}",
        ) from error  # fmt: skip
    except ConvarchiveError as error:
        why = " ".join(text for text in (error.what, error.why) if text)
        raise Unfinished("The rows are gone, but not all of the files.", why, _HINT) from error
    except OSError as error:
        place = f"{os.fspath(error.filename)}: " if error.filename else ""
        why = f"{place}{error.strerror or error}."
        raise Unfinished("The rows are gone, but not all of the files.", why, _HINT) from error


def _remains(connection: sqlite3.Connection, directory: Path, mentions: Mentions) -> Iterator[str]:
    """What mentions it still, and is not ours to change."""
    from convarchive import settings

    with contextlib.suppress(OSError):
        if mentions.within((directory / settings.FILE).read_bytes()):
            yield f"{settings.FILE} mentions it: that file is yours to change."
    for number, told in connection.execute(
        'SELECT disposal, reason || char(10) || "by" || char(10) || rules FROM disposals'
    ):
        if mentions.within(told.encode("utf-8", "replace")):
            yield f"The reason of disposal {number} mentions it: a reason is kept for good."
    for hold in holds.active(connection):
        told = "\n".join(filter(None, (hold.name, hold.query, hold.reason, hold.matter)))
        if mentions.within(told.encode("utf-8", "replace")):
            yield f"The legal hold {hold.hold} mentions it: convarchive hold list"
    for (name,) in connection.execute("SELECT name FROM sources ORDER BY name").fetchall():
        if mentions.within(name.encode("utf-8", "replace")):
            yield "The name of a source mentions it: it is in the ledger for good."
