"""``convarchive demo``."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import click

from convarchive.cli import hits, screen, show
from convarchive.cli.app import App
from convarchive.errors import PathExists

if TYPE_CHECKING:
    from convarchive.archive import Archive
    from convarchive.model import Conversation

QUERY = 'customer:"charged twice"'
KEY_VARIABLE = "CONVARCHIVE_DEMO_KEY"


@click.command("demo")
@click.argument("directory", metavar="[DIR]", default="convarchive-demo")
@click.pass_obj
def command(app: App, directory: str) -> None:
    """Mirror, search, show and export made-up conversations: no key, no network.

    \b
    convarchive demo
    convarchive demo somewhere/else
    """
    from convarchive.sandbox import Sandbox

    with Sandbox() as sandbox:
        archive = _prepared(Path(directory), sandbox.base_url)
        os.environ[KEY_VARIABLE] = sandbox.key
        _step("1", "Mirror an account", f"convarchive -a {directory} sync")
        report = archive.sync(["demo"])
        synced = report.sources[0]
        for error in (synced.error, report.unkept):
            if error is not None:
                raise error
    with archive:
        told = f"{screen.counted(synced.new, 'conversation')} fetched"
        told += f", {screen.counted(synced.recordings, 'recording')}, {screen.size(synced.bytes)}"
        click.echo(f"{told}, in {report.seconds:.1f} s")
        _step("2", "Find a sentence", f"convarchive search '{QUERY}'")
        found = archive.search(QUERY, limit=3)
        click.echo(click.style(screen.counted(found.total, "conversation"), dim=True))
        for number, hit in enumerate(found.hits, start=1):
            hits.write_hit(number, hit, app.zone)
        first = found.hits[0].conversation
        _step("3", "Read the call", f"convarchive show {first.id}")
        show.write_screen(first, app.zone)
        path = archive.directory / f"{first.id}.srt"
        _step("4", "Hand it over", f"convarchive show {first.id} --format srt > {path.name}")
        _export(first, path)
    _farewell(archive.directory, first.id)


def _prepared(directory: Path, base_url: str) -> Archive:
    """The demo's archive: a new one, or that of an earlier demo, which is brought up to date."""
    from convarchive import settings
    from convarchive.archive import Archive

    source = settings.SourceSettings("demo", "ayra", base_url, KEY_VARIABLE)
    if not (directory / settings.FILE).exists():
        archive = Archive.create(directory)
    elif "demo" not in settings.sources(directory):
        raise PathExists(
            f"{directory} is an archive of its own.", "The demo leaves it alone.",
            "Name another directory: convarchive demo DIR",
        )  # fmt: skip
    else:
        archive = Archive.open(directory)
        settings.remove_source(directory, "demo")
    settings.add_source(directory, source)
    return archive


def _export(conversation: Conversation, path: Path) -> None:
    from convarchive import transcripts

    text = transcripts.write(conversation.turns, "srt", duration=conversation.duration)
    path.write_text(text, encoding="utf-8", newline="\n")
    for line in text.splitlines()[:7]:
        click.echo(screen.cut(line, screen.columns()))
    click.echo("…")


def _step(number: str, title: str, typed: str) -> None:
    click.echo()
    click.echo(click.style(f"{number}  {title}", bold=True))
    click.echo(click.style(f"$ {typed}", fg="magenta"))


def _farewell(directory: Path, identifier: str) -> None:
    click.echo()
    click.echo(click.style("The archive is yours to keep:", bold=True) + f" {directory.absolute()}")
    click.echo()
    click.echo(f"Try next, after: export CONVARCHIVE_DIR={directory}")
    program = "convarchive" if which("convarchive") else "python -m convarchive"
    for line in (
        f"{program} search '(refund OR chargeback) -voicemail'",
        f"{program} search 'language:ja' --sort newest",
        f"{program} show {identifier}",
        f"{program} export 'status:completed' --format jsonl -o calls.jsonl",
        f"{program} status",
    ):
        click.echo(f"  {line}")
