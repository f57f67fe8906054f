"""One writer at a time, and whoever is refused learns who the other one is.

The lock itself is the operating system's, so it is gone with the process however that ends; what
the file says (pid, command, start) is only for people.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from convarchive.errors import ArchiveBusy

BRIEF = "noting an access"
"""The command of whoever holds the lock for a moment only, as each reader may: others wait."""

_PATIENCE = 5.0  # seconds


@contextlib.contextmanager
def writer_lock(directory: Path, command: str) -> Iterator[None]:
    """Hold the archive for writing, on behalf of ``command``.

    Raises:
        ArchiveBusy: another process holds it; the message names its pid, command and start.
    """
    from filelock import FileLock, Timeout

    # The words live beside the lock: on Windows a locked file cannot be read by others.
    lock = FileLock(directory / "writer.lock", timeout=0, mode=0o600)
    holder = directory / "writer.txt"
    try:
        try:
            lock.acquire()
        except Timeout:
            if not _is_brief(holder):
                raise
            lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise ArchiveBusy(
            f"Another process is writing to {directory}.",
            _who(holder),
            "Wait until it is done, then run this again.",
        ) from None
    try:
        _sign(holder, command)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _sign(holder: Path, command: str) -> None:
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    descriptor = os.open(holder, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"pid {os.getpid()}, {command}, since {started}\n")


def _is_brief(holder: Path) -> bool:
    """Whether who holds the lock soon lets go; who says nothing just came, or is about to go."""
    try:
        return BRIEF in holder.read_text(encoding="utf-8")
    except OSError as error:
        return isinstance(error, FileNotFoundError)


def _who(holder: Path) -> str:
    try:
        return f"It is {holder.read_text(encoding='utf-8').strip()}."
    except OSError:
        return "It has not said who it is."
