"""What a sync says while it runs: bars and sentences for people, or JSON lines for a log."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from convarchive.cli import screen
from convarchive.cli.app import App, failed
from convarchive.cli.progress import add
from convarchive.errors import ConvarchiveError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from convarchive.sync.report import SourceReport, SyncReport


class Teller(Protocol):
    """Where a sync says how far it is."""

    left: dict[str, int]
    """How many conversations of a source are still to be looked at, where that is known."""

    def step(self, report: SourceReport, total: int | None) -> None:
        """A page or a batch is done."""

    def wait(self, reason: str, seconds: float) -> None:
        """It waits; with an empty reason, it has waited."""

    def say(self, message: str) -> None:
        """Something that isn't data."""

    def ended(self, report: SyncReport) -> None:
        """It is done with every source."""

    def failed(self, error: ConvarchiveError) -> None:
        """Something went wrong."""


class Screen:
    """For people: bars on a terminal, sentences elsewhere."""

    def __init__(self, app: App, progress: Progress | None) -> None:
        self._app = app
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._source = ""
        self.left: dict[str, int] = {}

    def step(self, report: SourceReport, total: int | None) -> None:
        """Move the bar."""
        self._source = report.source
        done = min(report.listed, report.fetched + report.unchanged + report.problems)
        if total is not None:
            self.left[report.source] = max(0, total - done)
        if self._progress is None:
            return
        if report.source not in self._tasks:
            self._tasks[report.source] = add(self._progress, report.source)
        self._progress.update(self._tasks[report.source], completed=done, total=total)

    def wait(self, reason: str, seconds: float) -> None:
        """Say in the bar's place until when, and what for."""
        if self._progress is not None and self._source in self._tasks:
            until = (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone(self._app.zone)
            told = f"until {until:%H:%M:%S}: {screen.one_line(reason)}" if reason else ""
            self._progress.update(self._tasks[self._source], waiting=told)
        elif reason and self._app.verbose:
            self._app.say(f"Waiting {seconds:.0f} s: {reason}")

    def say(self, message: str) -> None:
        """A sentence on stderr."""
        self._app.say(message)

    def ended(self, report: SyncReport) -> None:
        """Nothing: the command prints what was done."""

    def failed(self, error: ConvarchiveError) -> None:
        """What, why, and what next."""
        failed(error)


class Log:
    """For machines: one JSON object a line on stderr, each with ``time``, ``level``, ``event``."""

    def __init__(self) -> None:
        self.left: dict[str, int] = {}

    def step(self, report: SourceReport, total: int | None) -> None:
        """``progress``."""
        self._write(
            "info", "progress", source=report.source, listed=report.listed,
            fetched=report.fetched, problems=report.problems, total=total,
        )  # fmt: skip

    def wait(self, reason: str, seconds: float) -> None:
        """``waiting``."""
        if reason:
            self._write("info", "waiting", reason=reason, seconds=round(seconds, 1))

    def say(self, message: str) -> None:
        """``note``."""
        self._write("info", "note", message=message.strip())

    def ended(self, report: SyncReport) -> None:
        """``synced``, for each source, with all the fields of ``sync --json``."""
        for source in report.to_json()["sources"]:
            self._write("info" if source["complete"] else "warning", "synced", **source)

    def failed(self, error: ConvarchiveError) -> None:
        """``failed``."""
        self._write(
            "error", "failed", what=error.what, why=error.why, hint=error.hint,
            exit_code=error.exit_code,
        )  # fmt: skip

    def _write(self, level: str, event: str, **fields: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": at, "level": level, "event": event, **fields})
        print(line, file=sys.stderr, flush=True)
