"""What was listed against what is stored."""

from __future__ import annotations

import sqlite3

import pytest
from tests.store.conversations import AT, call, received

from convarchive.store import mirror, owed
from convarchive.store.coverage import Gap, Missing, coverage
from convarchive.store.ingest import ingest
from convarchive.store.mirror import Listing

JANUARY, MARCH = "2026-01-05T00:00:00Z", "2026-03-05T00:00:00Z"


@pytest.fixture
def listed(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Four conversations are listed; two of them are stored and fetched."""
    mirror.add_source(connection, "ayra", "ayra", AT)
    lines = [Listing(f"conv_{at}", JANUARY if at < 3 else MARCH, f"f{at}") for at in range(4)]
    mirror.note(connection, "ayra", lines, AT)
    ingest(connection, [received(call(id="conv_0")), received(call(id="conv_3"))])
    mirror.mark_fetched(connection, "ayra", [("conv_0", "f0"), ("conv_3", "f3")])
    return connection


def test_the_four_states_add_up(listed: sqlite3.Connection) -> None:
    """What is listed is stored, failed, waiting or lost."""
    owed.note_problem(listed, "ayra", "conv_1", "fetch", "It broke off.", AT)
    for month in coverage(listed).months:
        assert month.listed == month.stored + month.failed + month.waiting + month.lost
    assert [tuple(month)[1:] for month in coverage(listed).months] == [
        ("2026-01", 3, 1, 1, 1, 0),
        ("2026-03", 1, 1, 0, 0, 0),
    ]


def test_what_is_lost_is_named(listed: sqlite3.Connection) -> None:
    """A conversation that vanished from the tables is damage, by its id."""
    listed.execute("PRAGMA foreign_keys=OFF")
    listed.execute("DELETE FROM conversations WHERE id = 'conv_3'")
    assert Missing("ayra", "conv_3", MARCH, "lost") in coverage(listed).missing


def test_lost_bytes_are_a_loss(listed: sqlite3.Connection) -> None:
    """Rows without the vendor's bytes are no record."""
    listed.execute(
        "DELETE FROM documents WHERE conversation ="
        " (SELECT key FROM conversations WHERE id = 'conv_0')"
    )
    assert Missing("ayra", "conv_0", JANUARY, "lost") in coverage(listed).missing


def test_full_wants_the_lost_again(listed: sqlite3.Connection) -> None:
    """After `forget_lost` it is on the list of what is to be fetched."""
    listed.execute("PRAGMA foreign_keys=OFF")
    listed.execute("DELETE FROM conversations WHERE id = 'conv_3'")
    mirror.forget_lost(listed, "ayra")
    wanted = mirror.wanted(listed, "ayra", before=AT, limit=10)
    assert [item.id for item in wanted] == ["conv_1", "conv_2", "conv_3"]


def test_a_source_that_was_never_listed_is_one_gap(connection: sqlite3.Connection) -> None:
    """Nothing is known of any time."""
    mirror.add_source(connection, "ayra", "ayra", AT)
    assert coverage(connection).gaps == [Gap("ayra", None, None)]


def test_a_gap_between_two_windows(connection: sqlite3.Connection) -> None:
    """What neither of two windows covers is told with both its ends."""
    mirror.add_source(connection, "ayra", "ayra", AT)
    for since, until in ((None, JANUARY), (MARCH, None)):
        mirror.close_window(connection, "ayra", since, until, opened_at=AT, at=AT)
    assert coverage(connection).gaps == [Gap("ayra", JANUARY, MARCH)]


def test_before_the_cursor_there_is_no_gap(connection: sqlite3.Connection) -> None:
    """What an interrupted sync had listed counts, though it closed no window."""
    mirror.add_source(connection, "ayra", "ayra", AT)
    mirror.set_cursor(connection, "ayra", MARCH)
    mirror.close_window(connection, "ayra", JANUARY, None, opened_at=AT, at=AT)
    assert coverage(connection).gaps == []


def test_complete(listed: sqlite3.Connection) -> None:
    """Is only what lacks nothing and has no gap."""
    assert not coverage(listed).complete
