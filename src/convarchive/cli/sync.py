"""``convarchive sync``."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App, failed
from convarchive.cli.progress import add, bars
from convarchive.errors import SomeFailed, UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from convarchive.sync.report import SourceReport, SyncReport


_CENTURY = timedelta(days=36_525)
"""Who looks back further looks at everything."""


@click.command("sync")
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@click.option("--since", metavar="DATE", help="Only what started at or after it.")
@click.option("--until", metavar="DATE", help="Only what started before it.")
@click.option("--full", is_flag=True, help="List everything again.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N",
              help="Fetch at most N conversations a source.")  # fmt: skip
@click.option("--recordings/--no-recordings", default=True, help="Whether to fetch the sound.")
@click.option("--look-back", default="3d", show_default=True, metavar="TIME",
              help="How much of what was listed before is listed again.")  # fmt: skip
@click.option("--accept-mass-deletion", is_flag=True,
              help="Go on where the vendor suddenly lists much less.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    app: App,
    names: tuple[str, ...],
    since: str | None,
    until: str | None,
    full: bool,
    limit: int | None,
    recordings: bool,
    look_back: str,
    accept_mass_deletion: bool,
    as_json: bool,
) -> int:
    """Fetch what is new or has changed at the vendors. Run it again to go on.

    \b
    convarchive sync
    convarchive sync ayra --since 2026-01 --no-recordings
    convarchive sync --limit 100 --json

    The first Ctrl-C finishes what is under way, the second stops at once. Either way nothing is
    lost.
    """
    from convarchive.sync.engine import Options

    options = Options(
        since=_instant(app, "--since", since),
        until=_instant(app, "--until", until),
        full=full,
        limit=limit,
        recordings=recordings,
        look_back=_look_back(look_back),
        accept_mass_deletion=accept_mass_deletion,
    )
    with app.open() as archive, _stopping(app) as stop, bars(app) as progress:
        teller = _Teller(app, progress)
        report = archive.sync(names, options, stop=stop, announce=teller.wait, progress=teller.step)
    if as_json:
        output.write_json(report.to_json())
    elif not app.quiet:
        for source in report.sources:
            told = _told(source, teller.left.get(source.source), limited=limit is not None)
            click.echo("\n  ".join(screen.wrapped(told, screen.columns() - 2)))
    return _exit_code(report)


class _Teller:
    """Shows how far a sync is, and what it waits for."""

    def __init__(self, app: App, progress: Progress | None) -> None:
        self._app = app
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._source = ""
        self.left: dict[str, int] = {}
        """How many conversations of a source are still to be looked at, where that is known."""

    def step(self, report: SourceReport, total: int | None) -> None:
        """A page or a batch is done."""
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
        """It waits, or has waited if the reason is empty."""
        if self._progress is not None and self._source in self._tasks:
            until = (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone(self._app.zone)
            told = f"until {until:%H:%M:%S}: {screen.one_line(reason)}" if reason else ""
            self._progress.update(self._tasks[self._source], waiting=told)
        elif reason and self._app.verbose:
            self._app.say(f"Waiting {seconds:.0f} s: {reason}")


@contextlib.contextmanager
def _stopping(app: App) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets; the second ends the program."""
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        app.say("\nFinishing what is under way. Ctrl-C again stops at once.")

    before = {name: signal.signal(name, ask) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _told(report: SourceReport, left: int | None, *, limited: bool) -> str:
    """One source on one line."""
    facts = [
        f"{report.new:,} new",
        f"{report.changed:,} changed",
        f"{report.unchanged:,} unchanged",
    ]
    for number, what in (
        (report.deleted_at_source, "deleted at source"),
        (report.recordings, "recordings"),
        (report.pending, "unfinished"),
        (report.problems, "problems"),
    ):
        if number:
            facts.append(f"{number:,} {what}")
    if not report.complete:
        facts.append("stopped at the limit" if limited and not report.error else "not complete")
        facts += [f"about {left:,} to go"] if left else []
    waited = f", waited {report.waited_seconds:.0f} s" if report.waited_seconds >= 1 else ""
    spent = f"{screen.counted(report.requests, 'request')}, {screen.size(report.bytes)}{waited}"
    return f"{report.source}  {' · '.join(facts)}  ({spent})"


def _exit_code(report: SyncReport) -> int:
    """Say what went wrong; the code of the first error, or 3 where only some items failed."""
    errors = [source.error for source in report.sources if source.error is not None]
    for error in errors:
        failed(error)
    if errors:
        return errors[0].exit_code
    if many := sum(source.problems for source in report.sources):
        error = SomeFailed(
            f"{screen.counted(many, 'item')} could not be stored.", "",
            "See: convarchive problems",
        )  # fmt: skip
        failed(error)
        return error.exit_code
    return 0


def _instant(app: App, option: str, text: str | None) -> str | None:
    from convarchive.query import parse_instant

    if text is None:
        return None
    try:
        moment = parse_instant(text, now=datetime.now(UTC), zone=app.zone)
    except UsageError as error:
        raise UsageError(f"{option}: {error.what}", error.why, error.hint) from None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _look_back(text: str) -> timedelta:
    units = {"h": "hours", "d": "days", "w": "weeks"}
    number, unit = text[:-1], text[-1:]
    if number.isdecimal() and unit in units:
        with contextlib.suppress(OverflowError, ValueError):
            return min(timedelta(**{units[unit]: int(number)}), _CENTURY)
    raise UsageError(
        f"--look-back: {text!r} is no length of time.", "", "Write it as 12h, 3d or 2w."
    )
