"""Keeping the index up to the store.

The store's queue says what the index lacks. A conversation is replaced whole, by its key; then the
index commits; then, when all of that is on the disk, the queue is emptied. Replaying is harmless,
so a crash anywhere is made good by the next run.

An index that is not the store's (`mark`), or that a crash has left so that it takes nothing more,
is built anew.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convarchive import disk
from convarchive.errors import DiskFull, IndexUnusable
from convarchive.index import documents, mark, schema
from convarchive.index.mark import DIRECTORY
from convarchive.store import rows, unindexed
from convarchive.store.database import transaction

if TYPE_CHECKING:
    from tantivy import Index, IndexWriter

SMALL_HEAP = (30_000_000, 1)
"""Bytes for the engine to work in, and threads; where other things are in memory as well."""

REBUILD_HEAP = (400_000_000, 2)
"""The same where nothing else is."""

PART = 20_000
"""Conversations a commit."""

Progress = Callable[[int, int], None]
"""Told how many conversations are indexed, and of how many."""


def catch_up(connection: sqlite3.Connection, directory: Path) -> int:
    """Index what the queue holds, all of it if there is no usable index; how many that were.

    Raises:
        DiskFull: No room; the index is as it was.
        IndexUnusable: The index cannot be written.
    """
    if not mark.belongs(connection, directory):
        return build(connection, directory, heap=SMALL_HEAP)
    try:
        if not unindexed.length(connection):
            _check(directory)
            return 0
        with contextlib.closing(Additions(connection, directory)) as additions:
            many = additions.read()
            additions.commit()
    except IndexUnusable as error:
        if "LockBusy" in error.why:
            raise
        # A crash leaves files that the engine stumbles over. Power that is lost can also take away
        # some that it counts on: it removes what it has merged before the new list is flushed.
        return build(connection, directory, heap=SMALL_HEAP)
    return many


class Additions:
    """An index that is open for writing, and how far into the queue it has read.

    Raises:
        DiskFull: From everything here: no room.
        IndexUnusable: From everything here: the index cannot be written.
    """

    def __init__(self, connection: sqlite3.Connection, directory: Path) -> None:
        from tantivy import Index

        self._connection = connection
        self._path = directory / DIRECTORY
        with _explained():
            index = Index.open(str(self._path))
            schema.register_analyzers(index)
            # Not as a context manager: that swallows errors of the commit, and commits after an
            # exception.
            self._writer = index.writer(*SMALL_HEAP)
        self._entry = 0

    def read(self, behind: int = 0) -> int:
        """Take in what was queued since the last time, but for so many entries at the end; how many
        conversations that were."""
        many = 0
        while True:
            part = unindexed.after(self._connection, self._entry, PART, behind)
            if part.last == self._entry:
                return many
            with _explained():
                for key in part.keys:
                    self._writer.delete_documents_by_term("rowid", key)
                _add(self._writer, self._connection, part.keys)
            self._entry = part.last
            many += len(part.keys)

    def commit(self) -> None:
        """Let what was taken in be found, and take it out of the queue."""
        with _explained():
            self._writer.commit()
            # The engine flushes its files, but not that its list of them has a new one.
            disk.flush_names(self._path)
        with transaction(self._connection):
            unindexed.remove(self._connection, self._entry)
        self._entry = 0

    def close(self) -> None:
        """Let go of the index. What was not committed is not in it, and stays in the queue."""
        with _explained():
            self._writer.wait_merging_threads()


def build(
    connection: sqlite3.Connection,
    directory: Path,
    progress: Progress | None = None,
    heap: tuple[int, int] = REBUILD_HEAP,
) -> int:
    """Make the index anew from the store; how many conversations it holds.

    The old index answers until the new one takes its place.

    Args:
        connection: To the archive's database, for writing.
        directory: Of the archive.
        progress: Told after each part.
        heap: Bytes for the engine to work in, and threads.

    Raises:
        DiskFull: No room; the old index is as it was.
        IndexUnusable: The index cannot be written.
    """
    from tantivy import Index

    fresh = directory / f"{DIRECTORY}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    keys = [row[0] for row in connection.execute("SELECT key FROM conversations ORDER BY key")]
    with _explained():
        fresh.mkdir(mode=0o700)
        index = Index(schema.build(), path=str(fresh))
        schema.register_analyzers(index)
        _write(index, connection, keys, heap, progress)
        made = mark.write(fresh)
        disk.flush_names(fresh)
        _swap(fresh, directory / DIRECTORY)
    with transaction(connection):
        mark.note(connection, made)
        unindexed.clear(connection)
    return len(keys)


def _check(directory: Path) -> None:
    """Make sure that all files of the index are there."""
    from tantivy import Index

    with _explained():
        Index.open(str(directory / DIRECTORY)).searcher()


def _write(
    index: Index,
    connection: sqlite3.Connection,
    keys: Sequence[int],
    heap: tuple[int, int],
    progress: Progress | None,
) -> None:
    writer = index.writer(*heap)
    try:
        for at in range(0, len(keys), PART):
            part = keys[at : at + PART]
            _add(writer, connection, part)
            writer.commit()
            if progress:
                progress(at + len(part), len(keys))
    finally:
        writer.wait_merging_threads()


def _add(writer: IndexWriter, connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    import msgspec

    encode = msgspec.json.Encoder().encode
    for key, conversation in rows.read(connection, keys):
        # add_json checks the types at once; add_document would lose the whole batch at the commit.
        writer.add_json(encode(documents.document(key, conversation)).decode())


def _swap(fresh: Path, path: Path) -> None:
    old = path.with_name(f"{DIRECTORY}.old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        path.rename(old)
    fresh.rename(path)
    # Before the old one goes: a name that came back must not stand for what is half removed.
    disk.flush_names(path.parent)
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn the engine's errors into ours; it says everything with ValueError and OSError."""
    try:
        yield
    except (ValueError, OSError) as error:
        said = str(error)
        if "No space left" in said or "os error 28" in said:
            raise DiskFull(
                "The disk is full.",
                "The conversations are stored; the search index lacks the latest.",
                "Make room, then run: convarchive reindex",
            ) from error
        raise IndexUnusable(
            "The search index cannot be written.", f"Tantivy says: {said}.",
            "The conversations are safe. Make it anew with: convarchive reindex",
        ) from error  # fmt: skip
