"""JSON taken apart without being read: each value's own bytes, a few in memory at a time.

A file can be larger than the memory: a list of a million payloads, an export in one document. And
of each conversation the bytes are kept as they came, which a parser would not give. So this only
looks for strings and brackets. What is inside of a value is for whoever reads it.

The values are those at the top, one or many after each other, as ``jq`` prints them. Where one is a
list, or an object with a list of conversations in it, they are the items of that list instead::

    [ITEM, ITEM]
    {"data": [ITEM, ITEM], "pagination": {…}}
    {"data": {"conversations": [ITEM, ITEM]}}
    {"schema": "convarchive.export/1", …, "conversations": [ITEM, ITEM]}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from convarchive.errors import Unreadable

LARGEST: Final = 256 << 20
"""Bytes of one conversation, all of which are held at once: a vCon can have its sound inside."""

_DEEPEST: Final = 1000
_LISTS: Final = {(b"conversations",), (b"data",), (b"data", b"conversations"), (b"data", b"items")}
"""Under which names a list is one of conversations."""

_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+([\[\]{}])", re.DOTALL)
"""The next bracket that is in no string. It is not found where a string is not whole yet."""

_NAME: Final = re.compile(rb'"([a-z]{1,20})"\s*:\s*\Z')
_LONGEST_NAME: Final = 100
_BETWEEN: Final = b" \t\r\n,\xef\xbb\xbf"


class Piece(NamedTuple):
    """A part of the file."""

    body: bytes
    heading: bool = False
    """It is the beginning of an object, up to the list that follows."""
    item: bool = False
    """It stands in such a list."""


def pieces(chunks: Iterable[bytes], largest: int = LARGEST) -> Iterator[Piece]:
    """The values of a JSON text, as the text of this module says.

    What stands between them and is no object and no list, such as a bare word, comes as it is.

    Args:
        chunks: The text, in parts of any size.
        largest: The most bytes of one value.

    Raises:
        Unreadable: It ends too early, a bracket is the wrong one, or a value is too large; all that
            came before has been given.
    """
    splitter = _Splitter()
    for chunk in chunks:
        yield from splitter.feed(chunk)
        if splitter.held > largest:
            raise Unreadable(
                f"One value in it is larger than {largest >> 20} MiB.",
                "What comes after it was not read.",
            )
    yield from splitter.end()


class _Splitter:
    """Where in the text it is, between two chunks."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        """Up to where it has been looked at."""
        self._begun = 0
        """Where what is not given yet begins."""
        self._open: list[bytes] = []
        """The brackets that are open."""
        self._names: list[bytes] = []
        """Under which names they stand, at the top."""
        self._base = 0
        """How many brackets are open around the values that are given."""
        self._passing = False
        """The list is over, and the rest of the object around it is of no interest."""
        self._due = 0
        """With how many bytes it is worth looking again, after too few had no bracket."""

    @property
    def held(self) -> int:
        """Bytes of a value that is not whole yet."""
        return len(self._data) - self._begun

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """What is whole by now."""
        del self._data[: self._begun]
        self._at -= self._begun
        self._begun = 0
        self._data += chunk
        if len(self._data) - self._at >= self._due:
            yield from self._looked()

    def end(self) -> Iterator[Piece]:
        """What is left.

        Raises:
            Unreadable: It is not whole.
        """
        yield from self._looked()
        if self._open or b'"' in re.sub(_STRING, b"", self._data[self._at :], flags=re.DOTALL):
            raise Unreadable("It is cut off: a bracket or a string in it is never closed.")
        yield from self._between(len(self._data))

    def _looked(self) -> Iterator[Piece]:
        """What becomes whole by the brackets that are there."""
        while found := _BRACKET.match(self._data, self._at):
            self._at = found.end()
            bracket = found[1]
            del found  # it holds on to the data
            if bracket in b"[{":
                yield from self._opened(bracket, self._at - 1)
            else:
                yield from self._closed(bracket, self._at)
        self._due = 2 * (len(self._data) - self._at)

    def _opened(self, bracket: bytes, at: int) -> Iterable[Piece]:
        found: list[Piece] = []
        depth = len(self._open)
        if depth == self._base and not self._passing:
            found += self._between(at)
            self._begun = at
        if self._base == 0 and not self._passing and depth <= 2:
            self._names[max(depth - 1, 0) :] = [self._name(at)] if depth else []
            if bracket == b"[" and (depth == 0 or tuple(self._names) in _LISTS):
                if depth:
                    found.append(Piece(bytes(self._data[self._begun : at]), heading=True))
                self._base, self._begun = depth + 1, at + 1
        self._open.append(bracket)
        if len(self._open) > _DEEPEST:
            raise Unreadable(f"It is nested more than {_DEEPEST:,} deep.")
        return found

    def _closed(self, bracket: bytes, end: int) -> Iterable[Piece]:
        if not self._open or self._open.pop() + bracket not in (b"[]", b"{}"):
            raise Unreadable(f"It is no JSON: there is a {bracket.decode()} too many.")
        depth = len(self._open)
        found: list[Piece] = []
        if self._passing:
            self._begun = end
        elif depth == self._base:
            found.append(Piece(bytes(self._data[self._begun : end]), item=self._base > 0))
            self._begun = end
        elif depth < self._base:
            found += self._between(end - 1)
            self._base, self._passing, self._begun = 0, True, end
        if depth == 0:
            self._passing = False
        return found

    def _name(self, at: int) -> bytes:
        """The name of the value that begins here, in the object around it."""
        found = _NAME.search(self._data[max(self._begun, at - _LONGEST_NAME) : at])
        return found[1] if found else b""

    def _between(self, end: int) -> Iterable[Piece]:
        """What is neither an object nor a list, from the last value on."""
        body = bytes(self._data[self._begun : end]).strip(_BETWEEN)
        return [Piece(body, item=self._base > 0)] if body else []
