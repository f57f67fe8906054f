"""``convarchive show``."""

from __future__ import annotations

import contextlib
import math
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import tzinfo

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.errors import UsageError
from convarchive.model import Conversation, Turn, record
from convarchive.transcripts.plain import plain

FORMATS = ("text", "json", "srt", "vtt", "markdown", "raw")

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{2}(?:\.\d+)?)")


@click.command("show")
@click.argument("name", metavar="ID")
@click.option("--format", "form", type=click.Choice(FORMATS),
              help="A transcript as text, srt, vtt or markdown; all of it as json; the vendor's own"
              " bytes as raw. Without: for the eye.")  # fmt: skip
@click.option("--revision", type=click.IntRange(min=1), metavar="N", help="An earlier state.")
@click.option("--at", metavar="SECONDS", help="Begin there in the call: 65 or 1:05.")
@click.option("--utc", is_flag=True, help="Show dates in UTC.")
@click.pass_obj
def command(
    app: App, name: str, form: str | None, revision: int | None, at: str | None, utc: bool
) -> None:
    """Show one conversation. ID may be SOURCE/ID, or the beginning of an id.

    \b
    convarchive show conv_8f2kq1
    convarchive show conv_8f2kq1 --at 1:05
    convarchive show conv_8f2kq1 --format srt > call.srt
    """
    place = None if at is None else _seconds(at)
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        conversation = archive.show(name, revision)
        held = archive.held_by(archive.find(name))
        whole_name = f"{conversation.source}/{conversation.id}"
        archive.note_access("show", whole_name, conversations=1, form=form)
        if form == "raw":
            from convarchive.records import NAMED

            for document, body in archive.documents(archive.find(name), revision):
                if document != NAMED:
                    _write_bytes(body)
            return
    if form == "json":
        output.write_json(record(conversation) | ({"held": held} if held else {}))
    elif form is not None:
        text = _transcript(conversation, form)
        click.echo(plain(text, show_bidi=True) if sys.stdout.isatty() else text, nl=False)
    else:
        write_screen(conversation, app.zone, place, held)


def write_screen(
    conversation: Conversation,
    zone: tzinfo | None,
    at: float | None = None,
    held: Sequence[str] = (),
) -> None:
    """A conversation for the eye: the facts, the summary, then who said what, and when."""
    room = min(screen.columns(), 100)
    name = screen.one_line(conversation.id)
    first, *facts = _facts(conversation, zone, screen.columns(), held)
    click.echo(first.replace(name, click.style(name, bold=True), 1))
    for line in facts:
        click.echo(line)
    if conversation.summary:
        click.echo()
        for line in screen.wrapped(screen.one_line(conversation.summary), room):
            click.echo(line)
    click.echo()
    if not conversation.turns:
        click.echo(_nothing_said(conversation))
        return
    turns = conversation.turns if at is None else _from(conversation.turns, at)
    names = max(screen.width(_speaker(turn)) for turn in turns)
    names = min(names, 14)
    if turns[0].position:
        click.echo(click.style(f"… {screen.counted(turns[0].position, 'turn')} before", dim=True))
    for turn in turns:
        _write_turn(turn, names, room)


def _facts(
    conversation: Conversation, zone: tzinfo | None, room: int, held: Sequence[str]
) -> list[str]:
    """What is known of the call, in lines of at most so many columns."""
    ended = screen.outcome(conversation)
    how = " · ".join(dict.fromkeys((conversation.status.replace("_", " "), ended)))
    reason = conversation.failure_reason or conversation.abandonment_reason
    head = f"{conversation.id}  {how}" + (f" ({reason})" if reason else "")
    facts = [
        screen.when(conversation.started_at, zone).strip(),
        screen.clock(conversation.duration),
        conversation.caller_number or "no number",
        conversation.agent_id,
        conversation.language,
        conversation.sentiment,
        conversation.intent,
    ]
    lines = screen.wrapped(screen.one_line(head), room)
    lines += screen.filled([screen.one_line(fact) for fact in facts if fact], "  ", room)
    for label, text in _labelled(conversation, held):
        first, *more = screen.wrapped(screen.one_line(text), max(20, room - 11))
        lines += [f"{label:<11}{first}", *(f"{'':<11}{line}" for line in more)]
    return lines


def _labelled(conversation: Conversation, held: Sequence[str]) -> Iterator[tuple[str, str]]:
    if conversation.topics:
        yield "topics", ", ".join(conversation.topics)
    recording = conversation.recording
    if recording and recording.bytes is not None:
        kind = recording.media_type or "unknown type"
        yield "recording", f"{screen.size(recording.bytes)}, {kind}, {recording.sha256}"
    if conversation.revision > 1:
        yield "revision", f"{conversation.revision}, see: convarchive history"
    if held:
        yield "held by", ", ".join(held)


def _write_turn(turn: Turn, names: int, room: int) -> None:
    place = screen.padded(screen.clock(turn.start), 7, right=True)
    color = "magenta" if turn.role == "customer" else None
    speaker = click.style(screen.padded(_speaker(turn), names), fg=color)
    lines = [
        line
        for part in turn.text.splitlines() or [""]
        for line in screen.wrapped(screen.one_line(part), max(20, room - names - 11))
    ]
    click.echo(f"{place}  {speaker}  {lines[0] if lines else ''}".rstrip())
    for line in lines[1:]:
        click.echo(" " * (names + 11) + line)


def _speaker(turn: Turn) -> str:
    return screen.one_line(turn.speaker or turn.role)


def _from(turns: Sequence[Turn], at: float) -> Sequence[Turn]:
    """From the turn before the one that is spoken then."""
    current = 0
    for index, turn in enumerate(turns):
        if turn.start is not None and int(turn.start) <= at:
            current = index
    return turns[max(0, current - 1) :]


def _nothing_said(conversation: Conversation) -> str:
    if conversation.has_transcript:
        return "The transcript has no turns."
    if conversation.status in ("in_progress", "completed"):
        return "The transcript is not there yet. The next sync looks again."
    return "There is no transcript."


def _transcript(conversation: Conversation, form: str) -> str:
    from convarchive import transcripts
    from convarchive.transcripts import markdown

    if form == "markdown":
        return markdown.write(conversation)
    return transcripts.write(conversation.turns, form, duration=conversation.duration)


def _write_bytes(body: bytes) -> None:
    if sys.stdout.isatty():
        click.echo(plain(body.decode("utf-8", errors="replace"), show_bidi=True))
    else:
        sys.stdout.buffer.write(body)


def _seconds(at: str) -> float:
    found = _CLOCK.fullmatch(at)
    if found:
        hours, minutes, seconds = found.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    with contextlib.suppress(ValueError):
        if math.isfinite(seconds := float(at)):
            return seconds
    raise UsageError(f"{at!r} is no place in a call.", "", "Write it as 65 or 1:05.")
