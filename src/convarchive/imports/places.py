"""Where files are: a directory on the disk, or a ZIP archive; both look alike from here.

Nothing is unpacked to the disk. A name in a ZIP is only ever a name, so one that leads out of it
leads nowhere. Whatever is no plain file (a pipe, a device, a loop of links) is said and not opened.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from convarchive.errors import Unreadable
from convarchive.imports.stream import FAILURES, swells

_ZIPS: Final = (b"PK\x03\x04", b"PK\x05\x06")


class Place(Protocol):
    """Files by their paths, with ``/`` between the parts."""

    name: str
    """As people know it."""
    strays: tuple[str, ...]
    """Names that are no path within it."""

    def children(self, directory: str) -> tuple[list[str], list[str]]:
        """The names of the files and of the directories there, sorted; none if there is none.

        Raises:
            Unreadable: It can't be looked into.
        """

    def is_new(self, directory: str) -> bool:
        """Whether it is asked for the first time; links can make a circle."""

    def size(self, path: str) -> int:
        """Bytes that a file takes."""

    def open(self, path: str) -> BinaryIO:
        """A file, to be closed by the caller.

        Raises:
            Unreadable: It can't be read.
        """


class Disk:
    """What is below a directory. Links are followed."""

    strays: tuple[str, ...] = ()

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._root = root
        self._seen: set[tuple[int, int]] = set()

    def children(self, directory: str) -> tuple[list[str], list[str]]:
        """The names of the files and of the directories there."""
        path = self._root / directory
        try:
            with os.scandir(path) as entries:
                named = sorted((entry.name, entry.is_dir()) for entry in entries)
        except (FileNotFoundError, NotADirectoryError):
            return [], []
        except OSError as error:
            raise Unreadable(f"It cannot be looked into: {error.strerror}.") from error
        files = [name for name, is_directory in named if not is_directory]
        return files, [name for name, is_directory in named if is_directory]

    def is_new(self, directory: str) -> bool:
        """Whether it is asked for the first time, be it by another name."""
        found = (self._root / directory).stat()
        identity = (found.st_dev, found.st_ino)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True

    def size(self, path: str) -> int:
        """Bytes that a file takes."""
        return (self._root / path).stat().st_size

    def open(self, path: str) -> BinaryIO:
        """A file."""
        try:
            if not stat.S_ISREG((self._root / path).stat().st_mode):
                raise Unreadable("It is no file, but a pipe, a socket or a device.")
            return (self._root / path).open("rb")
        except OSError as error:
            raise Unreadable(f"It cannot be read: {error.strerror}.") from error


class Zipped:
    """What is in a ZIP archive.

    Args:
        file: The archive, opened; it is closed by the caller.
        name: Of the archive.

    Raises:
        Unreadable: It is none, or swells beyond all measure.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        try:
            self._zip = zipfile.ZipFile(file)
        except (ValueError, *FAILURES) as error:
            raise Unreadable("It is a ZIP archive that cannot be read.", f"{error}.") from error
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        if swells(sum(info.file_size for info in infos), file.seek(0, os.SEEK_END)):
            raise Unreadable(
                "It is a ZIP archive that would grow beyond all measure.", "",
                "If you trust it, unpack it yourself and import the directory.",
            )  # fmt: skip
        self._infos = {info.filename: info for info in infos}
        self._tree: dict[str, tuple[set[str], set[str]]] = {}
        self.strays = tuple(path for path in self._infos if not self._add(path.split("/")))

    def children(self, directory: str) -> tuple[list[str], list[str]]:
        """The names of the files and of the directories there."""
        files, directories = self._tree.get(directory, ((), ()))
        return sorted(files), sorted(directories)

    def is_new(self, directory: str) -> bool:  # noqa: ARG002
        """There are no links in it."""
        return True

    def size(self, path: str) -> int:
        """Bytes that a file takes in the archive."""
        return self._infos[path].compress_size

    def open(self, path: str) -> BinaryIO:
        """A file."""
        if path not in self._infos:
            raise Unreadable("It is not there.")
        try:
            return self._zip.open(self._infos[path])  # type: ignore[return-value]
        except FAILURES as error:
            raise Unreadable("It cannot be taken out of its ZIP archive.", f"{error}.") from error

    def _add(self, parts: list[str]) -> bool:
        """Enter a path into the tree; not one that leads out of it."""
        if not {"", ".", ".."}.isdisjoint(parts):
            return False
        for depth in range(len(parts)):
            above = "/".join(parts[:depth])
            files, directories = self._tree.setdefault(above, (set(), set()))
            (files if depth == len(parts) - 1 else directories).add(parts[depth])
        return True


def is_zip(head: bytes) -> bool:
    """Whether a file that begins so is a ZIP archive."""
    return head.startswith(_ZIPS)


def below(place: Place, directory: str, depth: int = 8) -> Iterator[str]:
    """The paths of all files below a directory, down to so many directories within each other."""
    files, directories = place.children(directory)
    yield from (joined(directory, name) for name in files)
    for name in directories if depth else ():
        yield from below(place, joined(directory, name), depth - 1)


def joined(directory: str, name: str) -> str:
    """A path within a place."""
    return f"{directory}/{name}" if directory else name
