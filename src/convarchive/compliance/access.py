"""The access log: who searched, read and handed over what, and when. No content is in it.

What is handed over is always written down, everything else where the settings say
``access_log = true``. It is written down before anything is shown.

A reader must not write to the database while another process does. So an access first becomes a
file of its own in ``access/``, durably, and then a row and an entry of the ledger: at once, if
nobody else is writing, else when the next one who writes begins. A file has a random token, of
which there is one row, so that nothing is written down twice, whatever is killed when.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from convarchive import disk, settings
from convarchive.compliance import HANDED_OVER, who
from convarchive.errors import ConvarchiveError
from convarchive.opened import Opened
from convarchive.store import accesses, clock
from convarchive.store.accesses import Access
from convarchive.store.database import transaction
from convarchive.store.lock import BRIEF
from convarchive.store.mentions import mentions

DIRECTORY = "access"
"""Within an archive: what waits to be written into the ledger."""

_BATCH = 100
_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6}Z-\d+-[0-9a-f]{16})\.json")
_ABANDONED = 3600.0
"""Seconds after which nobody is writing on a file any more."""


def note(
    opened: Opened, action: str, query: str | None, *, conversations: int, form: str | None = None
) -> bool:
    """Write down an access; see `convarchive.keeping.Keeping.note_access`."""
    wanted = settings.access_log(opened.directory)
    if not wanted and action not in HANDED_OVER:
        return True
    now = datetime.now(UTC)
    token = f"{now:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}-{secrets.token_hex(8)}"
    access = Access(
        clock.text(now), action, _encoded(who.user()), _encoded(who.host()),
        None if query is None else _encoded(query), form, conversations, token,
    )  # fmt: skip
    try:
        _spool(opened.directory, access)
    except OSError as error:
        if not wanted:
            return False
        raise ConvarchiveError(
            "This access cannot be logged, so nothing is shown.",
            f"{opened.directory / DIRECTORY}: {error.strerror}.",
            "The settings say access_log = true: let that directory be written to.",
        ) from error
    # It is written down. Whether it is in the ledger now or after the next sync is all the same.
    _try_to_write(opened)
    return True


def settle(opened: Opened) -> int:
    """Write what waits into the ledger, if nobody else is writing; how many accesses wait on."""
    if _files(opened.directory):
        _try_to_write(opened)
    return len(_files(opened.directory))


def take_in(connection: sqlite3.Connection, directory: Path) -> int:
    """Write what waits into the ledger; how many accesses that were.

    A file that can't be understood stays where it is.

    Args:
        connection: To the archive's database, for writing, outside of a transaction.
        directory: Of the archive.
    """
    many = 0
    files = _files(directory)
    for start in range(0, len(files), _BATCH):
        batch = [(path, _read(path)) for path in files[start : start + _BATCH]]
        read = [(path, access) for path, access in batch if access is not None]
        with transaction(connection):
            for _, access in read:
                handed_over = access.action in HANDED_OVER
                many += accesses.add(connection, access, handed_over=handed_over)
        for path, _ in read:
            path.unlink(missing_ok=True)
    return many


def forget(connection: sqlite3.Connection, directory: Path, texts: Iterable[str]) -> int:
    """Take the query out of all accesses that have any of these texts in it, such as a phone
    number, also of those that wait; how many these are.

    Args:
        connection: To the archive's database, for writing, outside of a transaction.
        directory: Of the archive.
        texts: What somebody could be known by; see `convarchive.store.mentions`.
    """
    texts = list(texts)
    take_in(connection, directory)
    named = mentions(texts)
    with contextlib.suppress(FileNotFoundError):
        # Those that can't be understood, and what killed processes have left half written. Whoever
        # is writing one at this moment is told that it can't be logged, and shows nothing.
        for path in (directory / DIRECTORY).iterdir():
            with contextlib.suppress(OSError):
                if named((path.read_text("utf-8", errors="replace"),)):
                    path.unlink()
    with transaction(connection):
        return accesses.forget(connection, texts)


def _try_to_write(opened: Opened) -> None:
    """Write what waits, unless somebody else is writing; nothing else that may be owed, which could
    take its time."""
    with (
        contextlib.suppress(ConvarchiveError, OSError),
        Opened.writing(opened, BRIEF) as connection,
    ):
        take_in(connection, opened.directory)


def _spool(directory: Path, access: Access) -> None:
    """Let an access wait in a file of its own, which survives a power cut."""
    place = directory / DIRECTORY
    if not place.is_dir():
        place.mkdir(mode=0o700, exist_ok=True)
        disk.flush_names(directory)
    fields = access._asdict()
    del fields["token"]
    part = place / f".{access.token}.part"
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(fields, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        part.rename(place / f"{access.token}.json")
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    disk.flush_names(place)


def _files(directory: Path) -> list[Path]:
    """What waits, in the order of time. What a killed process left half written goes away: its
    access never came to be."""
    try:
        found = sorted((directory / DIRECTORY).iterdir())
    except OSError:
        return []
    for path in found:
        if path.suffix == ".part":
            _remove_abandoned(path)
    return [path for path in found if path.suffix == ".json"]


def _remove_abandoned(path: Path) -> None:
    with contextlib.suppress(OSError):
        if datetime.now(UTC).timestamp() - path.stat().st_mtime > _ABANDONED:
            path.unlink()


def _read(path: Path) -> Access | None:
    """The access in a file; None where it can't be understood."""
    named = _NAME.fullmatch(path.name)
    try:
        fields = json.loads(path.read_text("utf-8"))
        if named is None or not isinstance(fields, dict):
            return None
        access = Access(**fields, token=named[1])
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return access if all(_fits(access)) else None


def _fits(access: Access) -> Iterator[bool]:
    """Whether each field is what it should be."""
    yield type(access.conversations) is int and 0 <= access.conversations < 2**62
    yield isinstance(access.at, str) and _is_time(access.at)
    for name, value in access._asdict().items():
        if name != "conversations":
            missing = value is None and name in ("query", "format")
            yield missing or (isinstance(value, str) and value == _encoded(value))


def _is_time(text: str) -> bool:
    """Whether it is a time as `clock.text` writes it; whatever shows the log reads it."""
    try:
        return clock.text(datetime.fromisoformat(text)) == text
    except (ValueError, OverflowError):
        return False


def _encoded(text: str) -> str:
    """As it is, but for bytes of a command line that were no UTF-8: no database takes those."""
    return text.encode("utf-8", "backslashreplace").decode()
