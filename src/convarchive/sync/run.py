"""A whole sync: every source that was asked for, one after the other, and the index behind them.

One source that fails does not keep the others from being mirrored; its error is in its report.
"""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from convarchive import settings
from convarchive.errors import (
    ArchiveError,
    ConvarchiveError,
    Interrupted,
    KeyRefused,
    NotFound,
    VendorError,
)
from convarchive.index.follower import Follower
from convarchive.settings import SourceSettings
from convarchive.sources import open_source
from convarchive.sources.http import Client
from convarchive.sources.keyring import Key, Keyring, Spent
from convarchive.sources.pace import Waiter
from convarchive.store import clock, mirror, recordings
from convarchive.store.database import transaction
from convarchive.sync.engine import Options, Progress, SourceSync
from convarchive.sync.preview import preview
from convarchive.sync.report import SourceReport, SyncReport


@contextlib.contextmanager
def _tuned() -> Iterator[None]:
    """Set Python up for a sync, each setting measured to save it a tenth of its time.

    It looks for cycles less often: many objects are alive, which are looked at each time, and none
    of them is cyclic. And threads whose answer has come take over sooner from one that computes.
    """
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(50_000, *threshold[1:])
    sys.setswitchinterval(0.001)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)


@_tuned()
def sync(
    connection: sqlite3.Connection,
    directory: Path,
    names: Sequence[str],
    options: Options | None,
    stop: threading.Event,
    announce: Callable[[str, float], None] | None,
    progress: Progress | None,
) -> SyncReport:
    """Mirror sources and bring the index up to date; see `convarchive.archive.Archive.sync`."""
    began = time.monotonic()
    chosen = _chosen(directory, names)
    # Every key before the first request: a missing one is found at once, and not after an hour.
    keys = {source.name: settings.keys_of(source) for source in chosen}
    whole = SyncReport()
    recordings.sweep(directory)
    options = options or Options()
    with contextlib.closing(Follower(connection, directory)) as index:
        step = progress or _quiet
        if not options.dry_run:
            step = _followed(step, index)
        for source in chosen:
            report = SourceReport(source.name)
            whole.sources.append(report)
            waiter = Waiter(stop, announce)
            keyring = _keyring(source, keys[source.name], waiter, _spent(connection, source))
            try:
                _sync_one(connection, directory, source, keyring, waiter, report, options, step)
            except (VendorError, KeyRefused, Interrupted, ArchiveError) as error:
                report.error = error
            if isinstance(report.error, Interrupted | ArchiveError):
                break
        if not options.dry_run:
            _index(index, whole)
    whole.seconds = time.monotonic() - began
    return whole


def test(source: SourceSettings) -> str:
    """Ask a source for the first page of its list; what it said, in a sentence.

    Raises:
        KeyRefused: The vendor does not take the key.
        VendorError: It can't be reached, or is not what it should be.
        SettingsError: The key is missing.
    """
    waiter = Waiter(threading.Event())
    keyring = _keyring(source, settings.keys_of(source), waiter)
    client = Client(source.base_url, keyring, waiter)
    try:
        page = open_source(source.kind, source.name, client).list(since=None, until=None, page=1)
    finally:
        client.close()
    many = f"{page.total:,}" if page.total is not None else f"at least {len(page.items)}"
    return f"{source.name} answers, and lists {many} conversations."


def _sync_one(
    connection: sqlite3.Connection,
    directory: Path,
    source: SourceSettings,
    keyring: Keyring,
    waiter: Waiter,
    report: SourceReport,
    options: Options,
    progress: Progress,
) -> None:
    client = Client(source.base_url, keyring, waiter)
    opened = open_source(source.kind, source.name, client)
    try:
        if options.dry_run:
            preview(connection, opened, report, options, progress)
            return
        with transaction(connection):
            mirror.add_source(connection, source.name, source.kind, clock.now())
        SourceSync(
            connection, directory, opened, report, options, progress,
            lambda: mirror.set_spent(connection, source.name, keyring.spent()),
        ).run()  # fmt: skip
    finally:
        report.requests, report.rate_limited = client.requests, client.rate_limited
        report.waited_seconds = waiter.waited
        client.close()


def _spent(connection: sqlite3.Connection, source: SourceSettings) -> list[Spent]:
    """What earlier runs have counted."""
    return [Spent(*row) for row in mirror.spent(connection, source.name)]


def _keyring(
    source: SourceSettings, keys: Mapping[str, str], waiter: Waiter, spent: Sequence[Spent] = ()
) -> Keyring:
    return Keyring(
        [Key(name, secret) for name, secret in keys.items()],
        waiter,
        per_day=source.requests_per_day,
        spent=spent,
    )


def _quiet(_report: SourceReport, _total: int | None) -> None:
    """Nobody is told."""


def _followed(progress: Progress, index: Follower) -> Progress:
    """After each step the index takes in what was stored."""

    def step(report: SourceReport, total: int | None) -> None:
        index.follow()
        progress(report, total)

    return step


def _index(index: Follower, whole: SyncReport) -> None:
    """Index what is left; after an interruption that is left to the next run."""
    if whole.interrupted:
        return
    try:
        index.finish()
    except ConvarchiveError as error:
        last = whole.sources[-1]
        last.error = last.error or error
        last.complete = False


def _chosen(directory: Path, names: Sequence[str]) -> list[SourceSettings]:
    known = settings.sources(directory)
    for name in names:
        if name not in known:
            raise NotFound(
                f"There is no source named {name}.",
                f"There are: {', '.join(known) or 'none'}.",
                "Add it: convarchive source add",
            )
    if not known:
        raise NotFound("This archive has no source.", "", "Add one: convarchive source add ayra")
    return [known[name] for name in names or known]
