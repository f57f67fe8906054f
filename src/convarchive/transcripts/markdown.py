"""Markdown: one conversation as a page to read, to paste into a ticket, or to print.

What people have said is text, never markup: every character that Markdown or HTML could take for
its own is escaped (https://spec.commonmark.org/0.31.2/#backslash-escapes).
"""

from __future__ import annotations

import re
from typing import Final

from convarchive.model import Conversation, Turn
from convarchive.transcripts.plain import one_line
from convarchive.transcripts.roles import label
from convarchive.transcripts.timing import clock, sane

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$])")

_FACTS: Final = (
    ("Started", "started_at"),
    ("Duration", "duration"),
    ("Status", "status"),
    ("Outcome", "outcome"),
    ("Caller", "caller_number"),
    ("Agent", "agent_id"),
    ("Language", "language"),
    ("Sentiment", "sentiment"),
    ("Failure", "failure_reason"),
    ("Abandoned", "abandonment_reason"),
    ("Source", "source"),
)


def write(conversation: Conversation) -> str:
    """A heading, a table of the facts that are known, the summary, and the turns."""
    parts = [f"# Conversation {escaped(conversation.id)}", _table(conversation)]
    if conversation.summary:
        parts += ["## Summary", escaped(conversation.summary)]
    parts.append("## Transcript")
    parts += [_turn(turn) for turn in conversation.turns] or ["There is none."]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """The text in one line, with nothing in it that is markup."""
    return _MARKUP.sub(r"\\\1", one_line(text))


def _table(conversation: Conversation) -> str:
    rows = ["| | |", "|---|---|"]
    for title, name in _FACTS:
        value = getattr(conversation, name)
        if value is not None:
            told = f"{value:g} s" if isinstance(value, float) else str(value)
            rows.append(f"| {title} | {escaped(told)} |")
    return "\n".join(rows)


def _turn(turn: Turn) -> str:
    start = sane(turn.start)
    stamp = "" if start is None else f" {clock(int(start))[:-4]}"
    return f"**{escaped(label(turn.speaker, turn.role))}**{stamp}: {escaped(turn.text)}"
