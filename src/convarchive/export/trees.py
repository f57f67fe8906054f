"""The two places where a format of many files can put them: a directory, a ``.zip``.

Both come out the same for the same files: the ZIP has no clock (every entry is of 1 January 1980,
the earliest that the format knows), no owner and no system in it, and its entries are in the order
in which they were added. Files are for their owner only.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, BinaryIO, Final, Self

_UNIX: Final = 3
_PRIVATE_FILE: Final = 0o100600 << 16

_COMPRESSED: Final = (".mp3", ".m4a", ".ogg", ".webm", ".flac")
"""Sound that would come out of another compression as large as before, and late."""


class Folder:
    """A directory that exists and is empty; ``bytes`` counts what was written."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.bytes = 0

    def add(self, name: str, data: bytes) -> None:
        """Write one file."""
        with self._new(name) as out:
            out.write(data)
        self.bytes += len(data)

    def copy(self, name: str, source: BinaryIO) -> None:
        """The same from another file, a piece at a time."""
        with self.open(name) as out:
            shutil.copyfileobj(source, out)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The same, to be written in the block."""
        with self._new(name) as out:
            yield out
            self.bytes += out.tell()

    def _new(self, name: str) -> BinaryIO:
        path = self._root / name
        if "/" in name:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(path, "xb", opener=_private)


class Zip:
    """A ZIP archive on an open file, complete when the block ends; the file stays open.

    It is larger than 4 GB or 65,535 files where it must be (ZIP64). The directory of it is held
    until the end, about 600 bytes a file; the contents are not.

    Args:
        out: The open file.
        root: What every name begins with: empty, or a directory with its ``/``.
    """

    def __init__(self, out: IO[bytes], root: str = "") -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        self._root = root

    def add(self, name: str, data: bytes) -> None:
        """Write one entry."""
        self._zip.writestr(self._entry(name), data)

    def copy(self, name: str, source: BinaryIO) -> None:
        """The same from a file, a piece at a time."""
        with self.open(name) as out:
            shutil.copyfileobj(source, out)

    def open(self, name: str) -> IO[bytes]:
        """The same, to be written in the block."""
        return self._zip.open(self._entry(name), "w", force_zip64=True)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        # By this names are looked up, which nobody does; it is a fifth of what a file takes.
        self._zip.NameToInfo.clear()
        return _entry(self._root + name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        with suppress(OSError) if failed else nullcontext():  # the first failure is the one to tell
            self._zip.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    stored = name.lower().endswith(_COMPRESSED)
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _PRIVATE_FILE
    return entry
