"""Getting recordings: while the link is fresh, and later with a fresh one.

Vendors sign their links for minutes, so a recording is fetched right after its conversation was
stored. What could not be had then is tried once more at the end of the sync, by a link that is
asked for anew, and after that by later syncs, `ATTEMPTS` times in all.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from convarchive.errors import ArchiveError, ConvarchiveError, DiskFull, VendorError
from convarchive.sources.base import Fetched, Source
from convarchive.store import clock, owed, recordings
from convarchive.store.database import transaction
from convarchive.store.ingest import Outcome
from convarchive.store.mirror import ATTEMPTS
from convarchive.store.recordings import Sound
from convarchive.sync.report import SourceReport

THREADS = 2

MOST = 100
"""Recordings that are fetched, or wait to be, at once."""


class _Wanted(NamedTuple):
    key: int
    id: str
    url: str


class Sounds:
    """The recordings of one source, during one sync.

    They have threads of their own and are fetched while conversations are, so that neither waits
    for the other.
    """

    def __init__(
        self, connection: sqlite3.Connection, directory: Path, source: Source, report: SourceReport
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._source = source
        self._report = report
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="recording")
        self._under_way: list[tuple[_Wanted, Future[Sound]]] = []
        self._tried: set[int] = set()
        self._last_chance = False

    def begin(self, stored: Sequence[tuple[Fetched, Outcome]]) -> None:
        """Begin to fetch the recordings of what has just been stored; write what is there by now.

        Where too many are under way already, a link would only get old: those are for
        `fetch_missing`.
        """
        keys = [outcome.key for _, outcome in stored]
        missing = dict(recordings.missing(self._connection, self._source.name, keys))
        for fetched, outcome in stored:
            recording = fetched.conversation.recording
            if outcome.key not in missing or outcome.key in self._tried or not recording:
                continue
            if recording.url and len(self._under_way) < MOST:
                wanted = _Wanted(outcome.key, fetched.conversation.id, recording.url)
                self._tried.add(outcome.key)
                self._under_way.append((wanted, self._pool.submit(self._get, wanted)))
        self._write(wait=False)

    def settle(self) -> None:
        """Wait for what is under way, and write it."""
        self._write(wait=True)

    def fetch_missing(self, refetch: Callable[[Sequence[str]], None]) -> None:
        """Fetch what is missing still, by fresh links.

        Args:
            refetch: Gets details of conversations anew, and calls `begin` with them.
        """
        self._last_chance = True
        given_up = {
            problem.id
            for problem in owed.problems(self._connection, self._source.name)
            if problem.stage == "recording" and problem.attempts >= ATTEMPTS
        }
        ids = [
            identifier
            for key, identifier in recordings.missing(self._connection, self._source.name)
            if key not in self._tried and identifier not in given_up
        ]
        for at in range(0, len(ids), MOST):
            refetch(ids[at : at + MOST])
            self.settle()

    def close(self) -> None:
        """Ask for nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _write(self, *, wait: bool) -> None:
        """Write what came, and what went wrong, in one transaction."""
        done = [each for each in self._under_way if wait or each[1].done()]
        if not done:
            return
        self._under_way = [each for each in self._under_way if each not in done]
        stop: ConvarchiveError | None = None
        at = clock.now()
        results = [(wanted, _result(future)) for wanted, future in done]
        with transaction(self._connection):
            for wanted, result in results:
                if isinstance(result, Sound):
                    self._attach(wanted, result, at)
                elif not isinstance(result, VendorError):
                    stop = stop or result
                elif self._last_chance:
                    owed.note_problem(
                        self._connection, self._source.name, wanted.id, "recording",
                        str(result), at,
                    )  # fmt: skip
                else:
                    self._tried.discard(wanted.key)  # by a fresh link, at the end of this sync
        if stop is not None:
            raise stop

    def _attach(self, wanted: _Wanted, sound: Sound, at: str) -> None:
        recordings.attach(self._connection, wanted.key, sound, at)
        owed.solved(self._connection, self._source.name, wanted.id, "recording")
        self._report.recordings += 1
        self._report.bytes += sound.bytes

    def _get(self, item: _Wanted) -> Sound:
        with self._source.open_recording(item.url) as download:
            if download is None:
                raise VendorError("The link to the recording has expired or leads nowhere.")
            try:
                return recordings.write(self._directory, download.chunks, download.media_type)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DiskFull(
                        "The disk is full.",
                        "What was stored before is safe.",
                        "Make room, then run the same command again.",
                    ) from error
                raise ArchiveError(
                    "A recording cannot be written.", f"{error}.", "Check the permissions."
                ) from error


def _result(future: Future[Sound]) -> Sound | ConvarchiveError:
    try:
        return future.result()
    except ConvarchiveError as error:
        return error
