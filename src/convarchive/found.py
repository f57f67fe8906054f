"""What a search brings: conversations, and where in them it was said."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from convarchive.errors import IndexUnusable
from convarchive.index import reader
from convarchive.index.locator import Locator, Match
from convarchive.model import Conversation
from convarchive.query import tree
from convarchive.store import rows


class Hit(NamedTuple):
    """One conversation that was found."""

    conversation: Conversation
    score: float
    """How well it matches; 0 where the order is another one."""
    turns: list[Match]
    """The turns that match, in their order, with the matching stretches of their text."""
    summary: tuple[tuple[int, int], ...]
    """The matching stretches of the summary, in characters."""


class Found(NamedTuple):
    """The answer to a search."""

    query: str
    total: int
    """Of conversations that match, beyond those in ``hits``, too."""
    hits: list[Hit]
    unindexed: int
    """Of conversations that are stored and could not be found, since the index lacks them still."""


def assembled(
    connection: sqlite3.Connection, node: tree.Node, found: Sequence[reader.Hit]
) -> list[Hit]:
    """The index's keys with what the store has to them, in the same order."""
    scores = {hit.key: hit.score for hit in found}
    locator = Locator(node)
    return [
        Hit(
            conversation,
            scores[key],
            locator.locate(conversation),
            locator.summary(conversation),
        )
        for key, conversation in rows.read(connection, list(scores))
    ]


class Explained(NamedTuple):
    """What is understood of a query."""

    query: str
    """The same query in canonical form: dates as instants, saved searches written out."""
    parts: list[tuple[str, int | None]]
    """What stands side by side in it, and how many conversations each finds by itself; None
    where there is no usable index. Empty where there is only one."""


def explained(node: tree.Node, index: Callable[[], reader.Reader]) -> Explained:
    """A query printed back."""
    from convarchive.query import to_text

    parts = node.children if isinstance(node, tree.And | tree.Or) else ()
    try:
        asked = index() if parts else None
    except IndexUnusable:
        asked = None
    counts = [(to_text(part), asked.count(part) if asked else None) for part in parts]
    return Explained(to_text(node), counts)


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
