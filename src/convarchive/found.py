"""What a search brings: conversations, and where in them it was said."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

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
