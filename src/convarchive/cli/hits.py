"""A conversation as a row for scripts, and as lines for the eye."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import screen
from convarchive.cli.output import Column
from convarchive.found import hit_row, row
from convarchive.model import Conversation, Turn

if TYPE_CHECKING:
    from convarchive.archive import Hit

__all__ = ["TABLE", "hit_row", "row", "table_row", "write_hit"]

SHOWN_TURNS = 3

TABLE = (
    Column("started", "started", least=17),
    Column("id", "id", least=24),
    Column("caller_number", "caller", least=13),
    Column("length", "length", right=True, least=6),
    Column("ended", "outcome", least=8),
    Column("agent_id", "agent", least=14, optional=True),
)


def table_row(conversation: Conversation, zone: tzinfo | None) -> dict[str, Any]:
    """A row whose times are written for people."""
    return row(conversation) | {
        "started": screen.when(conversation.started_at, zone),
        "length": screen.clock(conversation.duration),
        "ended": screen.outcome(conversation),
    }


def write_hit(number: int, hit: Hit, zone: tzinfo | None, context: int = 0) -> None:
    """A hit for the eye: who and when on one line, then what was said, with so many turns around
    each of the turns that match."""
    room = screen.columns()
    click.echo(_head(number, hit.conversation, zone, room))
    shown = {match.turn.position: match for match in hit.turns[:SHOWN_TURNS]}
    before: int | None = None
    for at, turn in enumerate(hit.conversation.turns if shown else ()):
        near = hit.conversation.turns[max(0, at - context) : at + context + 1]
        if not any(each.position in shown for each in near):
            continue
        if context and before is not None and before < at - 1:
            click.echo(click.style(f"{'⋮':>8}", dim=True))
        before = at
        match = shown.get(turn.position)
        _write_turn(turn, None if match is None else match.highlights, room)
    if not hit.turns and hit.conversation.summary:
        said = screen.highlighted(hit.conversation.summary, hit.summary, room - 19)
        click.echo(f"         {click.style('summary ', dim=True)}  {said}")
    more = len(hit.turns) - SHOWN_TURNS
    if more > 0:
        click.echo(click.style(f"{'':19}+{screen.counted(more, 'more turn')}", dim=True))


def _write_turn(turn: Turn, marks: Sequence[tuple[int, int]] | None, room: int) -> None:
    """A turn on one line; dimmed where it only stands beside one that matches."""
    place = screen.padded(screen.clock(turn.start) or "·", 8, right=True)
    speaker = screen.padded(screen.one_line(turn.speaker or turn.role), 8)
    said = screen.highlighted(turn.text, marks or (), room - 19)
    if marks is None:
        click.echo(click.style(f"{place} {speaker}  {said}", dim=True))
    else:
        click.echo(f"{place} {click.style(speaker, dim=True)}  {said}")


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
