"""``convarchive verify``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.cli.progress import add, bars
from convarchive.cli.stopping import stopping
from convarchive.cli.sync import span
from convarchive.errors import DamageFound, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID

    from convarchive.compliance.verify import Damage, Options, Report

_SHOWN = 20
"""Damages that a terminal shows; whatever else reads gets all of them."""


@click.command("verify")
@click.argument("path", required=False, metavar="[PATH]", type=click.Path())
@click.option("--quick", is_flag=True, help="Neither unpack the vendor's bytes nor read the sound.")
@click.option("--sample", metavar="5%", help="Of the conversations, look at so many.")
@click.option("--max-duration", metavar="TIME", help="Begin with no more of them after this time.")
@click.option("--checkpoint", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="One that was kept elsewhere.")  # fmt: skip
@click.option("--source", metavar="NAME", help="Compare with what this vendor has now, too.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", show_default="one a processor",
              help="Processes.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    app: App,
    path: str | None,
    quick: bool,
    sample: str | None,
    max_duration: str | None,
    checkpoint: Path | None,
    source: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """See whether the archive is whole and as it was stored. Damage is named; exit code 7.

    \b
    convarchive verify
    convarchive verify --quick --checkpoint /elsewhere/000000001234-5faa0950.txt
    convarchive verify --sample 5%             each night; it goes on where it was
    convarchive verify /mnt/backups/calls-2026-01-31

    With PATH it is another archive, or a backup, that is only read. --sample and --max-duration
    begin with the conversations that were verified least recently; the ledger is always read whole.
    """
    from convarchive.archive import Archive
    from convarchive.compliance.verify import Options

    options = Options(
        quick=quick,
        sample=None if sample is None else _share(sample),
        max_duration=None if max_duration is None else _seconds(max_duration),
        checkpoint=checkpoint,
        source=source,
        jobs=jobs or os.cpu_count() or 1,
        remember=path is None,
    )
    with Archive(path or app.locate()) as archive:
        report = _run(app, archive.verify, options, quiet=as_json)
    _write(app, report, as_json=as_json)
    _fail(report)


def _run(app: App, verify: Callable[..., Report], options: Options, *, quiet: bool) -> Report:
    shown = 0

    def tell(damage: Damage) -> None:
        nonlocal shown
        shown += 1
        if not quiet and (shown <= _SHOWN or not sys.stdout.isatty()):
            _write_damage(damage)

    with bars(app) as progress, stopping(app.say) as stop:
        return verify(options, stop=stop, tell=tell, progress=Bars(progress).step)


class Bars:
    """A bar for each thing that is looked at."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def step(self, what: str, done: int, total: int | None) -> None:
        """So much of it is done."""
        if self._progress is not None:
            task = self._tasks.get(what)
            if task is None:
                task = self._tasks[what] = add(self._progress, what)
            self._progress.update(task, completed=done, total=total)


def _write_damage(damage: Damage) -> None:
    room = min(screen.columns(), 100) - 2
    click.echo(f"{click.style(damage.kind, fg='red')}  {screen.one_line(damage.where)}")
    told = f"{damage.what} {damage.effect} {damage.remedy}"
    for line in screen.wrapped(screen.one_line(told), room):
        click.echo(f"  {line}")


def _write(app: App, report: Report, *, as_json: bool) -> None:
    """What was looked at, and what was noticed."""
    if as_json:
        output.write_json(report.to_json())
        return
    hidden = len(report.damage) - _SHOWN
    if hidden > 0 and sys.stdout.isatty():
        click.echo(f"… and {hidden:,} more. All of them: convarchive verify --json")
    checked = report.checked
    ledger = f"{checked['ledger_entries']:,} entries of the ledger, root {report.ledger.root[:8]}…"
    agree = (
        f"{report.ledger.checkpoints:,} of {screen.counted(checked['checkpoints'], 'checkpoint')}"
    )
    counts = [
        screen.counted(checked[name], noun)
        for name, noun in (
            ("conversations", "conversation"),
            ("documents", "document"),
            ("recording_files", "recording"),
        )
    ]
    facts = [f"{ledger}, {agree} agree", ", ".join([*counts, screen.size(checked["bytes"])])]
    if not app.quiet:
        for line in facts:
            click.echo(line)
        for note in report.notes:
            click.echo("\n  ".join(screen.wrapped(f"Note: {screen.one_line(note)}", 98)))
        if report.ok and not report.stopped:
            click.echo(click.style(f"No damage. ({report.seconds:.1f} s)", fg="green"))


def _fail(report: Report) -> None:
    """The exit code, by the error that has it."""
    if not report.ok:
        kinds = ", ".join(dict.fromkeys(damage.kind for damage in report.damage))
        many = screen.counted(len(report.damage), "item")
        raise DamageFound(
            f"Damage was found: {many}.", f"Of these kinds: {kinds}.",
            "Keep archive.db as it is, and see docs/evidence.md.",
        )  # fmt: skip
    if report.stopped:
        raise Interrupted(
            "Interrupted.",
            f"{report.left:,} conversations were not looked at; so far nothing is damaged.",
            "With --sample or --max-duration the next run goes on with the rest.",
        )


def _share(text: str) -> float:
    """``5%`` as a part of 1."""
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not text.endswith("%") or not 0 < share <= 1:
        raise UsageError(f"--sample: {text!r} is no share.", "", "Write it as 5% or 0.5%.")
    return share


def _seconds(text: str) -> float:
    return span("--max-duration", text).total_seconds()
