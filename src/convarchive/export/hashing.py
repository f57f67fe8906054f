"""Checksums on the way: what is written is hashed as it passes, and never read again."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self

from convarchive.export.selection import Sink, Tree

_IN_MEMORY: Final = 1_000_000
"""Bytes of a manifest in the making; a longer one goes to a temporary file."""


class Hashed:
    """Passes bytes on, counts them, and knows their checksum."""

    def __init__(self, out: Sink, algorithm: str = "sha256") -> None:
        self._out = out
        self._digest = hashlib.new(algorithm)
        self.bytes = 0

    def write(self, data: bytes, /) -> int:
        """Pass it on."""
        self._out.write(data)
        self._digest.update(data)
        self.bytes += len(data)
        return len(data)

    @property
    def hexdigest(self) -> str:
        """Of what has passed, in lower-case hexadecimal digits."""
        return self._digest.hexdigest()


def copied(source: Path, tree: Tree, name: str) -> Hashed:
    """Put a file into a tree; what came through, with its SHA-256."""
    with source.open("rb") as file, tree.open(name) as out:
        hashed = Hashed(out)
        shutil.copyfileobj(file, hashed)
    return hashed


class Listed:
    """A `Tree` that keeps a list of its files and their SHA-512, for ``sha512sum -c``."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lines = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - see __exit__
        self.files = 0
        self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()

    def add(self, name: str, data: bytes) -> None:
        """As in `Tree`."""
        with self.open(name) as out:
            out.write(data)

    def copy(self, name: str, source: BinaryIO) -> None:
        """As in `Tree`."""
        with self.open(name) as out:
            shutil.copyfileobj(source, out)

    @contextmanager
    def open(self, name: str) -> Iterator[Hashed]:
        """As in `Tree`."""
        with self._tree.open(name) as file:
            out = Hashed(file, "sha512")
            yield out
        # As coreutils write it. Our names have none of the characters that would need an escape.
        self._lines.write(f"{out.hexdigest}  {name}\n".encode())
        self.files += 1
        self.bytes += out.bytes

    def list_in(self, tree: Tree, name: str) -> None:
        """Write the list of the files so far into a tree, which may be this one's."""
        self._lines.seek(0)
        tree.copy(name, self._lines)  # type: ignore[arg-type]  # it has what is needed: read


class Below:
    """A directory of a `Tree`, as a tree of its own."""

    def __init__(self, tree: Tree, directory: str) -> None:
        self._tree = tree
        self._directory = directory

    def add(self, name: str, data: bytes) -> None:
        """As in `Tree`."""
        self._tree.add(f"{self._directory}/{name}", data)

    def copy(self, name: str, source: BinaryIO) -> None:
        """As in `Tree`."""
        self._tree.copy(f"{self._directory}/{name}", source)

    def open(self, name: str) -> AbstractContextManager[Sink]:
        """As in `Tree`."""
        return self._tree.open(f"{self._directory}/{name}")
