"""Getting recordings: while the link is fresh, and later with a fresh one.

Vendors sign their links for minutes, so a recording is fetched right after its conversation was
stored. What could not be had then is asked for again by later syncs, `ATTEMPTS` times.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from convarchive.errors import ArchiveError, ConvarchiveError, DiskFull, VendorError
from convarchive.sources.base import Fetched, Source
from convarchive.store import clock, owed, recordings
from convarchive.store.database import transaction
from convarchive.store.ingest import Outcome
from convarchive.store.mirror import ATTEMPTS
from convarchive.store.recordings import Sound
from convarchive.sync.fetch import Fetcher
from convarchive.sync.report import SourceReport

_BATCH = 100


class _Wanted(NamedTuple):
    key: int
    id: str
    url: str


class _Expired(VendorError):
    """The link to a recording is good no more."""


class Sounds:
    """The recordings of one source, during one sync."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        source: Source,
        report: SourceReport,
        fetcher: Fetcher,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._source = source
        self._report = report
        self._fetcher = fetcher
        self._tried: set[int] = set()
        self._last_chance = False

    def fetch_fresh(self, stored: Sequence[tuple[Fetched, Outcome]]) -> None:
        """Fetch the recordings of what has just been stored, where they are missing."""
        if not any(fetched.conversation.recording for fetched, _ in stored):
            return
        keys = [outcome.key for _, outcome in stored]
        missing = dict(recordings.missing(self._connection, self._source.name, keys))
        self._fetch(
            [
                _Wanted(outcome.key, fetched.conversation.id, fetched.conversation.recording.url)
                for fetched, outcome in stored
                if outcome.key in missing
                and outcome.key not in self._tried
                and fetched.conversation.recording
                and fetched.conversation.recording.url
            ]
        )

    def fetch_missing(self, refetch: Callable[[Sequence[str]], None]) -> None:
        """Fetch what earlier syncs could not; ``refetch`` gets details anew, and so the links."""
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
        for at in range(0, len(ids), _BATCH):
            refetch(ids[at : at + _BATCH])

    def _fetch(self, wanted: Sequence[_Wanted]) -> None:
        """Fetch some, and write what came, and what went wrong, in one transaction."""
        self._tried.update(item.key for item in wanted)
        stop: ConvarchiveError | None = None
        results = []
        for item, result in self._fetcher.fetch(wanted, self._get):
            if isinstance(result, ConvarchiveError) and not isinstance(result, VendorError):
                stop = stop or result
            else:
                results.append((item, result))
        at = clock.now()
        with transaction(self._connection):
            for item, result in results:
                if isinstance(result, Sound):
                    recordings.attach(self._connection, item.key, result, at)
                    owed.solved(self._connection, self._source.name, item.id, "recording")
                    self._report.recordings += 1
                    self._report.bytes += result.bytes
                elif isinstance(result, _Expired) and not self._last_chance:
                    self._tried.discard(item.key)  # by a fresh link, at the end of this sync
                else:
                    owed.note_problem(
                        self._connection, self._source.name, item.id, "recording", str(result), at
                    )
        if stop is not None:
            raise stop

    def _get(self, item: _Wanted) -> Sound:
        with self._source.open_recording(item.url) as download:
            if download is None:
                raise _Expired("The link to the recording has expired or leads nowhere.")
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
