"""A verification from its beginning to its end; each stage is a module beside this one."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from convarchive import settings
from convarchive.compliance import checkpoints
from convarchive.compliance.verify import (
    accounts,
    chain,
    choice,
    destroyed,
    opening,
    pool,
    registry,
    searching,
    signed,
    sounds,
    statements,
    structure,
)
from convarchive.compliance.verify.beside import Beside
from convarchive.compliance.verify.contents import Wanted
from convarchive.compliance.verify.damage import Damage
from convarchive.compliance.verify.memory import Memory
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import lenient
from convarchive.errors import ArchiveError, ConvarchiveError, Interrupted, NewerArchive
from convarchive.store import ledger
from convarchive.store.database import snapshot

Progress = Callable[[str, int, int | None], None]
"""Told what is looked at, how many of it are done, and of how many."""

_UNREADABLE_NAMED = 5


class Options(NamedTuple):
    """How to verify."""

    quick: bool = False
    """Neither unpack documents nor read recordings."""
    sample: float | None = None
    """Look at so many of the conversations, from 0 to 1; None for all of them."""
    max_duration: float | None = None
    """Begin with no more conversations after so many seconds."""
    checkpoint: Path | None = None
    """One that is kept elsewhere."""
    source: str | None = None
    """Compare with what this vendor has now."""
    jobs: int = 1
    """Processes."""
    remember: bool = True
    """Write down what was verified, where the writer lock can be had."""


def verify(
    directory: Path,
    options: Options,
    stop: threading.Event | None = None,
    tell: Callable[[Damage], None] | None = None,
    progress: Progress | None = None,
) -> Report:
    """See whether an archive is whole and as it was stored; damage is named, and not raised.

    Args:
        directory: The archive's.
        options: How thoroughly, and how much of it.
        stop: Set it to end after what is under way.
        tell: Told of each damage as it is found.
        progress: Told what is looked at, how many of it are done, and of how many.

    Raises:
        NotFound: There is no archive, or no such source.
        SettingsError: The source's key is missing.
        Unreadable: The checkpoint that is given is none.
        ArchiveError: An earlier or later version of this program has written it.
        ConvarchiveError: Nothing is damaged, and the vendor could not be asked.
    """
    began = time.monotonic()
    report = Report(tell)
    _Run(directory, options, stop or threading.Event(), report, progress or _quiet).go()
    report.seconds = time.monotonic() - began
    return report


class _Run:
    def __init__(
        self,
        directory: Path,
        options: Options,
        stop: threading.Event,
        report: Report,
        progress: Progress,
    ) -> None:
        self._directory = directory
        self._options = options
        self._stop = stop
        self._report = report
        self._progress = progress
        self._error: ConvarchiveError | None = None
        self._memory = Memory(directory, on=options.remember and not options.quick)

    def go(self) -> None:
        source, elsewhere = self._options.source, self._options.checkpoint
        if source is not None:
            from convarchive.compliance.verify import vendor

            # A wrong name or a missing key is told at once, and not after an hour.
            settings.keys_of(vendor.settings_of(self._directory, source))
        claimed = None if elsewhere is None else signed.given(elsewhere)
        try:
            opened = opening.connect(self._directory)
        except NewerArchive:
            raise
        except ArchiveError as error:
            cause = error.__cause__
            damaged = isinstance(cause, sqlite3.DatabaseError) and opening.is_damage(cause)
            if not damaged and "is empty" not in error.what:
                raise
            self._report.complete = False
            self._report.add("database", "archive.db", f"{error.what} {error.why}")
            return
        with contextlib.closing(opened) as connection:
            # So that Ctrl-C is heard while SQLite looks through all of the database.
            connection.set_progress_handler(self._stop.is_set, opening.OPERATIONS)
            try:
                self._stages(connection, claimed)
            except sqlite3.OperationalError:
                if not self._stop.is_set():
                    raise
            self._end(connection)
        if self._error is not None and self._report.ok:
            raise self._error

    def _stages(
        self, connection: sqlite3.Connection, claimed: checkpoints.Checkpoint | None
    ) -> None:
        with Beside(self._structure, self._directory, self._stop) as database:
            if self._options.jobs > 1 and _is_large(connection):
                database.begin()
            self._whole(connection, claimed)
            if not self._stop.is_set():
                self._conversations(connection)
            if not self._stop.is_set():
                self._rest(connection, database)

    def _whole(
        self, connection: sqlite3.Connection, claimed: checkpoints.Checkpoint | None
    ) -> None:
        """What is always looked at whole: the ledger, and which rows are there. All of one
        moment."""
        connection.text_factory = lenient
        seen = signed.all_of(self._directory, claimed)  # before a sync makes one that sees more
        with snapshot(connection), opening.surviving(self._report, "the ledger"):
            size = ledger.size(connection)
            found = chain.follow(
                connection,
                registry.codes(),
                signed.claims(self._directory, seen),
                self._report,
                lambda done: self._progress("Ledger", done, size),
            )
            self._progress("Ledger", size, size)
            signed.check(self._directory, seen, found, self._report)
            with opening.surviving(self._report, "what the ledger speaks of"):
                destroyed.settle(connection, found, self._report)
                destroyed.held(connection, found, self._report)
                accounts.superseded(connection, found, self._report)
                accounts.settle(connection, found, self._report)
                statements.compare(connection, self._directory, found, self._report)
                accounts.missing(connection, found, self._report)
                statements.times(connection, found, self._report)
        connection.text_factory = str

    def _conversations(self, connection: sqlite3.Connection) -> None:
        options = self._options
        some = options.sample is not None or options.max_duration is not None
        wanted = Wanted(not options.quick, not options.quick, shared=some)
        with opening.surviving(self._report, "which conversations there are"):
            chosen = choice.keys(connection, options.sample, oldest_first=some)
            (many,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
            large = len(chosen) > pool.SMALL or (wanted.sound and _is_loud(connection))
            self._check(chosen, wanted, many, options.jobs if large else 1)
            if not some:
                sounds.unlinked(connection, self._directory, self._report, wanted)

    def _check(self, chosen: Sequence[int], wanted: Wanted, many: int, jobs: int) -> None:
        report, unreadable = self._report, list[str]()
        seen = 0

        def due() -> Iterator[list[int]]:
            nonlocal seen
            for batch in choice.batches(chosen, self._options.max_duration, self._stop.is_set):
                seen += len(batch)
                yield batch

        with pool.checking(self._directory, wanted, jobs) as check:
            for each in check(due()):
                report.take(each.damage)
                report.checked["conversations"] += each.conversations
                report.checked["documents"] += each.documents
                report.checked["bytes"] += each.bytes
                report.checked["recording_files"] += each.recordings
                unreadable += each.unreadable
                self._memory.add(each.whole)
                self._progress("Conversations", report.checked["conversations"], len(chosen))
        # Fewer may have been found: they were destroyed meanwhile.
        report.left = max(0, many - seen)
        for told in unreadable[:_UNREADABLE_NAMED]:
            report.note(f"This version can't read the bytes of {told}")
        if len(unreadable) > _UNREADABLE_NAMED:
            report.note(f"So it is with {len(unreadable) - _UNREADABLE_NAMED:,} more.")

    def _structure(self, connection: sqlite3.Connection, report: Report) -> None:
        with opening.surviving(report, "the database as a whole"):
            connection.text_factory = lenient
            structure.check(connection, report, quick=self._options.quick)

    def _rest(self, connection: sqlite3.Connection, database: Beside) -> None:
        options = self._options
        self._progress("Database", 0, None)
        database.tell(self._report)
        with opening.surviving(self._report, "what the search index should have"):
            self._progress("Search index", 0, None)
            searching.check(connection, self._directory, self._report, quick=options.quick)
            sounds.strange(connection, self._directory, self._report)
        if options.source is not None:
            self._vendor(connection, options.source)

    def _vendor(self, connection: sqlite3.Connection, source: str) -> None:
        """What is known by now of the archive itself is not lost with the vendor."""
        from convarchive.compliance.verify import vendor

        try:
            vendor.compare(
                connection, self._directory, source, self._options.sample,
                self._stop, self._report, self._progress,
            )  # fmt: skip
        except Interrupted:
            self._stop.set()
        except ConvarchiveError as error:
            self._error = error
            self._report.complete = False
            self._report.note(f"{source} could not be compared with its vendor: {error}")

    def _end(self, connection: sqlite3.Connection) -> None:
        """Write down what was found, and say what was left out."""
        report = self._report
        report.stopped = self._stop.is_set()
        if report.stopped or report.left:
            report.complete = False
        connection.close()  # a reader, too, would keep the log from being emptied
        whole = report if not (report.stopped or report.left or self._options.quick) else None
        self._memory.write(whole)
        if self._memory.failed:
            report.note(f"It is not remembered what was verified: {self._memory.failed}")
        if report.left and not report.stopped:
            report.note(
                f"{report.left:,} conversations were not looked at; run it again to go on with"
                " those that were verified least recently."
            )


def _is_loud(connection: sqlite3.Connection) -> bool:
    (size,) = connection.execute(
        "SELECT total(bytes) FROM recordings"
    ).fetchone()  # never overflows
    return bool(size > pool.LOUD)


def _is_large(connection: sqlite3.Connection) -> bool:
    """Whether other processes are worth their start, as far as can be read."""
    with contextlib.suppress(sqlite3.DatabaseError):
        return ledger.size(connection) > pool.SMALL
    return False


def _quiet(_what: str, _done: int, _total: int | None) -> None:
    """Nobody is told."""
