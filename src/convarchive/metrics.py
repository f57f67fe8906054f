"""Figures for a monitor, so that someone is called when the sync stops.

A file in Prometheus's text format (https://prometheus.io/docs/instrumenting/exposition_formats/),
made for the node exporter's textfile collector. It is replaced whole, so a reader never sees half.
Alert on ``time() - convarchive_last_success_timestamp_seconds``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from convarchive.errors import UsageError
from convarchive.status import SourceStatus, Status
from convarchive.sync.report import SourceReport, SyncReport

_STORED = (
    ("conversations", "Conversations that are stored.", "conversations"),
    ("pending", "Conversations that are not finished at the vendor.", "pending"),
    ("problems", "Conversations and recordings that could not be had.", "problems"),
    ("requests_today", "Requests of all keys today, by UTC.", "requests_today"),
    ("recordings_missing", "Recordings that are offered and not stored.", "recordings_missing"),
    ("vanishing", "Not here whole, and deleted by the vendor within three days.", "vanishing"),
)
_LAST_SYNC = (
    ("last_sync_complete", "Whether the last sync got everything.", "complete"),
    ("last_sync_new", "Conversations that the last sync found new.", "new"),
    ("last_sync_changed", "Conversations that the last sync found changed.", "changed"),
    ("last_sync_requests", "Requests that the last sync made.", "requests"),
    ("last_sync_rate_limited", "Answers that refused for the rate.", "rate_limited"),
    ("last_sync_waited_seconds", "Seconds that the last sync waited.", "waited_seconds"),
)


def write(path: Path, status: Status, report: SyncReport) -> None:
    """Replace the file.

    Raises:
        UsageError: It can't be written there.
    """
    text = "".join(f"{line}\n" for line in _lines(status, report))
    try:
        descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            # The collector runs as another user.
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", f"{error.strerror}.") from error


def _lines(status: Status, report: SyncReport) -> Iterator[str]:
    sources = status.sources
    yield from _gauge(
        "last_sync_timestamp_seconds", "When the last sync ended.",
        ((source.source, _unix(source.synced_at)) for source in sources),
    )  # fmt: skip
    yield from _gauge(
        "last_success_timestamp_seconds", "Everything that started before this is stored.",
        ((source.source, _unix(source.complete_until)) for source in sources),
    )  # fmt: skip
    for name, what, field in _STORED:
        yield from _gauge(name, what, _values(sources, field))
    for name, what, field in _LAST_SYNC:
        yield from _gauge(name, what, _values(report.sources, field))
    yield from _gauge("unindexed", "Stored and not yet found.", [("", status.unindexed)])
    yield from _gauge("bytes", "Size of the archive on the disk.", [("", status.bytes)])


def _values(
    sources: Iterable[SourceStatus | SourceReport], field: str
) -> Iterator[tuple[str, float]]:
    return ((source.source, float(getattr(source, field))) for source in sources)


def _gauge(name: str, what: str, values: Iterable[tuple[str, float | None]]) -> Iterator[str]:
    yield f"# HELP convarchive_{name} {what}"
    yield f"# TYPE convarchive_{name} gauge"
    for source, value in values:
        if value is not None:
            # Names of sources are letters, digits, - and _: nothing to escape.
            label = f'{{source="{source}"}}' if source else ""
            yield f"convarchive_{name}{label} {value:.15g}"


def _unix(instant: str | None) -> float | None:
    return None if instant is None else datetime.fromisoformat(instant).timestamp()
