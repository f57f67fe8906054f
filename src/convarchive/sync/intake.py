"""Taking in conversations: fetched in threads, written by the hundred, with what went wrong.

What the engine decides to ask for, one after the other, ends up here. Each batch is one
transaction: bytes, rows, what is owed, what failed, and how much of the day's budget is spent.
Killed between two of them, the next run asks again for what was not written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from convarchive.errors import ConvarchiveError, VendorError
from convarchive.sources.base import Fetched, Source
from convarchive.store import clock, mirror, owed, tombstones
from convarchive.store.database import transaction
from convarchive.store.ingest import Outcome, Received, ingest
from convarchive.store.mirror import Listing
from convarchive.sync.fetch import STOPS, Fetcher
from convarchive.sync.report import SourceReport

BATCH = 100
"""Conversations a transaction."""

IN_A_ROW = 5
"""So many conversations in a row that the vendor can't give are not poison, but an outage."""

_Came: TypeAlias = "tuple[Listing, Fetched | ConvarchiveError | None]"


class Intake:
    """What one sync of one source fetches and writes.

    Args:
        connection: To the archive's database, for writing.
        source: To fetch from.
        report: Where everything is counted.
        began: When the sync began.
        count_requests: Writes down what was spent of the day's budget; called in transactions.
        stored: Told what each batch has become.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        source: Source,
        report: SourceReport,
        began: str,
        count_requests: Callable[[], None],
        stored: Callable[[Sequence[tuple[Fetched, Outcome]]], None],
    ) -> None:
        self._connection = connection
        self._source = source
        self._name = source.name
        self._report = report
        self._began = began
        self._count_requests = count_requests
        self._stored = stored
        self._fetcher = Fetcher()
        self._failed_in_a_row: list[str] = []
        self.tried: set[str] = set()
        """The ids that have been asked for."""
        self.under_way: set[str] = set()
        """Those of them that are not written yet."""

    def take(self, wanted: Iterable[Listing]) -> None:
        """Fetch all of these and write them.

        Raises:
            VendorError: The vendor gives none any more.
            ConvarchiveError: One of `STOPS`, or what ``wanted`` has raised. What came before is
                written.
        """
        stop: ConvarchiveError | None = None
        came: list[_Came] = []
        try:
            for item, result in self._fetcher.fetch(self._noted(wanted), self._get):
                if isinstance(result, STOPS):
                    stop = stop or result
                    continue
                came.append((item, result))
                if isinstance(result, VendorError) and self._outage(item, result):
                    stop = result
                    break
                if len(came) >= BATCH and not self._failed_in_a_row:
                    self._store(came)
                    came = []
        except ConvarchiveError as error:
            stop = error
        self._store([each for each in came if not stop or each[0].id not in self._failed_in_a_row])
        self.under_way.clear()
        if stop is not None:
            raise stop

    def close(self) -> None:
        """Ask for nothing more."""
        self._fetcher.close()

    def _noted(self, wanted: Iterable[Listing]) -> Iterator[Listing]:
        for item in wanted:
            self.tried.add(item.id)
            self.under_way.add(item.id)
            yield item

    def _get(self, item: Listing) -> Fetched | None:
        return self._source.fetch(item.id)

    def _outage(self, item: Listing, error: VendorError) -> bool:
        """Whether it is the vendor who is ill, and not a few conversations that are poison.

        After some in a row that failed, one that could be had before is asked for. If the vendor
        doesn't give that either, those in a row are left as they are, for when it is well again.
        """
        if not error.outage:
            self._failed_in_a_row.clear()
            return False
        self._failed_in_a_row.append(item.id)
        if len(self._failed_in_a_row) < IN_A_ROW:
            return False
        known = mirror.latest_stored(self._connection, self._name)
        if known is not None and not self._gives(known):
            return True
        self._failed_in_a_row.clear()
        return known is None

    def _gives(self, identifier: str) -> bool:
        try:
            self._source.fetch(identifier)
        except VendorError as error:
            return not error.outage
        return True

    def _store(self, batch: Sequence[_Came]) -> None:
        """Write what came, and what went wrong, in one transaction."""
        at = max(clock.now(), self._began)  # never before this sync, though the clock jump back
        batch = self._without_erased(batch)
        there = [(item, came) for item, came in batch if isinstance(came, Fetched)]
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
                owed.solved(
                    self._connection, self._name, fetched.conversation.id, "fetch", "read", "gone"
                )
            mirror.mark_fetched(
                self._connection, self._name, ((item.id, item.fingerprint) for item, _ in there)
            )
            for item, came in batch:
                if came is None:
                    self._note_gone(item, at)
                elif isinstance(came, ConvarchiveError):
                    self._note_failed(item, came, at)
            self._count_requests()
        self.under_way.difference_update(item.id for item, _ in batch)
        stored = [(fetched, outcome) for (_, fetched), outcome in zip(there, outcomes, strict=True)]
        self._count(stored)
        self._stored(stored)

    def _without_erased(self, batch: Sequence[_Came]) -> list[_Came]:
        """Without what was erased here: it is not even a problem or a deletion."""
        erased = tombstones.erased(self._connection, self._name, (item.id for item, _ in batch))
        self._report.erased += len(erased)
        self.under_way.difference_update(erased)
        return [each for each in batch if each[0].id not in erased]

    def _note_gone(self, item: Listing, at: str) -> None:
        """A 404: mark what we have as deleted at the source."""
        news = mirror.mark_deleted(self._connection, self._name, item.id, at)
        if news is None:
            message = "The vendor listed it, but had it no more when it was asked for."
            owed.note_problem(self._connection, self._name, item.id, "gone", message, at)
        elif news:
            self._report.deleted_at_source += 1

    def _note_failed(self, item: Listing, error: ConvarchiveError, at: str) -> None:
        body = error.body if isinstance(error, VendorError) else None
        stage = "fetch" if body is None else "read"
        owed.note_problem(self._connection, self._name, item.id, stage, str(error), at, body)

    def _count(self, stored: Iterable[tuple[Fetched, Outcome]]) -> None:
        report = self._report
        for fetched, outcome in stored:
            report.fetched += 1
            report.bytes += sum(len(body) for _, body in fetched.documents)
            report.new += outcome.new
            report.changed += outcome.changed
            report.unchanged += not (outcome.new or outcome.changed)
