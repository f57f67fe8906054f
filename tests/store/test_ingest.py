"""Storing what was received: a revision for every change, and nothing for none."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest
from tests.store.conversations import call, dump, received

from convarchive.store.database import transaction
from convarchive.store.ingest import Outcome, Received, ingest, pack, unpack

LATER = "2026-02-02T12:00:00.000000Z"


def store(connection: sqlite3.Connection, *batch: Received) -> list[Outcome]:
    """Store a batch in one transaction."""
    with transaction(connection):
        return ingest(connection, batch)


def revisions(connection: sqlite3.Connection) -> list[tuple[int, str, str, str, int, bytes]]:
    """Number, time, and documents of every revision."""
    found = connection.execute(
        "SELECT revision, received_at, name, sha256, bytes, body"
        " FROM revisions JOIN documents USING (conversation, revision) ORDER BY revision, name"
    )
    return [(*row[:5], unpack(row[5])) for row in found]


def test_the_first_time(connection: sqlite3.Connection) -> None:
    """It is new, and has one revision with the bytes as they came and their hash."""
    assert store(connection, received(call())) == [Outcome(1, new=True, changed=False)]
    body = b"conv_1 1"
    assert revisions(connection) == [
        (
            1, "2026-02-01T12:00:00.000000Z", "detail",
            hashlib.sha256(body).hexdigest(), len(body), body,
        ),
        (
            1, "2026-02-01T12:00:00.000000Z", "transcript",
            hashlib.sha256(b"[]").hexdigest(), 2, b"[]",
        ),
    ]  # fmt: skip


def test_again_and_unchanged(connection: sqlite3.Connection) -> None:
    """Writes nothing at all, even if the volatile part of the bytes is another."""
    store(connection, received(call()), received(call("conv_2")))
    before, changes = dump(connection), connection.total_changes
    again = received(call(), at=LATER)._replace(documents=(("detail", b"signed anew"),))
    assert store(connection, again) == [Outcome(1, new=False, changed=False)]
    assert dump(connection) == before
    assert connection.total_changes == changes


def test_bytes_that_were_lost(connection: sqlite3.Connection) -> None:
    """Come back with the same state of the conversation, in the same revision."""
    store(connection, received(call()))
    before = revisions(connection)
    with transaction(connection):
        connection.execute("DELETE FROM documents")
    assert store(connection, received(call(), at=LATER)) == [Outcome(1, new=False, changed=False)]
    assert revisions(connection) == before


def test_a_change(connection: sqlite3.Connection) -> None:
    """Is a new revision; the rows are those of the newest, the bytes of both are kept."""
    store(connection, received(call()))
    changed = call(summary="Refunded.", turns=call().turns[:1])
    outcome = store(connection, received(changed, "2", LATER))
    assert outcome == [Outcome(1, new=False, changed=True)]
    assert [(row[0], row[1], row[5]) for row in revisions(connection) if row[2] == "detail"] == [
        (1, "2026-02-01T12:00:00.000000Z", b"conv_1 1"),
        (2, LATER, b"conv_1 2"),
    ]
    row = connection.execute(
        "SELECT key, summary, revision, turn_count, first_seen_at, changed_at FROM conversations"
    ).fetchone()
    assert row == (1, "Refunded.", 2, 1, "2026-02-01T12:00:00.000000Z", LATER)
    assert connection.execute("SELECT count(*) FROM turns").fetchone() == (1,)


def test_back_to_what_it_was(connection: sqlite3.Connection) -> None:
    """Is a third state, and not the first one again."""
    for state in "121":
        store(connection, received(call(), state))
    assert [row[0] for row in revisions(connection) if row[2] == "detail"] == [1, 2, 3]


def test_nothing_is_overwritten(connection: sqlite3.Connection) -> None:
    """What was in the record before a change is in it afterwards, byte for byte."""
    tables = "SELECT * FROM documents ORDER BY 1, 2, 3", "SELECT * FROM revisions ORDER BY 1, 2"
    seen: list[set[object]] = [set(), set()]
    for state in "1234":
        store(connection, received(call(), state), received(call("conv_2"), state))
        for number, table in enumerate(tables):
            rows = set(connection.execute(table).fetchall())
            assert rows > seen[number]
            seen[number] = rows


def test_the_same_twice_in_a_batch(connection: sqlite3.Connection) -> None:
    """Is one conversation; if its state differs, with two revisions."""
    outcomes = store(connection, received(call()), received(call()), received(call(), "2"))
    assert outcomes == [Outcome(1, True, False), Outcome(1, False, False), Outcome(1, False, True)]


def test_the_same_id_at_two_sources(connection: sqlite3.Connection) -> None:
    """Is two conversations."""
    connection.execute("INSERT INTO sources (name, kind, added_at) VALUES ('other', 'ayra', '')")
    outcomes = store(connection, received(call()), received(call(source="other")))
    assert [outcome.new for outcome in outcomes] == [True, True]


def test_what_came_back_is_not_deleted(connection: sqlite3.Connection) -> None:
    """A conversation that is had again loses the mark, changed or not."""
    store(connection, received(call()))
    connection.execute("UPDATE conversations SET deleted_at_source = '2026'")
    connection.execute("DELETE FROM index_queue")
    store(connection, received(call()))
    row = connection.execute("SELECT deleted_at_source, revision FROM conversations").fetchone()
    assert row == (None, 1)
    assert connection.execute("SELECT conversation FROM index_queue").fetchall() == [(1,)]


def test_the_index_is_told(connection: sqlite3.Connection) -> None:
    """Of what is new or has changed, in the same transaction, and of nothing else."""
    store(connection, received(call()), received(call("conv_2")))
    assert connection.execute("SELECT conversation FROM index_queue").fetchall() == [(1,), (2,)]
    connection.execute("DELETE FROM index_queue")
    store(connection, received(call()), received(call("conv_2"), "2"))
    assert connection.execute("SELECT conversation FROM index_queue").fetchall() == [(2,)]


@pytest.mark.parametrize("body", [b"", b"\0", b"x" * 100_000, bytes(range(256))])
def test_packing(body: bytes) -> None:
    """Loses nothing."""
    assert unpack(pack(body)) == body
