"""Asking the index: which conversations, in which order, and how many.

An answer is a list of keys; what is behind them is in the store. Order is stable: hits of the same
rank stand newest first, then by key, so that paging neither repeats nor skips. An index that was
made anew finds what the old one found; scores may differ a little, since the engine's statistics
count what was replaced until it merges that away.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convarchive.errors import IndexUnusable, UsageError
from convarchive.index import schema
from convarchive.index.compiler import Compiler, is_ranked
from convarchive.index.locator import has_phrase
from convarchive.index.mark import DIRECTORY, belongs
from convarchive.query import tree
from convarchive.store import rows

if TYPE_CHECKING:
    from tantivy import DocAddress, Query, Searcher, SearchResult

    _Ranked = list[tuple[float, DocAddress]]

SORTS = ("relevance", "newest", "oldest", "longest")

_DIGITS = 4
"""Of a score: sums of floating-point numbers differ in the last places from index to index."""

_ROOM = 10
"""So many hits more than are wanted are asked for, for those that tie with the last; if they all
do, eight times as many."""


class Hit(NamedTuple):
    """One conversation found."""

    key: int
    score: float


class Found(NamedTuple):
    """An answer."""

    total: int
    hits: list[Hit]


class Reader:
    """The index of an archive, opened for reading.

    Args:
        connection: To the archive's database.
        directory: Of the archive.

    Raises:
        IndexUnusable: There is no index, or it is not this archive's, or it can't be read.
    """

    def __init__(self, connection: sqlite3.Connection, directory: str | os.PathLike[str]) -> None:
        from tantivy import Index

        if not belongs(connection, directory):
            raise IndexUnusable(
                "The search index is missing or does not belong to this archive.",
                "The conversations are safe; the index is made from them.",
                "Make it with: convarchive reindex",
            )
        self._connection = connection
        self._directory = directory
        self._made_of = self._segments()
        with _explained():
            index = Index.open(os.path.join(directory, DIRECTORY))  # noqa: PTH118 - as in `store.database`
            self._schema = index.schema
            self._searcher: Searcher = index.searcher()
            self._languages = [
                language for language in schema.FORMS if self._searcher.doc_freq("forms", language)
            ]

    def is_current(self) -> bool:
        """Whether nothing was indexed since it was opened."""
        return self._made_of is not None and self._made_of == self._segments()

    def _segments(self) -> bytes | None:
        """The engine's list of what it has; it differs after each commit."""
        path = os.path.join(self._directory, DIRECTORY, "meta.json")  # noqa: PTH118
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                return file.read()
        except OSError:
            return None

    def search(
        self, node: tree.Node, *, limit: int, offset: int = 0, sort: str = "relevance"
    ) -> Found:
        """The hits from ``offset`` on, and how many there are in all.

        Args:
            node: The query.
            limit: At most so many hits; 0 for all of them.
            offset: How many to leave out at the beginning.
            sort: One of `SORTS`. Relevance is *newest* where all that matches, matches alike.

        Raises:
            UsageError: There is no such order.
        """
        check_sort(sort)
        compiler = self._compiler()
        if sort == "relevance" and not is_ranked(node):
            sort = "newest"
        query = compiler.compile(node, ranked=sort == "relevance")
        with _explained():
            # To count them and to find the first of them takes the engine no longer than either.
            total, found = self._ask(query, offset + limit + _ROOM, sort)
            wanted = total if limit == 0 else min(offset + limit, total)
            if wanted <= offset:
                return Found(total, [])
            if sort == "relevance" and not found[0][0]:  # as where a near word is there only nearly
                return self.search(node, limit=limit, offset=offset, sort="newest")
            ranked = self._ranked(query, found, wanted, total, sort)
        return Found(total, [hit for _, hit in ranked[offset:wanted]])

    def count(self, node: tree.Node) -> int:
        """How many conversations match."""
        query = self._compiler().compile(node)
        with _explained():
            return self._count(query)

    def keys(self, node: tree.Node) -> list[int]:
        """The keys of all that match, in no order."""
        return self._keys(self._compiler().compile(node))

    def _compiler(self) -> Compiler:
        return Compiler(self._schema, self._languages, self._verify, self._held)

    def _ranked(
        self, query: Query, found: _Ranked, wanted: int, total: int, sort: str
    ) -> list[tuple[tuple[float, ...], Hit]]:
        """The first so many, and those that tie with the last of them, in a stable order.

        Args:
            query: All that match.
            found: The first of them, as far as they are known.
            wanted: How many.
            total: How many there are.
            sort: By what.
        """
        while len(found) < total and (len(found) < wanted or found[-1][0] == found[wanted - 1][0]):
            ask = min(total, max(wanted + _ROOM, 8 * len(found)))
            _, found = self._ask(query, ask, sort)
        found = [hit for hit in found if hit[0] >= found[wanted - 1][0]]
        addresses = [address for _, address in found]
        keys = self._searcher.fast_field_values("rowid", addresses)
        started = self._searcher.fast_field_values("started", addresses)
        ranked = [
            ((-rank, -moment, key), Hit(int(key), rank if sort == "relevance" else 0.0))
            for (rank, _), key, moment in zip(found, keys, started, strict=True)
            if key is not None and moment is not None
        ]
        return sorted(ranked)

    def _ask(self, query: Query, limit: int, sort: str) -> tuple[int, _Ranked]:
        """How many match, and the engine's first hits with a rank, the higher the better."""
        from tantivy import Order

        if sort == "relevance":
            result = self._searcher.search(query, limit=limit, count=True)
            hits = [(round(score, _DIGITS), address) for score, address in result.hits]
            return _total(result), hits
        field = "duration" if sort == "longest" else "started"
        order = Order.Asc if sort == "oldest" else Order.Desc
        result = self._searcher.search(
            query, limit=limit, count=True, order_by_field=field, order=order
        )
        sign = -1 if sort == "oldest" else 1
        return _total(result), [(sign * value, address) for value, address in result.hits]

    def _count(self, query: Query) -> int:
        # A limit of 0 makes Tantivy panic.
        return _total(self._searcher.search(query, limit=1, count=True))

    def _keys(self, query: Query) -> list[int]:
        with _explained():
            total = self._count(query)
            if not total:
                return []
            hits = self._searcher.search(query, limit=total, count=False).hits
            values = self._searcher.fast_field_values("rowid", [address for _, address in hits])
        return [int(value) for value in values if value is not None]

    def _verify(self, phrase: tree.Phrase, scope: str, candidates: Query) -> Sequence[int]:
        keys = self._keys(candidates)
        return [
            key
            for key, conversation in rows.read(self._connection, keys)
            if has_phrase(conversation, phrase, scope)
        ]

    def _held(self) -> Sequence[int]:
        from convarchive.store import holds

        return holds.protected(self._connection)


def _total(result: SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # the stub lacks it


def check_sort(sort: str) -> None:
    """Raise `UsageError` unless there is such an order."""
    if sort not in SORTS:
        raise UsageError(f"There is no order {sort!r}.", f"There are: {', '.join(SORTS)}.")


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn the engine's errors into ours; it says everything with ValueError and OSError."""
    try:
        yield
    except (ValueError, OSError) as error:
        if "max expansions" in str(error):
            raise UsageError(
                "Too many different words begin so.",
                "Behind another word, as in don't*, there may be 16,384 of them.",
                "Write more of the word before the *.",
            ) from error
        raise IndexUnusable(
            "The search index cannot be read.", f"Tantivy says: {error}.",
            "The conversations are safe. Make it anew with: convarchive reindex",
        ) from error  # fmt: skip
