"""A conversation as a row for scripts, and as lines for the eye."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import screen
from convarchive.cli.output import Column
from convarchive.model import Conversation

if TYPE_CHECKING:
    from convarchive.archive import Hit

SHOWN_TURNS = 3

TABLE = (
    Column("started", "started", least=17),
    Column("id", "id", least=24),
    Column("caller_number", "caller", least=13),
    Column("length", "length", right=True, least=6),
    Column("ended", "outcome", least=8),
    Column("agent_id", "agent", least=14, optional=True),
)

_FIELDS = (
    "id", "source", "started_at", "duration", "status", "agent_id", "caller_number", "language",
    "sentiment", "outcome", "summary", "intent", "platform", "topics", "keywords", "revision",
    "deleted_at_source",
)  # fmt: skip


def row(conversation: Conversation) -> dict[str, Any]:
    """The fields of a conversation in a row, under their names everywhere."""
    return {name: getattr(conversation, name) for name in _FIELDS} | {
        "has_transcript": conversation.has_transcript,
        "has_recording": conversation.recording is not None,
    }


def hit_row(hit: Hit) -> dict[str, Any]:
    """A row with the score and the turns that match."""
    turns = [
        match.turn._asdict() | {"highlights": [list(mark) for mark in match.highlights]}
        for match in hit.turns
    ]
    return row(hit.conversation) | {
        "score": round(hit.score, 4),
        "summary_highlights": [list(mark) for mark in hit.summary],
        "turns": turns,
    }


def table_row(conversation: Conversation, zone: tzinfo | None) -> dict[str, Any]:
    """A row whose times are written for people."""
    return row(conversation) | {
        "started": screen.when(conversation.started_at, zone),
        "length": screen.clock(conversation.duration),
        "ended": screen.outcome(conversation),
    }


def write_hit(number: int, hit: Hit, zone: tzinfo | None) -> None:
    """A hit for the eye: who and when on one line, then what was said."""
    room = screen.columns()
    click.echo(_head(number, hit.conversation, zone, room))
    for match in hit.turns[:SHOWN_TURNS]:
        place = screen.padded(screen.clock(match.turn.start) or "·", 8, right=True)
        speaker = screen.padded(screen.one_line(match.turn.speaker or match.turn.role), 8)
        said = screen.highlighted(match.turn.text, match.highlights, room - 19)
        click.echo(f"{place} {click.style(speaker, dim=True)}  {said}")
    if not hit.turns and hit.conversation.summary:
        said = screen.highlighted(hit.conversation.summary, hit.summary, room - 19)
        click.echo(f"         {click.style('summary ', dim=True)}  {said}")
    more = len(hit.turns) - SHOWN_TURNS
    if more > 0:
        click.echo(click.style(f"{'':19}+{screen.counted(more, 'more turn')}", dim=True))


def _head(number: int, conversation: Conversation, zone: tzinfo | None, room: int) -> str:
    """The line with the facts; without the agent where there is no room."""
    lead = f"{number:>3}  "
    identifier = screen.one_line(conversation.id)
    facts = [
        screen.when(conversation.started_at, zone),
        identifier,
        screen.one_line(conversation.caller_number or "no number"),
        screen.clock(conversation.duration),
        screen.outcome(conversation),
        screen.one_line(conversation.agent_id or ""),
    ]
    if screen.width(lead + "  ".join(facts)) > room:
        facts.pop()
    line = screen.cut("  ".join(fact for fact in facts if fact), max(20, room - len(lead)))
    return lead + line.replace(identifier, click.style(identifier, bold=True), 1)
