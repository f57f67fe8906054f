"""Tombstones: what is left of a destroyed conversation, and how it is known when it comes again."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3

import pytest
from tests.store.conversations import AT, call, received

from convarchive.store import imported, ledger, mirror, tombstones
from convarchive.store.database import transaction
from convarchive.store.imported import Fate
from convarchive.store.tombstones import Disposal, Tombstone


def bury(connection: sqlite3.Connection, identifier: str = "conv_1", key: int = 1) -> Tombstone:
    """Put up a tombstone of a conversation that never was."""
    run = Disposal(1, "erasure", AT, "us", "a request", "{}", 1, 0, 10)
    digest = tombstones.id_hash(tombstones.erasure_key(connection), "ayra", identifier)
    stone = Tombstone(key, 1, "ayra", digest, "2026-01", None)
    with transaction(connection):
        tombstones.begin(connection, run)
        tombstones.bury(connection, tombstones.ERASURE, AT, stone, [0])
    return stone


def test_the_hash_is_an_hmac(connection: sqlite3.Connection) -> None:
    """RFC 2104 with SHA-256, over the source, a NUL and the id."""
    (key,) = connection.execute("SELECT value FROM meta WHERE name = 'erasure_key'").fetchone()
    expected = hmac.new(bytes.fromhex(key), b"ayra\0conv_1", hashlib.sha256).hexdigest()
    assert bury(connection).id_hash == expected


def test_the_key_is_that_of_the_ledgers_first_entry(connection: sqlite3.Connection) -> None:
    """Entry 0 commits to it, so nobody puts another in its place."""
    first = next(ledger.read(connection)).fields
    key = tombstones.erasure_key(connection)
    assert first["erasure_key_sha256"] == hashlib.sha256(key).hexdigest()


def test_what_was_erased_is_known(connection: sqlite3.Connection) -> None:
    """Its id, of its source alone."""
    assert tombstones.erased(connection, "ayra", ["conv_1"]) == set()
    bury(connection)
    assert tombstones.erased(connection, "ayra", ["conv_2", "conv_1", "conv"]) == {"conv_1"}
    assert tombstones.erased(connection, "vapi", ["conv_1"]) == set()


def test_any_id_can_be_asked_for(connection: sqlite3.Connection) -> None:
    """Half a surrogate, which no file of a vendor's can hold, is no error."""
    bury(connection)
    assert tombstones.erased(connection, "ayra", ["\ud800", "", "\0"]) == set()


@pytest.mark.parametrize("kind", ["erasure", "disposed"])
def test_the_ledger_says_so_without_a_name(connection: sqlite3.Connection, kind: str) -> None:
    """Each entry commits to all of its row with the row's salt, and says no reason and no id."""
    stone = bury(connection)
    entry = next(e for e in ledger.read(connection) if e.fields["kind"] == kind)
    table = "tombstones" if kind == "erasure" else "disposals"
    position, salt = connection.execute(f"SELECT ledger, salt FROM {table}").fetchone()
    content = (
        tombstones.tombstone_content(stone)
        if kind == "erasure"
        else tombstones.disposal_content(tombstones.disposal(connection, 1))
    )
    assert entry.position == position
    assert entry.fields["commitment"] == ledger.commitment(salt, content)
    assert b"request" not in entry.data
    assert b"conv_1" not in entry.data


@pytest.mark.parametrize("table", ["tombstones", "disposals"])
def test_the_entry_covers_every_column(connection: sqlite3.Connection, table: str) -> None:
    """A column that is new can't be forgotten; what is not covered is where the entry is, its
    salt, and when a run was finished."""
    names = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    covered = Tombstone._fields if table == "tombstones" else Disposal._fields
    assert names - {"ledger", "salt", "finished_at"} == set(covered)


def test_a_listing_of_it_is_left_out(connection: sqlite3.Connection) -> None:
    """What the vendor lists again is not written down, and is told."""
    bury(connection)
    listed = [mirror.Listing(name, None, "f") for name in ("conv_1", "conv_2")]
    with transaction(connection):
        assert mirror.note(connection, "ayra", listed, AT) == {"conv_1"}
    assert connection.execute("SELECT id FROM listings").fetchall() == [("conv_2",)]


def test_an_import_of_it_is_left_out(connection: sqlite3.Connection) -> None:
    """Its fate says so, and nothing is stored."""
    bury(connection)
    with transaction(connection):
        adopted = imported.adopt(connection, received(call("conv_1")))
    assert adopted.fate is Fate.ERASED
    assert connection.execute("SELECT count(*) FROM conversations").fetchone() == (0,)


def test_its_key_is_not_used_again(connection: sqlite3.Connection) -> None:
    """The ledger speaks of conversations by their keys."""
    bury(connection, key=7)
    with transaction(connection):
        assert imported.adopt(connection, received(call("conv_2"))).key == 8
