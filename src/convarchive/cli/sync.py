"""``convarchive sync``."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.cli.progress import bars
from convarchive.cli.stopping import stopping
from convarchive.cli.telling import Log, Screen, Teller
from convarchive.errors import ConvarchiveError, DamageFound, SomeFailed, UsageError

if TYPE_CHECKING:
    from convarchive.alerts import Outcome
    from convarchive.archive import Archive
    from convarchive.sync.engine import Options
    from convarchive.sync.report import SourceReport, SyncReport


_HOPELESS = (2, 5, 6, 130)
"""Exit codes that another round would not change: usage, key, no such source, interrupted."""

_SHORTEST_PAUSE = timedelta(seconds=1)

_CENTURY = timedelta(days=36_525)
"""Who looks back further looks at everything, and nothing can wait for longer."""


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
@click.option("--every", metavar="TIME", help="Go on for ever, with so much time between.")
@click.option("--dry-run", is_flag=True, help="Only say what would be fetched.")
@click.option("--metrics", type=click.Path(dir_okay=False), metavar="FILE",
              help="Write figures for Prometheus.")  # fmt: skip
@click.option("--log-json", is_flag=True, help="Say everything on stderr as JSON lines.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    app: App,
    /,
    names: tuple[str, ...],
    every: str | None,
    metrics: str | None,
    log_json: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Fetch what is new or has changed at the vendors. Run it again to go on.

    \b
    convarchive sync
    convarchive sync ayra --since 2026-01 --no-recordings
    convarchive sync --every 15m --log-json --metrics convarchive.prom

    The first Ctrl-C finishes what is under way, the second stops at once. Either way nothing is
    lost.
    """
    options = _options(app, asked)
    pause = None if every is None else max(span("--every", every), _SHORTEST_PAUSE)
    with (
        app.open(write=True) as archive,
        bars(app._replace(quiet=app.quiet or log_json)) as progress,
    ):
        teller: Teller = Log() if log_json else Screen(app, progress)
        with stopping(teller.say) as stop:
            while True:
                code = _once(app, archive, names, options, stop, teller, metrics, as_json)
                if pause is None or code in _HOPELESS:
                    return code
                if stop.wait(pause.total_seconds()):
                    return 0


def _once(
    app: App,
    archive: Archive,
    names: tuple[str, ...],
    options: Options,
    stop: threading.Event,
    teller: Teller,
    metrics: str | None,
    as_json: bool,
) -> int:
    """One sync of all sources; its exit code."""
    try:
        report = archive.sync(names, options, stop=stop, announce=teller.wait, progress=teller.step)
        teller.ended(report)
        if metrics is not None:
            from convarchive.metrics import write

            write(Path(metrics), archive.status(), report)
    except ConvarchiveError as error:
        teller.failed(error)
        return error.exit_code
    acted = [] if options.dry_run or stop.is_set() else _alerts(archive, stop, teller)
    if as_json:
        alerts = [
            {"alert": each.alert, "delivered": each.delivered, "left": each.left} for each in acted
        ]
        output.write_json(report.to_json() | {"alerts": alerts})
    elif not app.quiet and not isinstance(teller, Log):
        for source in report.sources:
            told = _told(source, teller.left.get(source.source), options)
            click.echo("\n  ".join(screen.wrapped(told, screen.columns() - 2)))
    failed = any(each.error for each in acted)
    return _exit_code(report, teller) or (SomeFailed.exit_code if failed else 0)


def _alerts(archive: Archive, stop: threading.Event, teller: Teller) -> list[Outcome]:
    """Act on what matches an alert since this sync, and say what could not be."""
    from convarchive.alerts import Outcome, read

    try:
        if not read(archive.directory):
            return []
        with archive.alerts() as alerts:
            acted = alerts.run(stop)
    except ConvarchiveError as error:
        acted = [Outcome("", 0, 0, error)]
    for each in acted:
        if each.delivered:
            new = "new match" if each.delivered == 1 else "new matches"
            teller.say(screen.one_line(f"alert @{each.alert}: {each.delivered:,} {new}"))
        if each.error is not None:
            what = f"The alert @{each.alert} failed: " if each.alert else "The alerts failed: "
            why = f"{each.error.why} {each.left:,} are left." if each.left else each.error.why
            hint = f"Try it: convarchive alert @{each.alert} --test" if each.left else ""
            hint = hint or each.error.hint
            teller.failed(SomeFailed(f"{what}{each.error.what}", why.strip(), hint))
    return acted


def _options(app: App, asked: dict[str, Any]) -> Options:
    from convarchive.sync.engine import Options

    return Options(
        **asked
        | {
            "since": _instant(app, "--since", asked["since"]),
            "until": _instant(app, "--until", asked["until"]),
            "look_back": span("--look-back", asked["look_back"]),
        }
    )


def _told(report: SourceReport, left: int | None, options: Options) -> str:
    """One source on one line."""
    facts = [
        f"{report.new:,} new",
        f"{report.changed:,} changed",
        f"{report.unchanged:,} unchanged",
    ]
    for number, told in (
        (report.deleted_at_source, f"{report.deleted_at_source:,} deleted at source"),
        (report.erased, f"{report.erased:,} left out, erased here"),
        (report.recordings, screen.counted(report.recordings, "recording")),
        (report.pending, f"{report.pending:,} unfinished"),
        (report.problems, screen.counted(report.problems, "problem")),
    ):
        if number:
            facts.append(told)
    if not report.complete:
        limited = options.limit is not None and not report.error
        dry = "nothing was fetched" if options.dry_run else "not complete"
        facts.append("stopped at the limit" if limited else dry)
        facts += [f"about {left:,} to go"] if left else []
    waited = f", waited {report.waited_seconds:.0f} s" if report.waited_seconds >= 1 else ""
    spent = f"{screen.counted(report.requests, 'request')}, {screen.size(report.bytes)}{waited}"
    return f"{report.source}  {' · '.join(facts)}  ({spent})"


def _exit_code(report: SyncReport, teller: Teller) -> int:
    """Say what went wrong; the code of the worst, or 3 where only some items failed."""
    errors = [source.error for source in report.sources if source.error is not None]
    for error in errors:
        teller.failed(error)
    if report.unkept is not None:
        teller.failed(report.unkept)
        if isinstance(report.unkept, DamageFound):
            return report.unkept.exit_code
    if errors:
        return errors[0].exit_code
    if many := sum(source.problems for source in report.sources):
        error = SomeFailed(
            f"{screen.counted(many, 'item')} could not be stored.", "",
            "See: convarchive problems",
        )  # fmt: skip
        teller.failed(error)
        return error.exit_code
    return 0 if report.unkept is None else report.unkept.exit_code


def _instant(app: App, option: str, text: str | None) -> str | None:
    from convarchive.query import parse_instant

    if text is None:
        return None
    try:
        moment = parse_instant(text, now=datetime.now(UTC), zone=app.zone)
    except UsageError as error:
        raise UsageError(f"{option}: {error.what}", error.why, error.hint) from None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(option: str, text: str) -> timedelta:
    """A length of time that an option was given: ``15m``, ``12h``, ``3d``, ``2w``.

    Raises:
        UsageError: It is none.
    """
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    number, unit = text[:-1], text[-1:]
    if number.isdecimal() and unit in units:
        with contextlib.suppress(OverflowError, ValueError):
            return min(timedelta(**{units[unit]: int(number)}), _CENTURY)
    raise UsageError(
        f"{option}: {text!r} is no length of time.", "", "Write it as 15m, 12h, 3d or 2w."
    )
