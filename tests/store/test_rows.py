"""Conversations into rows and back, without a loss."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from tests.store.conversations import call, conversations, received

from convarchive.model import Conversation, Turn
from convarchive.store import database, rows
from convarchive.store.ingest import ingest


def stored(connection: sqlite3.Connection, conversation: Conversation) -> Conversation:
    """The conversation as it is read back after it was stored."""
    with database.transaction(connection):
        ((key, _, _),) = ingest(connection, [received(conversation)])
    ((read_key, read),) = rows.read(connection, [key])
    assert read_key == key
    return read


def test_every_field_comes_back(connection: sqlite3.Connection) -> None:
    """But for the link to the recording, which expires, and the revision, which is counted."""
    conversation = call()
    assert stored(connection, conversation) == conversation._replace(revision=1)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(conversation=conversations())
def test_any_conversation_comes_back(
    connection: sqlite3.Connection, conversation: Conversation
) -> None:
    """Whatever texts, numbers and JSON values its fields hold, to the character and the bit."""
    connection.execute("BEGIN")
    ((key, _, _),) = ingest(connection, [received(conversation)])
    ((_, read),) = rows.read(connection, [key])
    same = rows.same(connection, key, conversation)
    connection.execute("ROLLBACK")
    assert read == conversation._replace(recording=None, revision=1)
    assert same


def test_the_columns_are_what_they_say(connection: sqlite3.Connection) -> None:
    """What people filter by has a column of its own, with real numbers and plain texts."""
    stored(connection, call())
    row = connection.execute(
        "SELECT id, status, started_at, duration, topics, has_transcript, turn_count, revision"
        " FROM conversations"
    ).fetchone()
    assert row == (
        "conv_1", "completed", "2026-01-15T10:00:00Z", 247.0, '["billing","refund"]', 1, 2, 1,
    )  # fmt: skip
    turn = connection.execute(
        'SELECT position, speaker, role, text, start, "end", confidence FROM turns'
        " WHERE position = 1"
    ).fetchone()
    assert turn == (1, "customer", "customer", "I was charged twice.", 2.0, 4.0, 0.9)


def test_topics_and_keywords_are_views(connection: sqlite3.Connection) -> None:
    """One row a conversation and word."""
    stored(connection, call(keywords=("a",)))
    assert connection.execute("SELECT * FROM conversation_topics").fetchall() == [
        (1, "billing"),
        (1, "refund"),
    ]
    assert connection.execute("SELECT * FROM conversation_keywords").fetchall() == [(1, "a")]


def test_same_sees_every_difference(connection: sqlite3.Connection) -> None:
    """In a field, in a turn, in how many turns there are."""
    stored(connection, call())
    assert rows.same(connection, 1, call())
    turn = Turn(0, "agent", "agent", "How can I help?", 0.0, 1.5)
    for other in (
        call(summary=""),
        call(topics=("billing",)),
        call(quality=[]),
        call(turns=()),
        call(turns=(turn, turn._replace(position=1))),
        call(has_transcript=False),
    ):
        assert not rows.same(connection, 1, other)


def test_many_are_read_in_the_order_asked_for(connection: sqlite3.Connection) -> None:
    """However many, each with its own turns; keys that are not there are left out."""
    with database.transaction(connection):
        ingest(
            connection,
            (
                received(call(f"conv_{n}", turns=(Turn(0, "", "other", str(n)),)))
                for n in range(450)
            ),
        )
    keys = [*range(450, 0, -1), 999, 7]
    read = list(rows.read(connection, keys))
    assert [key for key, _ in read] == [*range(450, 0, -1), 7]
    assert all(found.turns[0].text == str(key - 1) for key, found in read)
    assert all(found.turns == () for _, found in rows.read(connection, keys, turns=False))


STARTS = [
    "2026-01-15T10:00:00.5Z", "2026-01-15T10:00:00Z", None, "2026-01-15T10:00:01Z",
    "2026-01-15T10:00:00.25Z",
]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"),
    [("oldest", "c b e a d"), ("newest", "d a e b c"), ("export", "c b e a d")],
)
def test_orders_of_time(connection: sqlite3.Connection, order: str, expected: str) -> None:
    """With and without fractions of a second; what has no start is oldest."""
    with database.transaction(connection):
        ingest(
            connection,
            (received(call(i, started_at=s)) for i, s in zip("abcde", STARTS, strict=True)),
        )
    keys = rows.keys(connection, order)
    assert " ".join(found.id for _, found in rows.read(connection, keys)) == expected
    assert rows.keys(connection, order, limit=2, offset=1) == keys[1:3]
    assert rows.count(connection) == 5
