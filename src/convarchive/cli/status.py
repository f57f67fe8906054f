"""``convarchive status``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.status import SOON
from convarchive.store.mirror import IMPORTED

if TYPE_CHECKING:
    from convarchive.status import SourceStatus, Status


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--utc", is_flag=True, help="Show dates in UTC.")
@click.pass_obj
def command(app: App, as_json: bool, utc: bool) -> None:
    """How the archive is, on one screen.

    \b
    convarchive status
    convarchive status --json
    """
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        status = archive.status()
    if as_json:
        output.write_json(status.to_json())
        return
    _write(app, status)


def _write(app: App, status: Status) -> None:
    health = "healthy"
    if not status.healthy:
        health = click.style("needs attention", fg="red")
    facts = f"{screen.counted(status.conversations, 'conversation')} · {screen.size(status.bytes)}"
    name = screen.one_line(status.archive)
    room = max(8, screen.columns() - screen.width(f"  {facts} · needs attention"))
    name = screen.padded(name, min(room, max(24, screen.width(name))))
    click.echo(f"{click.style(name, bold=True)}  {facts} · {health}")
    width = max([8, *(len(source.source) for source in status.sources)])
    for source in status.sources:
        heads = [source.source]
        for line in screen.filled(_told(app, source), "   ", screen.columns() - width - 4):
            click.echo(f"  {heads.pop() if heads else '':<{width}}  {line}")
    click.echo(f"  {'search':<{width}}  {_index(status)}{_verified(app, status)}")
    kept = f"{screen.counted(status.recordings, 'recording')}, "
    kept += f"{screen.counted(status.revisions, 'revision')}, {status.turns:,} turns"
    if status.recordings_absent:
        kept += f", {screen.counted(status.recordings_absent, 'recording')} known without sound"
    if status.deleted_at_source:
        kept += f", {status.deleted_at_source:,} deleted at the source and kept"
    click.echo(f"  {'kept':<{width}}  {kept}")
    heads = ["evidence"]
    for line in screen.filled(_evidence(app, status), " · ", screen.columns() - width - 4):
        click.echo(f"  {heads.pop() if heads else '':<{width}}  {line}")
    if status.holds:
        told = f"{status.holds:,}, {screen.counted(status.held, 'conversation')} held"
        click.echo(f"  {'holds':<{width}}  {told}    convarchive hold list")
    if status.unfinished_disposals:
        told = "destroyed, and may still be on the disk    convarchive retention apply"
        click.echo(f"  {'disposal':<{width}}  {click.style(told, fg='red')}")
    if status.problems:
        told = f"{status.problems:,}    convarchive problems"
        click.echo(f"  {'problems':<{width}}  {click.style(told, fg='red')}")


def _told(app: App, source: SourceStatus) -> list[str]:
    if source.kind == IMPORTED:
        facts = [f"imported from files, {screen.counted(source.conversations, 'conversation')}"]
    else:
        facts = [f"synced {_ago(source.synced_at)}" if source.synced_at else "never synced"]
    if source.complete_until:
        facts.append(f"complete to {screen.when(source.complete_until, app.zone).strip()}")
    elif source.synced_at is not None:
        facts.append("not complete yet")
    if source.pending:
        facts.append(f"{source.pending:,} unfinished")
    if source.recordings_missing:
        facts.append(f"{screen.counted(source.recordings_missing, 'recording')} missing")
    if source.vanishing:
        told = f"{source.vanishing:,} not fetched yet vanish in {SOON.days} days"
        facts.append(click.style(told, fg="red"))
    return facts


def _index(status: Status) -> str:
    if not status.index_usable:
        return click.style("no usable index    convarchive reindex", fg="red")
    if status.unindexed:
        told = f"{screen.counted(status.unindexed, 'conversation')} behind    convarchive reindex"
        return click.style(told, fg="red")
    return "up to date"


def _evidence(app: App, status: Status) -> list[str]:
    entries = screen.counted(status.ledger_entries, "entry", "entries")
    if status.checkpoint_error:
        missing = status.checkpoint_entries is None
        hint = "convarchive checkpoint" if missing else "convarchive checkpoint list"
        return [click.style(screen.one_line(status.checkpoint_error), fg="red"), hint]
    if status.checkpoint is None:
        return [entries, "not signed yet"]
    at = screen.when(status.checkpoint_at, app.zone).strip()
    since = status.ledger_entries - (status.checkpoint_entries or 0)
    told = f"{entries}, {since:,} of them since then" if since else f"{entries}, signed"
    return [f"checkpoint {status.checkpoint[:8]}… of {at}", told]


def _verified(app: App, status: Status) -> str:
    """When all of it was last verified; nothing if it never was."""
    if status.verified_at is None:
        return ""
    day = screen.when(status.verified_at, app.zone).strip().rpartition(" ")[0]
    if status.damaged:
        told = f"verified {day}, {screen.counted(status.damaged, 'item')} damaged"
        return "    " + click.style(f"{told}    convarchive verify", fg="red")
    return f"    verified {day}, no damage"


def _ago(instant: str) -> str:
    seconds = (datetime.now(UTC) - datetime.fromisoformat(instant)).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("min", 60)):
        if seconds >= 2 * length or (unit == "min" and seconds >= length):
            many = int(seconds // length)
            return f"{many:,} {unit}{'' if unit == 'min' else 's'} ago"
    return "just now"
