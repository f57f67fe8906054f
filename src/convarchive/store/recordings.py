"""Where sound lives: ``recordings/3f/3f9a….wav``, named by the SHA-256 of the bytes.

A file is written under a temporary name, hashed on the way, flushed to the disk and only then
renamed, so what has its final name is whole. The same bytes are stored once, however many
conversations have them. The row comes after the file and its name are flushed: a crash between
leaves a file that the next run finds again.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from convarchive import disk
from convarchive.store import evidence, unindexed

DIRECTORY = "recordings"

_SUFFIXES = {
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/webm": ".webm",
    "audio/flac": ".flac",
}


_COLUMNS = "key, c.source, id, status, started_at, deleted_at_source"

LACKING = f"""(
    SELECT {_COLUMNS} FROM conversations AS c WHERE offers_recording AND recording_sha256 IS NULL
    UNION ALL
    SELECT {_COLUMNS} FROM recordings CROSS JOIN conversations AS c ON recording_sha256 = sha256
    WHERE NOT stored AND offers_recording)"""
"""SQL for the conversations whose sound the vendor offers and the archive has not: a table with
some of their columns. An import can bring a recording's SHA-256 without its sound."""


class Sound(NamedTuple):
    """A recording that is on the disk."""

    sha256: str
    bytes: int
    media_type: str | None


def path_of(directory: Path, sha256: str, media_type: str | None) -> Path:
    """Where a recording of this archive is."""
    suffix = _SUFFIXES.get(media_type or "", ".bin")
    return directory / DIRECTORY / sha256[:2] / (sha256 + suffix)


def locate(connection: sqlite3.Connection, directory: Path, sha256: str) -> Path | None:
    """The file of a recording that the archive knows; None where it is not on the disk."""
    found = connection.execute(
        "SELECT media_type FROM recordings WHERE sha256 = ?", (sha256,)
    ).fetchone()
    path = path_of(directory, sha256, found[0]) if found else None
    return path if path and path.is_file() else None


def write(directory: Path, chunks: Iterable[bytes], media_type: str | None) -> Sound:
    """Write a recording to the disk, durably.

    Raises:
        OSError: No room, or no permission; nothing is left behind.
    """
    folder = directory / DIRECTORY
    folder.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=disk.PART)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        path = path_of(directory, digest.hexdigest(), media_type)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    # Each time all of them: one that is there already may be as new, by another thread or by a run
    # that was killed before it came this far.
    for made in (path.parent, folder, directory):
        disk.flush_names(made)
    return Sound(digest.hexdigest(), size, media_type)


def sweep(directory: Path) -> None:
    """Remove what a killed run has left half written; only for whoever holds the writer lock."""
    disk.sweep(directory / DIRECTORY)


def attach(connection: sqlite3.Connection, key: int, sound: Sound, at: str) -> None:
    """The conversation has this recording; what it had before stays known and stored."""
    before = connection.execute(
        "SELECT stored, fetched_at, ledger FROM recordings WHERE sha256 = ?", (sound.sha256,)
    ).fetchone()
    if before is None:
        _add(connection, sound, at, stored=True)
    elif not before[0]:
        content = evidence.sound_content(*sound, before[1], True)
        position, salt = evidence.commit_sound(connection, content, at, replaces=before[2])
        connection.execute(
            "UPDATE recordings SET stored = TRUE, bytes = ?, media_type = ?, ledger = ?, salt = ?"
            " WHERE sha256 = ?",
            (sound.bytes, sound.media_type, position, salt, sound.sha256),
        )
    _link(connection, key, sound, at)


def know(connection: sqlite3.Connection, key: int, sound: Sound, at: str) -> None:
    """The conversation has a recording of this SHA-256; its sound may not be here."""
    if known(connection, sound.sha256) is None:
        _add(connection, sound, at, stored=False)
    _link(connection, key, sound, at)


def known(connection: sqlite3.Connection, sha256: str) -> Sound | None:
    """The recording of this SHA-256 if some conversation has it, be its sound here or not."""
    found = connection.execute(
        "SELECT sha256, bytes, media_type FROM recordings WHERE sha256 = ?", (sha256,)
    ).fetchone()
    return Sound(*found) if found else None


def is_stored(connection: sqlite3.Connection, sha256: str) -> bool:
    """Whether it is written down that the sound of this recording is here."""
    found = connection.execute("SELECT stored FROM recordings WHERE sha256 = ?", (sha256,))
    return bool((found.fetchone() or (0,))[0])


def _add(connection: sqlite3.Connection, sound: Sound, at: str, *, stored: bool) -> None:
    content = evidence.sound_content(*sound, at, stored)
    position, salt = evidence.commit_sound(connection, content, at)
    connection.execute(
        "INSERT INTO recordings (sha256, bytes, media_type, fetched_at, stored, ledger, salt)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*sound, at, stored, position, salt),
    )


def _link(connection: sqlite3.Connection, key: int, sound: Sound, at: str) -> None:
    """The conversation has this recording from now on; an entry of the ledger says so."""
    has = connection.execute(
        "SELECT recording_sha256, l.received_at, l.ledger, l.salt FROM conversations"
        " LEFT JOIN conversation_recordings AS l ON l.conversation = key AND l.sha256 = ?"
        " WHERE key = ?",
        (sound.sha256, key),
    ).fetchone()
    has_now, since, replaces, salt = has
    if has_now != sound.sha256 or since is None:
        content = evidence.recording_content(key, sound.sha256, since or at)
        position, salt = evidence.commit_recording(connection, content, at, replaces, salt)
        connection.execute(
            "INSERT INTO conversation_recordings VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET ledger = excluded.ledger, salt = excluded.salt",
            (key, sound.sha256, since or at, position, salt),
        )
    connection.execute(
        "UPDATE conversations SET recording_sha256 = ? WHERE key = ?", (sound.sha256, key)
    )
    unindexed.add(connection, key)


def missing(
    connection: sqlite3.Connection, source: str, among: Sequence[int] | None = None
) -> list[tuple[int, str]]:
    """Key and id of the conversations whose recording is still to be fetched.

    A call in progress is not among them: its recording is still growing.

    Args:
        connection: To the archive's database.
        source: The name of the source.
        among: Only of these keys; None for all.
    """
    only = "" if among is None else f" AND key IN ({', '.join('?' * len(among))})"
    return connection.execute(
        f"SELECT key, id FROM {LACKING} WHERE source = ?"
        f" AND status != 'in_progress' AND deleted_at_source IS NULL{only}"
        " ORDER BY rtrim(started_at, 'Z'), id",
        (source, *(among or ())),
    ).fetchall()
