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
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from convarchive.sources.base import Fetched, Source
from convarchive.store import clock, mirror, owed
from convarchive.store.database import transaction
from convarchive.store.ingest import Outcome
from convarchive.store.mirror import Listing
from convarchive.sync import again
from convarchive.sync.fetch import ahead
from convarchive.sync.intake import BATCH, Intake
from convarchive.sync.report import SourceReport
from convarchive.sync.sound import Sounds
from convarchive.sync.walk import Step, walk

LOOK_BACK = timedelta(days=3)


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
        self._sounds = Sounds(connection, directory, source, report)
        self._intake = Intake(
            connection, source, report, self._began, count_requests, self._take_in
        )
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
            whole = self._mirror()
            if whole and self._options.limit is None:
                self._look_again()
            self._sounds.settle()
            if self._options.recordings and not self._spent():
                self._sounds.fetch_missing(self._fetch_again)
            self._finish(whole)
        finally:
            self._count()
            self._intake.close()
            self._sounds.close()

    def _mirror(self) -> bool:
        """List and fetch; whether the end was reached."""
        row = mirror.source(self._connection, self._name)
        since, moves = stretch(row.listed_to if row else None, self._options)
        seen: set[str] = set()
        self._intake.take(self._listed(since, moves, seen))
        self._intake.take(self._wanted())  # what was listed anew while it was under way
        if self._spent():
            return False
        self._find_deleted(since, seen)
        self._close_window(since)
        return True

    def _listed(self, since: str | None, moves: bool, seen: set[str]) -> Iterator[Listing]:
        """What an earlier run has left, then what is new or has changed, page by page.

        Args:
            since: From where to list.
            moves: Whether the cursor moves along.
            seen: Gets the ids of everything that is listed.
        """
        yield from self._wanted()
        steps = walk(self._source, since, self._options.until)
        timed = False
        for step in steps if self._options.limit is not None else ahead(steps):
            self._total = step.total
            timed = timed or any(item.started_at for item in step.items)
            self._note(step, step.cursor if moves else None)
            seen.update(item.id for item in step.items)
            yield from self._wanted()
            if self._spent():
                return
        if moves and self._options.until is None and seen and not timed:
            # A list without starts has no place to go on from; what follows started after now.
            with transaction(self._connection):
                mirror.set_cursor(self._connection, self._name, self._began)

    def _note(self, step: Step, cursor: str | None) -> None:
        """Write down a page and how far it goes, in one transaction."""
        items = [Listing(item.id, item.started_at, item.fingerprint) for item in step.items]
        with transaction(self._connection):
            erased = mirror.note(self._connection, self._name, items, clock.now())
            self._count_requests()
            if cursor is not None:
                # One call that claims to be of the year 2099 must not hide all that follow it.
                earliest = min(cursor, self._began, key=lambda instant: instant.rstrip("Z"))
                mirror.set_cursor(self._connection, self._name, earliest)
            for body in step.unreadable:
                self._note_unreadable(body)
        self._report.listed += len(items) - len(erased)
        self._report.erased += len(erased)
        self._report.unchanged += mirror.settled(
            self._connection, self._name, [item.id for item in items]
        )
        self._tell()

    def _wanted(self) -> Iterator[Listing]:
        """What has been listed and is neither stored as it is listed nor under way."""
        under_way = self._intake.under_way
        while not self._spent():
            left = mirror.wanted(
                self._connection, self._name, before=self._began, limit=BATCH + len(under_way)
            )
            batch = [item for item in left if item.id not in under_way]
            if not batch:
                return
            for item in batch:
                if self._spent():
                    return
                yield item

    def _take_in(self, stored: Sequence[tuple[Fetched, Outcome]]) -> None:
        """Fetch the recordings of what has just been written while the links are fresh."""
        if self._options.recordings:
            self._sounds.begin(stored)
        self._tell()

    def _note_unreadable(self, body: bytes) -> None:
        from hashlib import sha256

        name = "without-id-" + sha256(body).hexdigest()[:16]
        message = "The vendor listed something that has no id."
        owed.note_problem(self._connection, self._name, name, "list", message, clock.now(), body)

    def _look_again(self) -> None:
        """Look at what was not finished when it was last seen."""
        ids = again.unfinished(self._connection, self._source)
        self._fetch_again(
            [identifier for identifier in ids if identifier not in self._intake.tried]
        )

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
        self._intake.take(self._known(ids))

    def _known(self, ids: Sequence[str]) -> Iterator[Listing]:
        for at in range(0, len(ids), BATCH):
            batch = ids[at : at + BATCH]
            known = mirror.known(self._connection, self._name, batch)
            yield from (Listing(each, None, known.get(each)) for each in batch)

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
        self._report.pending = owed.count_pending(self._connection, self._name)
        self._report.problems = owed.count_problems(self._connection, self._name, files=False)
        self._tell()

    def _spent(self) -> bool:
        limit = self._options.limit
        return limit is not None and len(self._intake.tried) >= limit

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
