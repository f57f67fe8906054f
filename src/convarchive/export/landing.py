"""All or nothing: an export is under its name when it is whole, and nowhere before.

It is written beside its place under a hidden name (``.convarchive-….part``), brought to the disk
and then renamed. Whatever happens on the way, an interrupt included, what was written so far is
removed and what stood at the place still stands. Only a kill or lost power leaves a ``.part``
behind, which can be deleted. To replace a directory takes two renames; if the second fails, the
first is undone; if the power fails just between them, the old one stands as ``.convarchive-….old``.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from convarchive import disk
from convarchive.errors import ConvarchiveError, DiskFull, PathExists, UsageError
from convarchive.export.encoding import SCHEMA
from convarchive.export.listing import MANIFEST

_PREFIX: Final = ".convarchive-"
_PART: Final = ".part"
_BUFFER: Final = 1 << 17

_OF_AN_ARCHIVE: Final = ("convarchive.toml", "archive.db")
_OURS: Final = b'{"schema":"%s"' % SCHEMA.encode()
_NO_ROOM: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file to write, which lands at ``path`` when the block ends without an error.

    Links are followed. A device or a named pipe is written to as it is.

    Raises:
        UsageError: The path is a directory, or is in none.
        PathExists: There is something at the path, and either it is a part of an archive or
            ``force`` is not given.
    """
    target = _resolved(path)
    _check_file(path, target, force)
    if target.exists() and not target.is_file():
        with target.open("wb") as out:
            yield out
        return
    descriptor, name = tempfile.mkstemp(_PART, _PREFIX, target.parent)
    part = Path(name)
    try:
        with open(descriptor, "wb", _BUFFER) as out:  # noqa: PTH123 - it is a descriptor
            yield out
            out.flush()
            os.fsync(descriptor)
        _check_file(path, target, force)
        part.replace(target)
        disk.flush_names(target.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_directory(path: Path, *, force: bool) -> Iterator[Path]:
    """An empty directory to fill, which lands at ``path`` when the block ends without an error.

    Raises:
        UsageError: The path is a file, or is in no directory.
        PathExists: There is something at the path, and either it is no export or ``force`` is not
            given.
    """
    target = _resolved(path)
    _check_directory(path, target, force)
    part = Path(tempfile.mkdtemp(_PART, _PREFIX, target.parent))
    try:
        yield part
        disk.flush_tree(part)
        _check_directory(path, target, force)
        _swap(part, target)
    finally:
        if part.exists():
            shutil.rmtree(part)


@contextmanager
def failures_told(place: str) -> Iterator[None]:
    """Errors of the file system as errors for people; a closed pipe stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(
                f"No room is left to write {place}.", "", "Free some space and run it again."
            ) from error
        raise ConvarchiveError(
            f"Cannot write {place}.", f"The system says: {error.strerror or error}."
        ) from error


def _resolved(path: Path) -> Path:
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise UsageError(
            f"Cannot write {path}.",
            f"There is no directory {target.parent}.",
            "Create it first, or name another path.",
        )
    return target


def _check_file(path: Path, target: Path, force: bool) -> None:
    if target.is_dir():
        raise UsageError(
            f"{path} is a directory.", "This format writes one file.", "Name a file in it."
        )
    if not target.is_file():
        return
    if target.name in _OF_AN_ARCHIVE:
        raise PathExists(f"{path} is a part of an archive.", "", "Name another path.")
    if not force:
        raise PathExists(f"{path} exists already.", "", "Use --force to replace it.")


def _check_directory(path: Path, target: Path, force: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(
            f"{path} is a file.",
            "This format writes a directory, or a ZIP archive where the name ends in .zip.",
            "Name another path.",
        )
    if not force:
        raise PathExists(f"{path} exists already.", "", "Use --force to replace it.")
    if not _may_go(target):
        raise PathExists(
            f"{path} is not replaced.",
            "It is not empty, and not an export that this program wrote.",
            "Name another path, or remove it yourself.",
        )


def _may_go(directory: Path) -> bool:
    """Whether it is empty, or an export, known by how its manifest begins, without an archive."""
    if not any(directory.iterdir()):
        return True
    if not (directory / MANIFEST).is_file():
        return False
    with (directory / MANIFEST).open("rb") as manifest:
        ours = manifest.read(len(_OURS)) == _OURS
    return ours and not any(path.name in _OF_AN_ARCHIVE for path in directory.rglob("*"))


def _swap(part: Path, target: Path) -> None:
    aside = part.with_suffix(".old")
    try:
        if target.exists():
            target.rename(aside)
        part.rename(target)
        disk.flush_names(target.parent)
    finally:
        if aside.exists() and target.exists():
            shutil.rmtree(aside)
        elif aside.exists():
            aside.rename(target)
