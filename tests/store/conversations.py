"""Conversations as bad as they come, and how they are received."""

from __future__ import annotations

import sqlite3
from typing import Any

from hypothesis import strategies as st

from convarchive.model import ROLES, STATUSES, Conversation, Recording, Turn
from convarchive.store.ingest import Received

AT = "2026-02-01T12:00:00.000000Z"
"""When the first of everything is received; later ones have another hour."""


def texts(**options: Any) -> st.SearchStrategy[str]:
    """Any text that UTF-8 can hold, and some that has caused trouble elsewhere."""
    awkward = [
        "\0",
        "a\0b",
        "'; DROP TABLE turns; --",
        "🙂",
        "\u202e",
        "\r\n\x1b[0m",
        "é",
        "e\u0301",
    ]
    return st.text(**options) | st.sampled_from(awkward)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
TURNS = st.lists(
    st.builds(
        Turn,
        position=st.just(0),
        speaker=texts(max_size=10),
        role=st.sampled_from(ROLES),
        text=texts(max_size=30),
        start=st.none() | NUMBERS,
        end=st.none() | NUMBERS,
        confidence=st.none() | st.floats(0, 1),
    ),
    max_size=5,
).map(lambda turns: tuple(turn._replace(position=at) for at, turn in enumerate(turns)))


def conversations() -> st.SearchStrategy[Conversation]:
    """Any conversation of the source ``ayra`` as it comes from the vendor."""
    text, values = st.none() | texts(max_size=12), st.lists(JSON, max_size=3).map(tuple)
    words = st.lists(texts(min_size=1, max_size=8), max_size=3, unique=True).map(tuple)
    return st.builds(
        Conversation,
        source=st.just("ayra"),
        id=texts(min_size=1, max_size=12),
        status=st.sampled_from(STATUSES),
        started_at=st.none() | TIMES,
        ended_at=st.none() | TIMES,
        duration=st.none() | NUMBERS,
        **dict.fromkeys(
            (
                "agent_id", "caller_number", "language", "summary", "sentiment", "intent",
                "outcome", "failure_reason", "abandonment_reason", "platform",
            ),
            text,
        ),
        topics=words,
        keywords=words,
        actions=values,
        follow_up_tasks=values,
        **dict.fromkeys(("satisfaction", "integrations", "quality", "network", "errors"), JSON),
        recording=st.none() | st.builds(Recording, url=st.none() | texts()),
        has_transcript=st.booleans(),
        turns=TURNS,
        revision=st.just(0),
        deleted_at_source=st.none(),
    )  # fmt: skip


def received(conversation: Conversation, state: str = "1", at: str = AT) -> Received:
    """It came, in this state, and so did these bytes."""
    documents = (("detail", f"{conversation.id} {state}".encode()), ("transcript", b"[]"))
    return Received(conversation, f"fingerprint {state}", documents, at)


def call(identifier: str = "conv_1", **fields: Any) -> Conversation:
    """An ordinary conversation."""
    usual = Conversation(
        "ayra",
        identifier,
        status="completed",
        started_at="2026-01-15T10:00:00Z",
        duration=247.0,
        topics=("billing", "refund"),
        has_transcript=True,
        turns=(
            Turn(0, "agent", "agent", "How can I help?", 0.0, 1.5),
            Turn(1, "customer", "customer", "I was charged twice.", 2.0, 4.0, 0.9),
        ),
    )
    return usual._replace(**fields)


def dump(connection: sqlite3.Connection) -> list[str]:
    """Everything that is in the database, as SQL."""
    return list(connection.iterdump())
