"""What is stored of a source against what its vendor has now.

Where they differ, a sync brings the archive up to date, so that is a note. A conversation that has
the vendor's fingerprint and yet says something else in the tables is damage.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from convarchive import settings
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import printable
from convarchive.errors import ConvarchiveError, NotFound, VendorError
from convarchive.sources import open_source
from convarchive.sources.base import Fetched, Source
from convarchive.sources.http import Client
from convarchive.sources.keyring import Key, Keyring, Spent
from convarchive.sources.pace import Waiter
from convarchive.store import mirror, rows, tombstones
from convarchive.sync.fetch import STOPS, Fetcher
from convarchive.sync.walk import walk

_NAMED = 3
"""So many ids of those that differ in one way are named."""

Progress = Callable[[str, int, int | None], None]


def settings_of(directory: Path, name: str) -> settings.SourceSettings:
    """The settings of a source.

    Raises:
        NotFound: There is none of this name.
    """
    known = settings.sources(directory)
    if name not in known:
        raise NotFound(
            f"There is no source named {name}.", f"There are: {', '.join(known) or 'none'}."
        )
    return known[name]


def compare(
    connection: sqlite3.Connection,
    directory: Path,
    name: str,
    sample: float | None,
    stop: threading.Event,
    report: Report,
    progress: Progress,
) -> None:
    """List all that the vendor has, fetch some or all of what should be as it is here, and say how
    it differs.

    Args:
        connection: To the archive's database.
        directory: The archive's.
        name: Of the source.
        sample: How much of it is fetched, from 0 to 1; None for all.
        stop: Set to end.
        report: Where it is said.
        progress: Told how many are listed and fetched.

    Raises:
        ConvarchiveError: The vendor does not answer, or refuses the key.
    """
    source = settings_of(directory, name)
    keyring = Keyring(
        [Key(variable, secret) for variable, secret in settings.keys_of(source).items()],
        Waiter(stop),
        per_day=source.requests_per_day,
        spent=[Spent(*row) for row in mirror.spent(connection, name)],
    )
    client = Client(source.base_url, keyring, Waiter(stop))
    try:
        opened = open_source(source.kind, name, client)
        _Comparison(connection, opened, report, progress).go(sample)
    finally:
        client.close()


class _Comparison:
    def __init__(
        self, connection: sqlite3.Connection, source: Source, report: Report, progress: Progress
    ) -> None:
        self._connection = connection
        self._source = source
        self._report = report
        self._progress = progress
        self._differ: dict[str, list[str]] = {}

    def go(self, sample: float | None) -> None:
        """Do it."""
        known, listed = self._listed()
        stored = self._connection.execute(
            "SELECT id FROM conversations WHERE source = ? AND deleted_at_source IS NULL",
            (self._source.name,),
        )
        for (identifier,) in stored:
            if identifier not in listed:
                self._note("are here, and the vendor lists them no more", identifier)
        many = len(known) if sample is None else max(1, round(len(known) * sample))
        step = max(1, len(known) // max(1, many))  # spread over all of them
        self._fetch(known[::step][:many])
        for what, ids in self._differ.items():
            named = ", ".join(map(printable, ids[:_NAMED])) + (" …" if len(ids) > _NAMED else "")
            self._report.note(f"{len(ids):,} of {self._source.name} {what}: {named}")

    def _listed(self) -> tuple[list[str], set[str]]:
        """The ids that the vendor lists and that are here, and all that it lists."""
        known: list[str] = []
        seen: set[str] = set()
        erased: set[str] = set()
        for step in walk(self._source, None, None):
            ids = [item.id for item in step.items]
            erased |= tombstones.erased(self._connection, self._source.name, ids)
            for item in step.items:
                seen.add(item.id)
                if item.id in erased:
                    continue
                if self._stored(item.id) is None:
                    self._note("are not here yet; convarchive sync fetches them", item.id)
                else:
                    known.append(item.id)
            self._progress("Vendor's list", len(seen), step.total)
        self._report.checked["vendor_listed"] = len(seen)
        if erased:
            # Not by name: what is said here is kept in logs.
            self._report.note(
                f"{len(erased):,} of {self._source.name} were destroyed here; the vendor has them."
            )
        return known, seen

    def _fetch(self, ids: list[str]) -> None:
        fetcher = Fetcher()
        try:
            for done, (identifier, came) in enumerate(fetcher.fetch(ids, self._source.fetch)):
                if isinstance(came, STOPS):
                    raise came
                self._judge(identifier, came)
                self._progress("Vendor's bytes", done + 1, len(ids))
        finally:
            fetcher.close()
        self._report.checked["vendor_fetched"] = len(ids)

    def _judge(self, identifier: str, came: Fetched | ConvarchiveError | None) -> None:
        stored = self._stored(identifier)
        if isinstance(came, VendorError):
            self._note("could not be fetched", identifier)
        elif isinstance(came, ConvarchiveError):
            raise came
        elif came is None:
            self._note("are listed by the vendor, which has them no more", identifier)
        elif stored is None or came.fingerprint != stored[1]:
            self._note("have changed at the vendor; convarchive sync fetches them", identifier)
        elif not rows.same(self._connection, stored[0], came.conversation):
            self._report.add(
                "vendor_differs",
                printable(f"{self._source.name}/{identifier}"),
                "The tables don't say what the vendor says.",
            )

    def _stored(self, identifier: str) -> tuple[int, str] | None:
        found: tuple[int, str] | None = self._connection.execute(
            "SELECT key, fingerprint FROM conversations WHERE source = ? AND id = ?",
            (self._source.name, identifier),
        ).fetchone()
        return found

    def _note(self, what: str, identifier: str) -> None:
        self._differ.setdefault(what, []).append(identifier)
