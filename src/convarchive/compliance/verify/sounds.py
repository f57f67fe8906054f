"""Recordings: whether each file is there, and its bytes are those that it is named by."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from convarchive.compliance.verify import opening
from convarchive.compliance.verify.damage import Damage, damage
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import name_of, printable
from convarchive.errors import ArchiveError
from convarchive.store import recordings

if TYPE_CHECKING:
    from convarchive.compliance.verify.contents import Wanted


class Heard(NamedTuple):
    """What the recordings of some conversations came to."""

    damage: list[tuple[int, Damage]]
    """With the conversation."""
    files: int
    bytes: int


def of(connection: sqlite3.Connection, directory: Path, keys: str, wanted: Wanted) -> Heard:
    """Look at the recordings of some conversations.

    Args:
        connection: To the archive's database.
        directory: The archive's.
        keys: Of the conversations, as SQL: ``IN (1,2,3)``.
        wanted: How thoroughly.
    """
    first = (
        "" if wanted.shared else
        " AND l.conversation = (SELECT min(conversation) FROM conversation_recordings AS o"
        " WHERE o.sha256 = l.sha256)"
    )  # fmt: skip
    many = size = 0
    found = []
    for key, digest, length, media_type in connection.execute(
        "SELECT l.conversation, r.sha256, r.bytes, r.media_type FROM conversation_recordings AS l"
        f" JOIN recordings AS r ON r.sha256 = l.sha256 WHERE l.conversation {keys} AND stored"
        f"{first}"
    ):
        many += 1
        kind, what = _listen(directory, digest, length, media_type, wanted)
        size += length if wanted.sound and not kind else 0
        if kind:
            where = f"{name_of(connection, key)} recording {printable(digest)}"
            found.append((digest, (key, damage(kind, where, what))))
    there = _still_there(directory, [digest for digest, _ in found])
    return Heard([told for digest, told in found if digest in there], many, size)


def unlinked(
    connection: sqlite3.Connection, directory: Path, report: Report, wanted: Wanted
) -> None:
    """The recordings that no conversation has; `of` does not come by them."""
    for digest, length, media_type in connection.execute(
        "SELECT sha256, bytes, media_type FROM recordings AS r WHERE stored AND NOT EXISTS"
        " (SELECT 1 FROM conversation_recordings AS l WHERE l.sha256 = r.sha256)"
    ):
        kind, what = _listen(directory, digest, length, media_type, wanted)
        if kind and _still_there(directory, [digest]):
            report.add(kind, f"recording {printable(digest)}", what)


def strange(connection: sqlite3.Connection, directory: Path, report: Report) -> None:
    """Note files that no row knows."""
    folder = directory / recordings.DIRECTORY
    many, named = 0, ""
    for path in _files(folder):
        row = connection.execute(
            "SELECT media_type FROM recordings WHERE sha256 = ? AND stored", (path.stem,)
        ).fetchone()
        if row is None or recordings.path_of(directory, path.stem, row[0]) != path:
            many += 1
            named = named or path.relative_to(directory).as_posix()
    if many:
        more = f" and {many - 1:,} more" if many > 1 else ""
        report.note(
            f"No conversation has the file {named}{more};"
            " a sync that is under way, or was killed, leaves such."
        )


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for below in folder.iterdir():
        yield from below.iterdir() if below.is_dir() else [below]


def _still_there(directory: Path, digests: Sequence[Any]) -> set[Any]:
    """Those of these recordings that the archive has by now: their rows were read before their
    files, and an erasure that is under way takes both. Where that can't be known, all of them."""
    if not digests:
        return set()
    try:
        # What is read on the other connection is of the moment at which that began.
        with contextlib.closing(opening.connect(directory)) as connection:
            return {
                digest
                for digest in digests
                if connection.execute(
                    "SELECT 1 FROM recordings WHERE sha256 = ? AND stored", (digest,)
                ).fetchone()
            }
    except (sqlite3.DatabaseError, ArchiveError):
        return set(digests)


def _listen(
    directory: Path, digest: Any, length: Any, media_type: Any, wanted: Wanted
) -> tuple[str, str]:
    """What is wrong with a file, and a sentence of it; empty if nothing is."""
    path = recordings.path_of(directory, printable(digest), media_type)
    shown = path.relative_to(directory).as_posix()
    try:
        size = path.stat().st_size
        if size != length:
            return "recording_damaged", f"{shown} has {size:,} bytes, and should have {length}."
        if wanted.sound:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    return "recording_damaged", f"The SHA-256 of {shown} is not its name."
    except FileNotFoundError:
        return "recording_missing", f"There is no {shown}."
    except (OSError, ValueError) as error:
        return "recording_damaged", f"{shown} can't be read: {error}."
    return "", ""
