"""One sync of one source, from beginning to end.

First what an earlier run has listed and not fetched. Then the list, page by page (`walk`): each
page and the cursor behind it are written in one transaction, and what is new or has changed is
fetched at once and written in another. Then what was not finished when last seen, then recordings
that are still missing. Killed at any point, the next run begins with what is left.

Whether something has changed is decided by fingerprints that leave out what changes with every
answer: of the list item, to save the request, and of the whole payload, to save a revision.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from convarchive.errors import (
    BudgetSpent,
    ConvarchiveError,
    Interrupted,
    KeyRefused,
    Unreachable,
    VendorError,
)
from convarchive.sources.base import Fetched, Source
from convarchive.store import clock, mirror, owed
from convarchive.store.database import transaction
from convarchive.store.ingest import Outcome, Received, ingest
from convarchive.store.mirror import Listing
from convarchive.sync import again
from convarchive.sync.fetch import Fetcher
from convarchive.sync.report import SourceReport
from convarchive.sync.sound import Sounds
from convarchive.sync.walk import Step, walk

BATCH = 100
"""Conversations a transaction."""

LOOK_BACK = timedelta(days=3)

_IN_A_ROW = 5
"""So many conversations that can't be reached in a row are not poison, but an outage."""


class Options(NamedTuple):
    """What a sync is asked to do."""

    since: str | None = None
    """Only what started at or after this; the cursor stays where it is."""
    until: str | None = None
    full: bool = False
    """List everything again, and fetch what was stored once and is lost."""
    limit: int | None = None
    """Fetch at most so many conversations."""
    recordings: bool = True
    look_back: timedelta = LOOK_BACK
    """How far before the last conversation listed to list again."""
    accept_mass_deletion: bool = False
    """Believe a list that is suddenly much shorter."""
    dry_run: bool = False
    """List, and write nothing."""


Progress = Callable[[SourceReport, "int | None"], None]
"""Told after each page and each batch how far it is, and how many there are to list, if known."""


class SourceSync:
    """One sync of one source.

    Args:
        connection: To the archive's database, for writing.
        directory: Of the archive.
        source: To be mirrored.
        report: Where everything is counted.
        options: What to do.
        progress: Told after each step.
        count_requests: Writes down what was spent of the day's budget; called in transactions.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        source: Source,
        report: SourceReport,
        options: Options,
        progress: Progress,
        count_requests: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._source = source
        self._name = source.name
        self._report = report
        self._options = options
        self._began = clock.now()
        self._fetcher = Fetcher()
        self._sounds = Sounds(connection, directory, source, report)
        self._tried: set[str] = set()
        self._unreachable = 0
        self._total: int | None = None
        self._progress = progress
        self._count_requests = count_requests

    def run(self) -> None:
        """Bring the archive up to what the vendor has now.

        Raises:
            VendorError: The source had to be given up.
            KeyRefused: The vendor does not take the key.
            DiskFull: No room.
            Interrupted: The user wants to stop.
        """
        if self._options.full:
            with transaction(self._connection):
                mirror.forget_lost(self._connection, self._name)
        try:
            self._fetch_wanted()
            whole = self._walk()
            if whole and self._options.limit is None:
                self._look_again()
            self._sounds.settle()
            if self._options.recordings and not self._spent():
                self._sounds.fetch_missing(self._fetch_again)
            self._finish(whole)
        finally:
            self._count()
            self._fetcher.close()
            self._sounds.close()

    def _walk(self) -> bool:
        """List and fetch; whether the end was reached."""
        row = mirror.source(self._connection, self._name)
        since, moves = stretch(row.listed_to if row else None, self._options)
        seen: set[str] = set()
        timed = False
        for step in walk(self._source, since, self._options.until):
            self._total = step.total
            timed = timed or any(item.started_at for item in step.items)
            self._note(step, step.cursor if moves else None)
            seen.update(item.id for item in step.items)
            self._fetch_wanted()
            if self._spent():
                return False
        if moves and self._options.until is None and seen and not timed:
            # A list without starts has no place to go on from; what follows started after now.
            with transaction(self._connection):
                mirror.set_cursor(self._connection, self._name, self._began)
        self._find_deleted(since, seen)
        self._close_window(since)
        return True

    def _note(self, step: Step, cursor: str | None) -> None:
        """Write down a page and how far it goes, in one transaction."""
        items = [Listing(item.id, item.started_at, item.fingerprint) for item in step.items]
        with transaction(self._connection):
            mirror.note(self._connection, self._name, items, clock.now())
            self._count_requests()
            if cursor is not None:
                # One call that claims to be of the year 2099 must not hide all that follow it.
                earliest = min(cursor, self._began, key=lambda instant: instant.rstrip("Z"))
                mirror.set_cursor(self._connection, self._name, earliest)
            for body in step.unreadable:
                self._note_unreadable(body)
        self._report.listed += len(items)
        self._report.unchanged += mirror.settled(
            self._connection, self._name, [item.id for item in items]
        )
        self._tell()

    def _fetch_wanted(self) -> None:
        """Fetch what has been listed and is not stored as it is listed."""
        while not self._spent():
            room = BATCH if self._options.limit is None else self._options.limit - len(self._tried)
            batch = mirror.wanted(
                self._connection, self._name, before=self._began, limit=min(BATCH, room)
            )
            if not batch:
                return
            self._fetch(batch)

    def _fetch(self, batch: Sequence[Listing]) -> None:
        """Fetch some and store them, and their recordings while the links are fresh."""
        self._tried.update(item.id for item in batch)
        stop: ConvarchiveError | None = None
        came: list[tuple[Listing, Fetched | None]] = []
        failed: list[tuple[Listing, ConvarchiveError]] = []
        for item, result in self._fetcher.fetch(batch, self._get):
            if isinstance(result, BudgetSpent | Interrupted | KeyRefused):
                stop = stop or result
            elif isinstance(result, ConvarchiveError):
                failed.append((item, result))
                if self._outage(result):
                    stop = result
                    break
            else:
                self._unreachable = 0
                came.append((item, result))
        outcomes = self._store(came, failed)
        if stop is not None:
            raise stop
        if self._options.recordings:
            self._sounds.begin(outcomes)
        self._tell()

    def _get(self, item: Listing) -> Fetched | None:
        return self._source.fetch(item.id)

    def _store(
        self,
        came: Sequence[tuple[Listing, Fetched | None]],
        failed: Sequence[tuple[Listing, ConvarchiveError]],
    ) -> list[tuple[Fetched, Outcome]]:
        """Write what came, and what went wrong, in one transaction."""
        at = max(clock.now(), self._began)  # never before this sync, though the clock jump back
        there = [(item, fetched) for item, fetched in came if fetched is not None]
        with transaction(self._connection):
            outcomes = ingest(
                self._connection,
                (
                    Received(fetched.conversation, fetched.fingerprint, fetched.documents, at)
                    for _, fetched in there
                ),
            )
            for _, fetched in there:
                owed.note_unfinished(self._connection, fetched.conversation, at)
                owed.solved(self._connection, self._name, fetched.conversation.id, "fetch", "read")
            mirror.mark_fetched(
                self._connection, self._name, ((item.id, item.fingerprint) for item, _ in there)
            )
            for item, answer in came:
                if answer is None:
                    self._note_gone(item, at)
            for item, error in failed:
                self._note_failed(item, error, at)
            self._count_requests()
        self._count_outcomes(there, outcomes)
        return [(fetched, outcome) for (_, fetched), outcome in zip(there, outcomes, strict=True)]

    def _note_gone(self, item: Listing, at: str) -> None:
        """A 404: mark what we have as deleted at the source."""
        news = mirror.mark_deleted(self._connection, self._name, item.id, at)
        if news is None:
            message = "The vendor listed it, but had it no more when it was asked for."
            owed.note_problem(self._connection, self._name, item.id, "fetch", message, at)
        elif news:
            self._report.deleted_at_source += 1

    def _note_failed(self, item: Listing, error: ConvarchiveError, at: str) -> None:
        body = error.body if isinstance(error, VendorError) else None
        stage = "fetch" if body is None else "read"
        owed.note_problem(self._connection, self._name, item.id, stage, str(error), at, body)

    def _note_unreadable(self, body: bytes) -> None:
        from hashlib import sha256

        name = "without-id-" + sha256(body).hexdigest()[:16]
        message = "The vendor listed something that has no id."
        owed.note_problem(self._connection, self._name, name, "list", message, clock.now(), body)

    def _look_again(self) -> None:
        """Look at what was not finished when it was last seen."""
        ids = again.unfinished(self._connection, self._source)
        self._fetch_again([identifier for identifier in ids if identifier not in self._tried])

    def _find_deleted(self, since: str | None, seen: set[str]) -> None:
        """Ask for what is stored and no longer listed; a 404 is the proof that it is gone."""
        options = self._options
        self._fetch_again(
            again.no_longer_listed(
                self._connection, self._name, since, options.until, seen,
                accept_mass_deletion=options.accept_mass_deletion,
            )
        )  # fmt: skip

    def _fetch_again(self, ids: Sequence[str]) -> None:
        """Fetch what was fetched before, whether or not the list says that it has changed."""
        for at in range(0, len(ids), BATCH):
            batch = ids[at : at + BATCH]
            known = mirror.known(self._connection, self._name, batch)
            self._fetch([Listing(each, None, known.get(each)) for each in batch])

    def _close_window(self, since: str | None) -> None:
        """Proof that a stretch was listed whole; a stretch with nothing new proves nothing new,
        unless a run was killed before it could close its own."""
        report = self._report
        news = report.new or report.changed or report.deleted_at_source
        if not news and mirror.proven(self._connection, self._name):
            return
        with transaction(self._connection):
            mirror.close_window(
                self._connection, self._name, since, self._options.until,
                opened_at=self._began, at=clock.now(),
            )  # fmt: skip

    def _finish(self, whole: bool) -> None:
        self._count()
        report, options = self._report, self._options
        report.complete = whole and not report.problems
        ranged = options.since is not None or options.until is not None
        with transaction(self._connection):
            mirror.set_synced(
                self._connection, self._name, clock.now(),
                self._began if report.complete and not ranged else None,
            )  # fmt: skip
            self._count_requests()

    def _count(self) -> None:
        self._report.pending = owed.count(self._connection, "pending", self._name)
        self._report.problems = owed.count(self._connection, "problems", self._name)
        self._tell()

    def _count_outcomes(
        self, came: Sequence[tuple[Listing, Fetched]], outcomes: Iterable[Outcome]
    ) -> None:
        report = self._report
        report.fetched += len(came)
        report.bytes += sum(len(body) for _, fetched in came for _, body in fetched.documents)
        for outcome in outcomes:
            report.new += outcome.new
            report.changed += outcome.changed
            report.unchanged += not (outcome.new or outcome.changed)

    def _outage(self, error: ConvarchiveError) -> bool:
        """Whether it is one too many that can't be reached."""
        self._unreachable = self._unreachable + 1 if isinstance(error, Unreachable) else 0
        return self._unreachable >= _IN_A_ROW

    def _spent(self) -> bool:
        return self._options.limit is not None and len(self._tried) >= self._options.limit

    def _tell(self) -> None:
        self._progress(self._report, self._total)


def stretch(listed_to: str | None, options: Options) -> tuple[str | None, bool]:
    """From where to list, and whether the cursor moves along.

    It must not jump over what has never been listed.
    """
    if options.since is not None:
        reached = listed_to is not None and options.since.rstrip("Z") <= listed_to.rstrip("Z")
        return options.since, reached
    if options.full or listed_to is None:
        return None, True
    try:
        back = datetime.fromisoformat(listed_to) - options.look_back
    except OverflowError:  # before the year 1
        return None, True
    return back.replace(tzinfo=None).isoformat(timespec="seconds") + "Z", True
