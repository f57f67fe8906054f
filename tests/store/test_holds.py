"""Legal holds in the tables and in the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest
from tests.store.conversations import AT, call, received

from convarchive.errors import NotFound, UsageError
from convarchive.store import evidence, holds, ledger
from convarchive.store.database import transaction
from convarchive.store.ingest import ingest


@pytest.fixture
def keys(connection: sqlite3.Connection) -> list[int]:
    """Of five conversations that are stored."""
    calls = [received(call(f"conv_{number}")) for number in range(5)]
    with transaction(connection):
        return [outcome.key for outcome in ingest(connection, calls)]


def place(connection: sqlite3.Connection, name: str, keys: Sequence[int] = (), **more: Any) -> int:
    """Place a hold on these conversations."""
    placing = holds.Placing(name, None, "Lawsuit", None, "ann@legal", AT)._replace(**more)
    with transaction(connection):
        number = holds.place(connection, placing)
        holds.take_in(connection, number, keys, AT)
    return number


def release(connection: sqlite3.Connection, name: str, reason: str = "Settled") -> holds.Hold:
    """Release it."""
    with transaction(connection):
        return holds.release(connection, name, reason=reason, by="bob@legal", at=AT)


def entries(connection: sqlite3.Connection, kind: str) -> list[dict[str, Any]]:
    """What the ledger says of this kind."""
    found = (entry.fields for entry in ledger.read(connection))
    return [fields for fields in found if fields["kind"] == kind]


def columns(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, Any]:
    """These columns of the only hold."""
    row = connection.execute(f"SELECT {', '.join(names)} FROM holds").fetchone()
    return dict(zip(names, row, strict=True))


def test_a_hold_protects_its_members(connection: sqlite3.Connection, keys: list[int]) -> None:
    """These and no others, by its name."""
    place(connection, "A-1", keys[:2])
    assert holds.of(connection, keys) == {keys[0]: ["A-1"], keys[1]: ["A-1"]}
    assert holds.protected(connection) == keys[:2]


def test_two_holds_on_one_conversation(connection: sqlite3.Connection, keys: list[int]) -> None:
    """Both protect it; what one of them releases the other one keeps."""
    place(connection, "A-1", keys[:2])
    place(connection, "B-2", keys[1:3])
    assert holds.of(connection, [keys[1]]) == {keys[1]: ["A-1", "B-2"]}
    release(connection, "A-1")
    assert holds.protected(connection) == keys[1:3]


def test_a_released_hold_protects_nothing(connection: sqlite3.Connection, keys: list[int]) -> None:
    """It stays in the table, with its members, and says who released it and why."""
    place(connection, "A-1", keys)
    released = release(connection, "A-1")
    assert holds.of(connection, keys) == {}
    assert holds.active(connection) == []
    assert holds.every(connection) == [released]
    assert (released.released_by, released.release_reason) == ("bob@legal", "Settled")
    assert released.conversations == len(keys)


def test_a_name_that_is_taken(connection: sqlite3.Connection) -> None:
    """Is refused for another active hold, and nothing is written."""
    place(connection, "A-1")
    before = ledger.size(connection)
    with pytest.raises(UsageError, match="already"):
        place(connection, "A-1")
    assert ledger.size(connection) == before


def test_a_name_that_is_free_again(connection: sqlite3.Connection) -> None:
    """After the release the name may be used again, by a hold with another number."""
    first = place(connection, "A-1")
    release(connection, "A-1")
    second = place(connection, "A-1")
    assert first != second
    assert holds.named(connection, "A-1").hold == second


def test_a_hold_that_is_not_there(connection: sqlite3.Connection) -> None:
    """Cannot be released; the nearest name is said."""
    place(connection, "MATTER-7")
    with pytest.raises(NotFound, match="Did you mean MATTER-7"):
        release(connection, "MATTER-8")


def test_what_is_held_already(connection: sqlite3.Connection, keys: list[int]) -> None:
    """Is not taken in again, and leaves no entry."""
    number = place(connection, "A-1", keys[:3])
    with transaction(connection):
        assert holds.take_in(connection, number, keys, AT) == 2
        assert holds.take_in(connection, number, keys, AT) == 0
    assert [each["conversations"] for each in entries(connection, "held")] == [keys[:3], keys[3:]]


def test_what_is_not_in_the_archive(connection: sqlite3.Connection, keys: list[int]) -> None:
    """As what a stale index finds, is passed over."""
    number = place(connection, "A-1")
    with transaction(connection):
        assert holds.take_in(connection, number, [keys[0], 999_999], AT) == 1


def test_many_at_once(connection: sqlite3.Connection) -> None:
    """More keys than a statement can have values are asked for and taken in at once, with at most
    a thousand in an entry of the ledger."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO conversations (key, source, id, status, topics, keywords, actions,"
            " follow_up_tasks, has_transcript, turn_count, offers_recording, revision,"
            " fingerprint, first_seen_at, changed_at) SELECT value, 'ayra', 'many_' || value,"
            " 'completed', '[]', '[]', '[]', '[]', 0, 0, 0, 1, 'f', ?1, ?1"
            " FROM json_each(?2)",
            (AT, str(list(range(1, 40_001)))),
        )
    number = place(connection, "A-1", range(1, 40_001))
    assert len(holds.of(connection, range(1, 40_001))) == 40_000
    said = entries(connection, "held")
    assert [len(each["conversations"]) for each in said] == [1_000] * 40
    assert {each["hold"] for each in said} == {number}


def test_members_know_their_entry(connection: sqlite3.Connection, keys: list[int]) -> None:
    """Each row names the place in the ledger that says it."""
    place(connection, "A-1", keys)
    (position,) = {row[0] for row in connection.execute("SELECT ledger FROM held")}
    (entry,) = ledger.read(connection, position, position + 1)
    assert entry.fields["conversations"] == keys


def test_the_ledger_commits_to_a_hold(connection: sqlite3.Connection) -> None:
    """To every word of it, without saying one."""
    place(connection, "A-1", query="refund", reason="Doe v. Acme", matter="24-CV-1")
    (said,) = entries(connection, "hold")
    row = columns(connection, (*evidence.HOLD_COLUMNS, "salt"))
    salt = row.pop("salt")
    assert said["commitment"] == ledger.commitment(salt, row)
    assert set(said) == {"kind", "at", "hold", "commitment"}


def test_the_ledger_commits_to_a_release(connection: sqlite3.Connection) -> None:
    """To who released it, when and why."""
    place(connection, "A-1")
    release(connection, "A-1")
    (said,) = entries(connection, "release")
    row = columns(connection, (*evidence.RELEASE_COLUMNS, "release_salt"))
    salt = row.pop("release_salt")
    assert said["commitment"] == ledger.commitment(salt, row)


def test_forgetting(connection: sqlite3.Connection, keys: list[int]) -> None:
    """A released hold that names somebody says nothing any more, and the ledger says that."""
    place(connection, "A-1", keys, query='caller:"+1 (555) 010-4477"')
    release(connection, "A-1")
    with transaction(connection):
        assert holds.forget(connection, ["+15550104477"]) == [1]
    (hold,) = holds.every(connection)
    assert {hold.name, hold.query, hold.reason, hold.matter, hold.release_reason} == {None}
    row = connection.execute("SELECT salt, release_salt, ledger, release_ledger FROM holds")
    salt, release_salt, *positions = row.fetchone()
    assert (salt, release_salt) == (None, None)
    assert [each["entries"] for each in entries(connection, "forgotten")] == [positions]


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("caller:5550104477", ["+15550104477"]),
        ("caller:(555) 010-4477", ["+1 555 010 4477"]),
        ("id:CONV_8f2kq1", ["conv_8f2kq1"]),
        ('"mr doe"', ["nobody", "Mr Doe"]),
    ],
)
def test_who_is_named(connection: sqlite3.Connection, query: str, texts: list[str]) -> None:
    """In any case, and a number in any writing, or the end of it, from seven digits on."""
    place(connection, "A-1", query=query)
    release(connection, "A-1")
    with transaction(connection):
        assert holds.forget(connection, texts) == [1]


@pytest.mark.parametrize("texts", [["+15550104478"], ["conv_9"], ["4477"], ["", " "], []])
def test_who_is_not_named(connection: sqlite3.Connection, texts: list[str]) -> None:
    """Other numbers and ids, and the digits of short ones, empty nothing."""
    place(connection, "A-1", query="caller:+15550104488 id:conv_8")
    release(connection, "A-1")
    with transaction(connection):
        assert holds.forget(connection, texts) == []
    assert entries(connection, "forgotten") == []


def test_active_holds_forget_nothing(connection: sqlite3.Connection) -> None:
    """What must be kept must be known."""
    place(connection, "A-1", query="id:conv_8f2kq1")
    with transaction(connection):
        assert holds.forget(connection, ["conv_8f2kq1"]) == []
    assert holds.active(connection)[0].query == "id:conv_8f2kq1"


def test_all_of_it_or_nothing(connection: sqlite3.Connection, keys: list[int]) -> None:
    """A hold whose members can't be written is not placed, and has no entry."""
    before = ledger.size(connection)
    connection.execute("DROP TABLE held")
    with pytest.raises(sqlite3.OperationalError):
        place(connection, "A-1", keys)
    assert ledger.size(connection) == before
    assert connection.execute("SELECT count(*) FROM holds").fetchone() == (0,)
