"""What an index really holds, without asking it a question: its files, its keys, its counts.

Tantivy ends each file of a segment with a footer: JSON with the CRC-32 of what is before it, the
length of that JSON, and a magic number, the latter two in 32 bits each, the lowest byte first.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from convarchive.index import mark

if TYPE_CHECKING:
    from tantivy import Query

_MAGIC = 1337
_TAIL = struct.Struct("<II")
_LONGEST_FOOTER = 10_000  # bytes; theirs have a hundred
_CHUNK = 1 << 20
_SUFFIXES = (".term", ".pos", ".idx", ".store", ".fast", ".fieldnorm", ".del")


def damaged(directory: Path) -> Iterator[tuple[str, str]]:
    """The files of an archive's index that are not as they were written, with a sentence each.

    Only what the engine has committed counts: others may be under way.
    """
    folder = directory / mark.DIRECTORY
    names = _committed(commit(directory))
    for path in sorted(folder.iterdir()):
        if path.suffix not in _SUFFIXES or (path.stem not in names):
            continue
        try:
            what = _wrong(path)
        except FileNotFoundError:  # merged away meanwhile
            continue
        except OSError as error:
            what = f"It can't be read: {error.strerror}."
        if what:
            yield path.relative_to(directory).as_posix(), what


def commit(directory: Path) -> bytes:
    """The engine's list of what it has; another one after each commit. Empty if there is none."""
    try:
        return (directory / mark.DIRECTORY / "meta.json").read_bytes()
    except OSError:
        return b""


class Contents:
    """An index opened to be counted.

    Raises:
        ValueError: From everything here, as `OSError`: the engine can't read it.
    """

    def __init__(self, directory: Path) -> None:
        from tantivy import Index

        index = Index.open(str(directory / mark.DIRECTORY))
        self._schema = index.schema
        self._searcher = index.searcher()

    def keys(self, first: int, last: int) -> list[int]:
        """The keys from one to another, both inclusive, in order, as often as they are there."""
        from tantivy import FieldType, Query

        query = Query.range_query(self._schema, "rowid", FieldType.Integer, first, last)
        many = self._count(query)
        if not many:
            return []
        hits = self._searcher.search(query, limit=many, count=False).hits
        values = self._searcher.fast_field_values("rowid", [address for _, address in hits])
        return sorted(int(value) for value in values if value is not None)

    def total(self) -> int:
        """How many conversations it holds."""
        return int(self._searcher.num_docs)

    def count(self, field: str, value: str) -> int:
        """How many have this value in a field of `convarchive.index.schema.TERMS`."""
        from tantivy import Query

        return self._count(Query.term_query(self._schema, field, value))

    def _count(self, query: Query) -> int:
        # A limit of 0 makes Tantivy panic.
        return int(self._searcher.search(query, limit=1, count=True).count)  # type: ignore[attr-defined]


def _committed(listed: bytes) -> set[str]:
    """The names of committed files without their suffix; nothing if the list can't be read, which
    the engine will say.

    They are those of the segments, and for what was deleted from one also the commit's number.
    """
    names = set()
    try:
        for each in json.loads(listed)["segments"]:
            segment = str(each["segment_id"]).replace("-", "")
            names.add(segment)
            if each["deletes"]:
                names.add(f"{segment}.{each['deletes']['opstamp']}")
    except (ValueError, KeyError, TypeError):
        return set()
    return names


def _wrong(path: Path) -> str:
    """What is wrong with a file of a segment; empty if nothing is."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size < _TAIL.size:
            return "It is cut off."
        file.seek(size - _TAIL.size)
        length, magic = _TAIL.unpack(file.read(_TAIL.size))
        body = size - _TAIL.size - length
        if magic != _MAGIC or length > _LONGEST_FOOTER or body < 0:
            return "It does not end as it should."
        file.seek(body)
        try:
            said = json.loads(file.read(length))["crc"]
        except (ValueError, KeyError, TypeError):
            return "It does not end as it should."
        file.seek(0)
        found = 0
        while body:
            chunk = file.read(min(_CHUNK, body))
            if not chunk:
                return "It is cut off."
            found = zlib.crc32(chunk, found)
            body -= len(chunk)
    return "" if found == said else "Its CRC-32 is not the one that was written with it."
