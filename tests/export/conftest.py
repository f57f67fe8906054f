"""Selections made by hand: what an archive would give, without an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from convarchive.export import Selection
from convarchive.model import Conversation, Recording, Turn

Select = Callable[..., Selection]

CALL = Conversation(
    source="ayra",
    id="conv_8f2kq1",
    status="completed",
    started_at="2026-01-15T10:42:00Z",
    duration=247.5,
    caller_number="+15550104477",
    summary="Charged twice; refunded.",
    topics=("billing", "refund; partial"),
    satisfaction={"score": 4},
    quality={"jitter": float("nan")},
    recording=Recording("https://signed.example/expires", "ab" * 32, 1234, "audio/wav"),
    has_transcript=True,
    turns=(
        Turn(0, "agent", "agent", "How can I help?", 0.0, 1.5),
        Turn(1, "customer", "customer", 'I was "charged twice",\nthen \x00 —\u2028 nothing', 5.0),
    ),
    revision=2,
)


@pytest.fixture
def call() -> Conversation:
    """One conversation with something in every kind of field."""
    return CALL


@pytest.fixture
def select() -> Select:
    """``select(*conversations, query=…, count=…, documents={key: […]})``: keys count from 1."""

    def made(
        *conversations: Conversation,
        query: str = "",
        count: int | None = None,
        documents: dict[int, Sequence[tuple[str, bytes]]] | None = None,
    ) -> Selection:
        some: dict[str, Any] = {
            "query": query,
            "archive": "my-archive",
            "count": len(conversations) if count is None else count,
            "conversations": lambda: iter(enumerate(conversations, start=1)),
            "documents": lambda key: (documents or {}).get(key, ()),
        }
        return Selection(**some)

    return made
