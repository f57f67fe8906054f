"""What a sync would fetch: it lists as the sync does, and writes nothing."""

from __future__ import annotations

import sqlite3

from convarchive.sources.base import Listed, Source
from convarchive.store import mirror, tombstones
from convarchive.sync.engine import Options, Progress, stretch
from convarchive.sync.report import SourceReport
from convarchive.sync.walk import walk


def preview(
    connection: sqlite3.Connection,
    source: Source,
    report: SourceReport,
    options: Options,
    progress: Progress,
) -> None:
    """Count what is new, changed and unchanged; complete if nothing would be fetched."""
    row = mirror.source(connection, source.name)
    since, _ = stretch(row.listed_to if row else None, options)
    for step in walk(source, since, options.until):
        _count(connection, source.name, step.items, report)
        progress(report, step.total)
    report.complete = not report.new and not report.changed


def _count(
    connection: sqlite3.Connection, name: str, items: tuple[Listed, ...], report: SourceReport
) -> None:
    erased = tombstones.erased(connection, name, [item.id for item in items])
    items = tuple(item for item in items if item.id not in erased)
    report.erased += len(erased)
    known = mirror.known(connection, name, [item.id for item in items])
    new = sum(item.id not in known for item in items)
    same = sum(known.get(item.id) == item.fingerprint is not None for item in items)
    report.listed += len(items)
    report.new += new
    report.unchanged += same
    report.changed += len(items) - new - same
