"""Counting conversations by what they have in common."""

from __future__ import annotations

import sqlite3
from datetime import UTC, timedelta, timezone

import pytest
from tests.store.conversations import call, received

from convarchive.store import facets
from convarchive.store.ingest import ingest


@pytest.fixture(autouse=True)
def stored(connection: sqlite3.Connection) -> None:
    """Four conversations, keys 1 to 4."""
    ingest(
        connection,
        (
            received(call("a", agent_id="one", started_at="2026-01-31T23:59:59Z", language="en")),
            received(call("b", agent_id="two", topics=("refund",), outcome="resolved")),
            received(call("c", agent_id="two", topics=(), status="failed")),
            received(call("d", agent_id=None, topics=("x",), started_at=None)),
        ),
    )


def test_all(connection: sqlite3.Connection) -> None:
    """The most frequent value first, then by name; what has none is not counted."""
    assert facets.count(connection, None, UTC) == {
        "status": [("completed", 3), ("failed", 1)],
        "agent": [("two", 2), ("one", 1)],
        "outcome": [("resolved", 1)],
        "sentiment": [],
        "topic": [("refund", 2), ("billing", 1), ("x", 1)],
        "language": [("en", 1)],
        "month": [("2026-01", 3)],
    }


def test_some(connection: sqlite3.Connection) -> None:
    """Only these, again and again."""
    assert facets.count(connection, [1, 3], UTC)["agent"] == [("one", 1), ("two", 1)]
    assert facets.count(connection, [2], UTC)["topic"] == [("refund", 1)]
    assert facets.count(connection, [], UTC) == {name: [] for name in facets.FACETS}


def test_months_of_a_zone(connection: sqlite3.Connection) -> None:
    """A call of the last second of a month belongs to the next where clocks are ahead."""
    ahead = timezone(timedelta(hours=5, minutes=45))
    assert dict(facets.count(connection, [1], ahead)["month"]) == {"2026-02": 1}
    assert dict(facets.count(connection, [1], UTC)["month"]) == {"2026-01": 1}
