"""The sync's bookkeeping: what the vendor has listed, how far, and what is still to be fetched."""

from __future__ import annotations

import sqlite3

import pytest
from tests.store.conversations import AT, call, dump, received

from convarchive.store import mirror, owed
from convarchive.store.ingest import ingest
from convarchive.store.mirror import ATTEMPTS, Listing

NOW, LATER = "2026-02-01T12:00:00.000000Z", "2026-02-02T12:00:00.000000Z"


def listing(identifier: str, day: int | None = 1, fingerprint: str | None = "f1") -> Listing:
    """A line of the vendor's list."""
    return Listing(identifier, None if day is None else f"2026-01-{day:02}T10:00:00Z", fingerprint)


def note(connection: sqlite3.Connection, *listings: Listing) -> None:
    """The vendor has listed these."""
    mirror.note(connection, "ayra", listings, NOW)


def fetch(connection: sqlite3.Connection, *listings: Listing) -> None:
    """These were listed so, and fetched."""
    note(connection, *listings)
    mirror.mark_fetched(connection, "ayra", ((one.id, one.fingerprint) for one in listings))


def wanted(connection: sqlite3.Connection, before: str = LATER, limit: int = 100) -> list[str]:
    """What is still to be fetched."""
    return [one.id for one in mirror.wanted(connection, "ayra", before=before, limit=limit)]


def test_what_was_listed_is_wanted(connection: sqlite3.Connection) -> None:
    """Oldest first, what has no start before everything, no more than asked for."""
    note(connection, listing("c", 3), listing("a", 1), listing("n", None), listing("b", 2))
    assert wanted(connection) == ["n", "a", "b", "c"]
    assert wanted(connection, limit=2) == ["n", "a"]


def test_what_was_fetched_is_not(connection: sqlite3.Connection) -> None:
    """Nor when it is listed again as it was; that writes nothing."""
    fetch(connection, listing("a"), listing("b"))
    before = dump(connection)
    mirror.note(connection, "ayra", [listing("a"), listing("b")], LATER)
    assert wanted(connection) == []
    assert dump(connection) == before
    assert mirror.settled(connection, "ayra", ["a", "b", "c"]) == 2


def test_what_has_changed_is_wanted(connection: sqlite3.Connection) -> None:
    """Until it is listed again as it was when it was fetched."""
    fetch(connection, listing("a"))
    note(connection, listing("a", fingerprint="f2"))
    assert wanted(connection) == ["a"]
    note(connection, listing("a", fingerprint="f1"))
    assert wanted(connection) == []


def test_a_line_that_tells_too_little(connection: sqlite3.Connection) -> None:
    """Is wanted whenever it is listed, and fetched once each time."""
    for _ in range(2):
        note(connection, listing("a", None, None))
        assert wanted(connection) == ["a"]
        mirror.mark_fetched(connection, "ayra", [("a", None)])
        assert wanted(connection) == []


def test_a_line_that_changed_while_it_was_fetched(connection: sqlite3.Connection) -> None:
    """Is wanted still: what came may be what it was before."""
    note(connection, listing("a", fingerprint="f1"))
    note(connection, listing("a", fingerprint="f2"))
    mirror.mark_fetched(connection, "ayra", [("a", "f1")])
    assert wanted(connection) == ["a"]


def test_the_same_line_twice(connection: sqlite3.Connection) -> None:
    """Is one line, as it was told last."""
    fetch(connection, listing("a", fingerprint="f2"))
    note(connection, listing("a", fingerprint="f1"), listing("a", fingerprint="f2"))
    assert wanted(connection) == []
    note(connection, listing("a", fingerprint="f2"), listing("a", fingerprint="f3"))
    assert wanted(connection) == ["a"]


def test_what_has_failed_waits_for_the_next_sync(connection: sqlite3.Connection) -> None:
    """And after some attempts for the user."""
    note(connection, listing("a"), listing("b"))
    for attempt in range(ATTEMPTS):
        at = f"2026-02-0{attempt + 1}T12:00:00.000000Z"
        assert wanted(connection, before=at) == ["a", "b"]
        owed.note_problem(connection, "ayra", "a", "fetch", "broken", at)
        assert wanted(connection, before=at) == ["b"]
    assert wanted(connection, before="2027-01-01T00:00:00.000000Z") == ["b"]
    assert owed.forgive(connection, AT) == 1
    assert wanted(connection) == ["a", "b"]


def test_a_recording_that_failed(connection: sqlite3.Connection) -> None:
    """Does not keep its conversation from being fetched."""
    note(connection, listing("a"))
    owed.note_problem(connection, "ayra", "a", "recording", "expired", LATER)
    assert wanted(connection, before=NOW) == ["a"]


def test_what_is_known(connection: sqlite3.Connection) -> None:
    """The fingerprints as of which conversations were fetched, of any number of ids."""
    fetch(connection, listing("a"), listing("b", fingerprint="f2"))
    note(connection, listing("b", fingerprint="f3"), listing("c"))
    many = [f"unknown_{n}" for n in range(300_000)]
    assert mirror.known(connection, "ayra", ["a", "b", "c", *many]) == {"a": "f1", "b": "f2"}
    assert mirror.settled(connection, "ayra", ["a", "b", "c", *many]) == 1


def cursor(connection: sqlite3.Connection) -> str | None:
    """How far everything has been listed."""
    row = mirror.source(connection, "ayra")
    assert row is not None
    return row.listed_to


def test_the_cursor_never_goes_back(connection: sqlite3.Connection) -> None:
    """With or without fractions of a second."""
    assert cursor(connection) is None
    for told, expected in (
        ("2026-01-02T10:00:00Z", "2026-01-02T10:00:00Z"),
        ("2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"),
        ("2026-01-02T10:00:00.5Z", "2026-01-02T10:00:00.5Z"),
        ("2026-01-02T10:00:00Z", "2026-01-02T10:00:00.5Z"),
        ("2026-01-02T10:00:00.25Z", "2026-01-02T10:00:00.5Z"),
        ("2026-01-02T10:00:01Z", "2026-01-02T10:00:01Z"),
    ):
        mirror.set_cursor(connection, "ayra", told)
        assert cursor(connection) == expected


def test_a_source_is_added_once(connection: sqlite3.Connection) -> None:
    """Its cursor stays where it is."""
    mirror.set_cursor(connection, "ayra", "2026-01-02T10:00:00Z")
    mirror.add_source(connection, "ayra", "ayra", LATER)
    assert cursor(connection) == "2026-01-02T10:00:00Z"
    assert mirror.source(connection, "other") is None


def test_a_finished_sync(connection: sqlite3.Connection) -> None:
    """Says when it ended; up to when everything is there stays known if this one was not whole."""
    mirror.set_synced(connection, "ayra", NOW, NOW)
    mirror.set_synced(connection, "ayra", LATER, None)
    row = mirror.source(connection, "ayra")
    assert row is not None
    assert (row.synced_at, row.complete_until) == (LATER, NOW)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, "abcn"),
        ("2026-01-02T10:00:00Z", None, "bc"),
        (None, "2026-01-02T10:00:00Z", "a"),
        ("2026-01-02T10:00:00Z", "2026-01-03T10:00:00Z", "b"),
        ("2026-01-02T10:00:00.5Z", None, "c"),
    ],
)
def test_what_is_stored_in_a_stretch(
    connection: sqlite3.Connection, since: str | None, until: str | None, expected: str
) -> None:
    """From its beginning, inclusive, to its end, exclusive; not what is known to be deleted."""
    days = {"a": 1, "b": 2, "c": 3, "d": 3, "n": None}
    ingest(connection, (received(call(each)) for each in days))
    fetch(connection, *(listing(each, day) for each, day in days.items()))
    note(connection, listing("never fetched", 2))
    assert mirror.mark_deleted(connection, "ayra", "d", NOW)
    found = sorted(mirror.unlisted(connection, "ayra", since, until))
    assert "".join(found) == expected


def test_a_deletion_is_a_mark(connection: sqlite3.Connection) -> None:
    """The conversation stays, the first time it was noticed stays, the index learns of it, and
    nobody waits for the rest of it any more."""
    ingest(connection, [received(call())])
    connection.execute("DELETE FROM index_queue")
    owed.note_unfinished(connection, call(status="in_progress"), AT)
    before = connection.execute("SELECT * FROM turns").fetchall()
    assert mirror.mark_deleted(connection, "ayra", "conv_1", NOW) is True
    assert mirror.mark_deleted(connection, "ayra", "conv_1", LATER) is False
    assert mirror.mark_deleted(connection, "ayra", "never was", NOW) is None
    assert connection.execute("SELECT deleted_at_source FROM conversations").fetchall() == [(NOW,)]
    assert connection.execute("SELECT * FROM turns").fetchall() == before
    assert connection.execute("SELECT conversation FROM index_queue").fetchall() == [(1,)]
    assert owed.count_pending(connection, "ayra") == 0


def test_what_was_deleted_and_is_listed_again(connection: sqlite3.Connection) -> None:
    """Is wanted, also if it is listed as it was before."""
    ingest(connection, [received(call("a"))])
    fetch(connection, listing("a"))
    mirror.mark_deleted(connection, "ayra", "a", NOW)
    assert wanted(connection) == []
    note(connection, listing("a"))
    assert wanted(connection) == ["a"]


def test_a_window_adds_up(connection: sqlite3.Connection) -> None:
    """What was listed in it is what is stored and what failed."""
    fetch(connection, listing("a", 1), listing("b", 2))
    note(connection, listing("c", 2), listing("d", 9))
    mirror.close_window(connection, "ayra", None, "2026-01-05T00:00:00Z", opened_at=NOW, at=LATER)
    row = connection.execute(
        "SELECT since, until, listed, stored, failed, opened_at, closed_at FROM sync_windows"
    ).fetchone()
    assert row == (None, "2026-01-05T00:00:00Z", 3, 2, 1, NOW, LATER)
