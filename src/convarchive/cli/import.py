"""``convarchive import``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App, failed
from convarchive.cli.progress import Tell, bar
from convarchive.cli.stopping import stopping
from convarchive.errors import ConvarchiveError, Interrupted, SomeFailed, UsageError

if TYPE_CHECKING:
    from convarchive.imports import ImportReport, Options

_SHOWN = 20


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--source", metavar="NAME",
              help="Whose payloads, vCons and transcripts are; import, if it isn't given. Our own"
              " exports say it themselves.")  # fmt: skip
@click.option("--name-pattern", metavar="PATTERN",
              help="What names of transcripts tell: '{started_at:%Y-%m-%d}_{id}'.")  # fmt: skip
@click.option("--language", metavar="TAG", help="Of transcripts: en, pt-BR.")
@click.option("--timezone", metavar="ZONE",
              help="Of times in names: Europe/Berlin. Else this machine's.")  # fmt: skip
@click.option("--utc", is_flag=True, help="Times in names are in UTC.")
@click.option("--dry-run", is_flag=True, help="Only say what would go in.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    app: App,
    /,
    paths: tuple[str, ...],
    source: str | None,
    name_pattern: str | None,
    language: str | None,
    timezone: str | None,
    utc: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take in files: exports, vCons, transcripts. Run it again to go on.

    \b
    convarchive import calls.jsonl
    convarchive import subtitles/ --name-pattern '{started_at:%Y-%m-%d}_{id}'
    zcat old.jsonl.gz | convarchive import -

    A PATH is a file, a directory, a .zip or - for the standard input. Nothing is overwritten, and
    the same file again brings nothing new. convarchive problems lists what could not be taken in.
    """
    from convarchive.imports import Options
    from convarchive.imports.naming import Pattern

    zone = _zone(app._replace(utc=app.utc or utc), timezone)
    pattern = None if name_pattern is None else Pattern(name_pattern, zone)
    options = Options(source, pattern, language, dry_run)
    teller = _Teller(app)
    importing = bar(app, "Importing kB")
    with app.open(write=True) as archive, importing as show, stopping(app.say) as stop:
        report = archive.import_files(
            paths, options, stop=stop, tell=teller.tell, progress=_scaled(app, paths, show)
        )
    teller.end()
    if as_json:
        output.write_json(report.to_json())
    elif not app.quiet:
        click.echo("\n  ".join(screen.wrapped(_told(report, options), screen.columns() - 2)))
    return _judged(report, options)


class _Teller:
    """Says at the end what did not go in: the first of it, or with -v all."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._told: list[str] = []
        self._more = 0

    def tell(self, message: str) -> None:
        """One thing."""
        if len(self._told) < _SHOWN or self._app.verbose:
            self._told.append(message)
        else:
            self._more += 1

    def end(self) -> None:
        """Say it."""
        room = screen.columns(sys.stderr) - 2
        for message in self._told:
            self._app.say("\n  ".join(screen.wrapped(screen.one_line(message), room)))
        if self._more:
            self._app.say(f"… and {self._more:,} more; with -v all of them are said.")


def _zone(app: App, name: str | None) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    if name is None:
        return app.zone
    if app.utc:
        raise UsageError("--timezone and --utc can't be given together.")
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(
            f"There is no time zone {name!r}.", "", "Write it as Europe/Berlin."
        ) from error


def _scaled(app: App, paths: tuple[str, ...], show: Tell) -> Callable[[int], None]:
    """A bar counts kilobytes; how many there are is only found out where there is a bar."""
    from convarchive.imports import size

    if app.quiet or not sys.stderr.isatty():
        return lambda _done: None
    total = size(paths) // 1000
    return lambda done: show(done // 1000, total)


def _told(report: ImportReport, options: Options) -> str:
    facts = [
        f"{report.new:,} new",
        f"{report.changed:,} changed",
        f"{report.unchanged:,} unchanged",
    ]
    for number, told in (
        (report.recordings, screen.counted(report.recordings, "recording")),
        (report.kept, f"{report.kept:,} kept as stored"),
        (report.erased, f"{report.erased:,} left out, erased here"),
        (report.problems, screen.counted(report.problems, "problem")),
    ):
        if number:
            facts.append(told)
    if options.dry_run:
        facts.append("nothing was written")
    return f"{' · '.join(facts)}  (from {screen.counted(report.files, 'file')})"


def _judged(report: ImportReport, options: Options) -> int:
    """The exit code, and in words what it says."""
    error: ConvarchiveError | None = None
    if report.interrupted:
        error = Interrupted("Interrupted.", "", "Run the same command again to go on.")
    elif not report.complete:
        problems = screen.counted(report.problems, "problem")
        kept = f"{screen.counted(report.kept, 'conversation')} kept as stored"
        told = [problems] * bool(report.problems) + [kept] * bool(report.kept)
        hint = "See: convarchive problems" if report.problems and not options.dry_run else ""
        error = SomeFailed(f"Done, with {' and '.join(told)}.", "", hint)
    code = 0
    for each in (error, report.unkept):
        if each is not None:
            failed(each)
            code = max(code, each.exit_code)
    return code
