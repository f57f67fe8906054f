"""Bytes of a file from its beginning to its end, read once, a piece at a time.

A pipe can't be read twice, and a file that is too large is not read twice either. So whoever wants
to know what a file is looks ahead, and what was seen comes again. What is compressed by gzip is
unpacked on the way, unless it grows beyond all measure.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol, cast

from convarchive.errors import Unreadable

_GZIP: Final = b"\x1f\x8b"
_CHUNK: Final = 1 << 20
_ENOUGH: Final = 1 << 30
_TIMES: Final = 200

FAILURES: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)
"""What the standard library says where bytes can't be read, or are packed and damaged or locked."""


class Readable(Protocol):
    """What has bytes."""

    def read(self, size: int, /) -> bytes:
        """The next ones, at most so many; none at the end."""


class Stream:
    """Bytes that can be looked at before they are read.

    Args:
        file: Where they come from.
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._seen = b""
        self.taken = 0
        """Bytes that came from the file."""

    def ahead(self, size: int) -> bytes:
        """The next bytes, fewer only at the end; they are read again later."""
        while len(self._seen) < size and (more := self._more(size - len(self._seen))):
            self._seen += more
        return self._seen[:size]

    def read(self, size: int = _CHUNK, /) -> bytes:
        """The next bytes, at least one but at the end."""
        if not self._seen:
            return self._more(size)
        found, self._seen = self._seen[:size], self._seen[size:]
        return found

    def chunks(self) -> Iterator[bytes]:
        """All that is left."""
        while chunk := self.read(_CHUNK):
            yield chunk

    def whole(self, largest: int) -> bytes:
        """All that is left.

        Raises:
            Unreadable: It is more than that.
        """
        parts, size = [], 0
        for chunk in self.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > largest:
                raise Unreadable(f"It is larger than {largest >> 20} MiB.")
        return b"".join(parts)

    def lines(self, longest: int) -> Iterator[tuple[bytes, bool]]:
        """What is left by lines, with their ends.

        Yields:
            A line, and whether it goes on: one that is too long comes in parts.
        """
        rest, most = bytearray(), longest
        for chunk in self.chunks():
            begun, end = 0, len(rest)
            rest += chunk
            while (end := rest.find(b"\n", end) + 1) > 0:
                yield bytes(rest[begun:end]), False
                begun, most = end, longest
            del rest[:begun]
            if len(rest) > most:
                yield bytes(rest), True
                rest.clear()
                most = 0  # nobody wants the rest of it
        if rest:
            yield bytes(rest), False

    def _more(self, size: int) -> bytes:
        found = self._file.read(max(size, 1))
        self.taken += len(found)
        return found


def unpacked(stream: Stream) -> Stream:
    """The same, without its gzip if it has one."""
    return Stream(_Unpacked(stream)) if stream.ahead(2) == _GZIP else stream


def swells(unpacked: int, packed: int) -> bool:
    """Whether so much comes out of so little that only an attacker has made it so."""
    return unpacked > _ENOUGH and unpacked > _TIMES * packed


class _Unpacked:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._file = gzip.GzipFile(fileobj=cast("BinaryIO", stream))
        self._size = 0

    def read(self, size: int, /) -> bytes:
        found: bytes = self._file.read(size)
        self._size += len(found)
        if swells(self._size, self._stream.taken):
            raise Unreadable(
                "It grows beyond all measure when it is unpacked.", "",
                "If you trust it, unpack it yourself and import what comes out.",
            )  # fmt: skip
        return found
