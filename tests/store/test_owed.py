"""What is owed: conversations to look at again, and problems until they are solved."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import pytest
from tests.store.conversations import AT, call

from convarchive.model import Conversation
from convarchive.store import clock, owed
from convarchive.store.ingest import unpack

UNFINISHED = call(status="in_progress", has_transcript=False)


def after(**span: float) -> str:
    """So long after the first look."""
    return clock.text(datetime.fromisoformat(AT) + timedelta(**span))


def due(connection: sqlite3.Connection, reason: str, now: str = AT) -> list[str]:
    """What is to be looked at for this reason."""
    return owed.due(connection, "ayra", reason, now)


@pytest.mark.parametrize(
    ("conversation", "in_progress", "transcript"),
    [
        (call(status="in_progress"), True, False),
        (call(status="in_progress", has_transcript=False), True, False),
        (call(status="completed"), False, False),
        (call(status="completed", has_transcript=False), False, True),
        (call(status="completed", turns=()), False, False),
        (call(status="failed", has_transcript=False), False, False),
        (call(status="abandoned", has_transcript=False), False, False),
        (call(status="unknown", has_transcript=False), False, False),
    ],
)
def test_what_is_not_finished(
    connection: sqlite3.Connection, conversation: Conversation, in_progress: bool, transcript: bool
) -> None:
    """A call in progress, and one that is completed and has no transcript yet."""
    owed.note_unfinished(connection, conversation, AT)
    assert bool(due(connection, "in_progress")) is in_progress
    assert bool(due(connection, "transcript")) is transcript


def test_what_is_finished_is_forgotten(connection: sqlite3.Connection) -> None:
    """Each reason by itself: a call that has ended may still wait for its transcript."""
    owed.note_unfinished(connection, UNFINISHED, AT)
    owed.note_unfinished(connection, call(has_transcript=False), AT)
    assert (due(connection, "in_progress"), due(connection, "transcript")) == ([], ["conv_1"])
    owed.note_unfinished(connection, call(), AT)
    assert owed.count_pending(connection, "ayra") == 0


def test_the_intervals_grow(connection: sqlite3.Connection) -> None:
    """At once, then after a minute, two, four … and at least once a day, for ever."""
    at, waits = datetime.fromisoformat(AT), []
    for _ in range(40):
        owed.note_unfinished(connection, UNFINISHED, clock.text(at))
        (text,) = connection.execute("SELECT next_at FROM pending").fetchone()
        waits.append(datetime.fromisoformat(text) - at)
        at = datetime.fromisoformat(text)
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes[:6] == [0, 1, 2, 4, 8, 16]
    assert minutes[-1] == 24 * 60
    assert max(minutes) == 24 * 60


def test_only_what_is_due(connection: sqlite3.Connection) -> None:
    """Whoever looks too early sees nothing."""
    for _ in range(3):
        owed.note_unfinished(connection, UNFINISHED, AT)
    assert due(connection, "in_progress", after(minutes=1)) == []
    assert due(connection, "in_progress", after(minutes=2)) == ["conv_1"]


def test_a_problem(connection: sqlite3.Connection) -> None:
    """Says what, how often and since when, and has the bytes that came."""
    owed.note_problem(connection, "ayra", "conv_1", "read", "no JSON", AT, b"<html>")
    later = after(hours=1)
    owed.note_problem(connection, "ayra", "conv_1", "read", "timeout", later)
    owed.note_problem(connection, "ayra", "conv_1", "recording", "expired", AT)
    assert owed.problems(connection) == [
        owed.Problem("ayra", "conv_1", "read", "timeout", 2, AT, later),
        owed.Problem("ayra", "conv_1", "recording", "expired", 1, AT, AT),
    ]
    (body,) = connection.execute("SELECT body FROM problems WHERE stage = 'read'").fetchone()
    assert unpack(body) == b"<html>"


def test_a_solved_problem(connection: sqlite3.Connection) -> None:
    """Is gone, and no other with it."""
    for identifier, stage in (("a", "fetch"), ("a", "read"), ("a", "recording"), ("b", "fetch")):
        owed.note_problem(connection, "ayra", identifier, stage, "x", AT)
    owed.solved(connection, "ayra", "a", "fetch", "read")
    assert {(one.id, one.stage) for one in owed.problems(connection, "ayra")} == {
        ("a", "recording"),
        ("b", "fetch"),
    }
    assert owed.problems(connection, "other") == []
