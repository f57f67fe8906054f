"""The index while a sync goes on: it follows, batch after batch.

The engine works in a thread of its own, so this costs a fetching sync little; and what was stored
a minute ago is found although the sync goes on for days.
"""

from __future__ import annotations

import contextlib
import ctypes
import sqlite3
import sys
import time
from pathlib import Path

from convarchive.errors import ConvarchiveError
from convarchive.index import mark
from convarchive.index.writer import SMALL_HEAP, Additions, build, catch_up
from convarchive.store import rows, unindexed

COMMIT_EVERY = 60.0
"""Seconds after which what was stored can be found."""

BEHIND = 500
"""Entries that wait until it is time to commit: a conversation that was just stored is soon stored
again, with its recording. What is replaced in the index goes on to count in its statistics."""

_AT_ONCE = 10_000
"""Of so many conversations an index is made in between, of more when the sync is through."""


class Follower:
    """The index of a store that one process, this one, is writing to.

    Nothing that goes wrong with the index may keep a conversation from being stored. What it does
    not take stays in the queue, and `finish` tries again and says why.

    Args:
        connection: To the archive's database, for writing.
        directory: Of the archive.
        commit_every: Seconds.
        behind: Entries of the queue that wait.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        commit_every: float = COMMIT_EVERY,
        behind: int = BEHIND,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._commit_every = commit_every
        self._behind = behind
        self._committed = time.monotonic()
        self._additions: Additions | None = None
        self._left = False

    def follow(self) -> None:
        """Take in what was queued since the last time; call it outside of transactions."""
        due = time.monotonic() - self._committed >= self._commit_every
        behind = 0 if due else self._behind
        if self._left or unindexed.length(self._connection) <= behind:
            return
        try:
            additions = self._additions or self._begin()
            if additions is not None:
                additions.read(behind)
                if due:
                    additions.commit()
                    self._committed = time.monotonic()
                    _give_back()
        except ConvarchiveError:
            self._left = True

    def finish(self) -> None:
        """Take in all that is left, and let everything be found.

        Raises:
            DiskFull: No room; the index is as it was.
            IndexUnusable: The index cannot be written.
        """
        if self._additions is not None:
            with contextlib.suppress(ConvarchiveError):  # `catch_up` will say it
                self._additions.read()
        self.close()
        catch_up(self._connection, self._directory)

    def close(self) -> None:
        """Let what was taken in be found, and let go of the index."""
        additions, self._additions = self._additions, None
        if additions is None:
            return
        with contextlib.suppress(ConvarchiveError), contextlib.closing(additions):
            if not self._left:
                additions.commit()

    def _begin(self) -> Additions | None:
        if not mark.belongs(self._connection, self._directory):
            if rows.count(self._connection) > _AT_ONCE:
                self._left = True
                return None
            build(self._connection, self._directory, heap=SMALL_HEAP)
        self._additions = Additions(self._connection, self._directory)
        return self._additions


def _give_back() -> None:
    """Let the system have the memory that is free again. The C library of Linux keeps it, in a pool
    for each of the engine's threads; in a sync of 200,000 that came to 150 MiB."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
