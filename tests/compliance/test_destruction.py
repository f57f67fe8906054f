"""The one way in which anything is destroyed: what goes, what stays, what is written down."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import KEPT, THEIRS

from convarchive import Archive
from convarchive.compliance import destruction
from convarchive.compliance.destruction import Destroyed, Order
from convarchive.errors import DiskFull, Unfinished
from convarchive.sandbox import Sandbox
from convarchive.store import clock, evidence, holds, ledger, removal, tombstones
from convarchive.store.database import transaction
from convarchive.store.holds import Placing
from convarchive.store.owed import note_problem


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("destruction") / "archive")


@pytest.fixture
def archive(mirrored: tuple[Sandbox, Archive], tmp_path: Path) -> Iterator[Archive]:
    """An archive of five conversations; every table has rows of the first."""
    mirrored[1].close()
    copied = Archive.open(shutil.copytree(mirrored[1].directory, tmp_path / "archive"))
    key, at = copied.find(THEIRS[0]), clock.now()
    with copied.writing("test") as connection, transaction(connection):
        note_problem(connection, "ayra", THEIRS[0], "recording", "odd", at)
        number = holds.place(connection, Placing("old", None, "suit", None, "us", at))
        holds.take_in(connection, number, [key], at)
        holds.release(connection, "old", reason="settled", by="us", at=at)
        connection.execute("INSERT INTO pending VALUES (?, ?, 'transcript', ?, 1, ?)",
                           ("ayra", THEIRS[0], at, at))  # fmt: skip
        connection.execute("INSERT INTO alert_matches VALUES ('a', ?, ?)", (key, at))
        connection.execute("INSERT INTO verified VALUES (?, ?)", (key, at))
        connection.execute("INSERT INTO index_queue (conversation) VALUES (?)", (key,))
    yield copied
    copied.close()


def destroy(archive: Archive, *names: str, kind: str = tombstones.ERASURE) -> Destroyed:
    """Destroy these conversations."""
    doomed = [(archive.find(name), None) for name in names]
    archive.close()
    with archive.writing("test") as connection:
        return destruction.destroy(
            connection, archive.directory, Order(kind, doomed, "us", "a request")
        )


def referring(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Every table with a condition for its rows that are of the conversation ``:key``, as the
    schema has it: by a foreign key, by a column of this name, by source and id."""
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
    for (table,) in tables:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        keys = connection.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        mine = {key[3] for key in keys if key[2] == "conversations" and key[4] in (None, "key")}
        if "conversation" in columns:
            mine.add("conversation")
        for column in mine:
            yield table, f"{column} = :key"
        if {"source", "id"} <= columns:
            yield table, "source = 'ayra' AND id = :id"


STAYS = {"tombstones", "destroyed_entries"}
"""Tables that are to know a destroyed conversation."""


def test_no_table_is_forgotten(archive: Archive) -> None:
    """Every table that refers to a conversation, as the schema says, has rows of it before, and
    none afterwards: a table that is new fails here."""
    connection = archive._connection()
    who = {"key": archive.find(THEIRS[0]), "id": THEIRS[0]}
    places = [place for place in referring(connection) if place[0] not in STAYS]
    assert len(places) >= 12
    without = {
        table
        for table, condition in places
        if not connection.execute(f"SELECT 1 FROM {table} WHERE {condition}", who).fetchone()
    }
    assert without <= {"access_log", "sync_windows"}
    destroy(archive, THEIRS[0])
    connection = archive._connection()
    for table, condition in places:
        found = connection.execute(f"SELECT * FROM {table} WHERE {condition}", who).fetchall()
        assert found == [], table


def test_the_references_hold(archive: Archive) -> None:
    """No row refers to one that is gone, and the file is whole."""
    destroy(archive, *THEIRS)
    connection = archive._connection()
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_rows_of_others_stay(archive: Archive) -> None:
    """All rows that are not of what was destroyed are as they were."""
    before = graveyard.rows(archive)
    key = archive.find(THEIRS[0])
    sound = archive.show(THEIRS[0]).recording
    assert sound is not None
    destroy(archive, THEIRS[0])
    after = graveyard.rows(archive)
    for table, rows in before.items():
        if table in {"ledger", "ledger_nodes", "index_queue", "_sqlite_migrations", "holds"}:
            continue
        gone = [row for row in rows if row not in after[table]]
        theirs = {key, THEIRS[0], sound.sha256}
        assert all(theirs & set(row) for row in gone), (table, gone)


def test_the_ledger_keeps_its_entries(archive: Archive) -> None:
    """What was there stays; behind it stand the run and one entry for each conversation."""
    before = [entry.data for entry in ledger.read(archive._connection())]
    destroy(archive, *THEIRS)
    entries = list(ledger.read(archive._connection()))
    assert [entry.data for entry in entries[: len(before)]] == before
    told = [entry.fields for entry in entries[len(before) :]]
    assert [each["kind"] for each in told] == ["disposed", "erasure", "erasure"]
    assert (told[0]["disposal"], told[0]["what"]) == (1, "erasure")


def test_each_entry_without_content_is_named(archive: Archive) -> None:
    """Whatever commits to a content has its row, was replaced, or is said to be destroyed."""
    destroy(archive, *THEIRS)
    connection = archive._connection()
    gone = {
        position for (position,) in connection.execute("SELECT position FROM destroyed_entries")
    }
    there = {
        position
        for table in ("revisions", "recordings", "conversation_recordings")
        for (position,) in connection.execute(f"SELECT ledger FROM {table}")
    }
    commits = [
        entry
        for entry in ledger.read(connection)
        if entry.fields["kind"] in (evidence.REVISION, evidence.SOUND, evidence.RECORDING)
    ]
    replaced = {entry.fields.get("replaces") for entry in commits}
    positions = {entry.position for entry in commits}
    assert positions - there - replaced <= gone
    assert gone.isdisjoint(there)
    said = [
        position
        for entry in ledger.read(connection)
        for position in entry.fields.get("entries", ())
        if entry.fields["kind"] == "erasure"
    ]
    assert sorted(said) == sorted(gone)


def test_a_revision_whose_row_was_lost_is_named(archive: Archive) -> None:
    """A damaged archive: the entries are looked for in the ledger, and not by the rows."""
    key = archive.find(THEIRS[0])
    with archive.writing("test") as connection, transaction(connection):
        connection.execute("DELETE FROM documents WHERE conversation = ? AND revision = 1", (key,))
        connection.execute("DELETE FROM revisions WHERE conversation = ? AND revision = 1", (key,))
    destroy(archive, THEIRS[0])
    connection = archive._connection()
    (many,) = connection.execute(
        "SELECT count(*) FROM ledger JOIN destroyed_entries USING (position)"
        " WHERE kind = 'revision'"
    ).fetchone()
    assert many == 2


def test_shared_sound_goes_with_the_last_who_has_it(archive: Archive) -> None:
    """Two conversations have the same recording."""
    sound = archive.show(KEPT[0]).recording
    assert sound is not None
    assert sound.sha256 is not None
    assert destroy(archive, THEIRS[1]).recordings == 0
    assert archive.recording(sound.sha256) is not None
    assert destroy(archive, KEPT[0]).recordings == 1
    assert archive.recording(sound.sha256) is None
    assert graveyard.traces(archive.directory, [graveyard.SHARED_SOUND[:64], sound.sha256]) == []


def test_both_who_have_a_sound(archive: Archive) -> None:
    """Destroyed in one run, it goes once."""
    assert destroy(archive, THEIRS[1], KEPT[0]).recordings == 1


def test_files_that_no_row_knows_go(archive: Archive) -> None:
    """A run that was killed between file and row has left sound that nobody can tell whose it is;
    what is no recording stays."""
    folder = archive.directory / "recordings" / "ab"
    folder.mkdir()
    (folder / f"{'ab' * 32}.wav").write_bytes(b"whose?")
    (folder / "note.txt").write_bytes(b"mine")
    (folder.parent / ".part-x").write_bytes(b"half")
    destroy(archive, THEIRS[0])
    assert [path.name for path in folder.iterdir()] == ["note.txt"]
    assert not (folder.parent / ".part-x").exists()


def test_the_counts(archive: Archive) -> None:
    """Conversations, recordings, and bytes as they had come, of all states."""
    connection = archive._connection()
    key = archive.find(THEIRS[0])
    payloads = removal.payload_bytes(connection, [key])
    done = destroy(archive, THEIRS[0])
    assert (done.conversations, done.recordings) == (1, 1)
    assert done.bytes == payloads + len(graveyard.SECRET_SOUND)


def test_keys_that_are_gone_are_no_error(archive: Archive) -> None:
    """Something else has destroyed one of them."""
    with archive.writing("test") as connection:
        order = Order(tombstones.DISPOSAL, [(99, "c"), (1, "c")], "us", "rules")
        assert destruction.destroy(connection, archive.directory, order).conversations == 1


def test_rules_are_kept_as_json(archive: Archive) -> None:
    """With the class by which each was due."""
    with archive.writing("test") as connection:
        order = Order(tombstones.DISPOSAL, [(1, "calls")], "us", "rules", {"classes": []})
        destruction.destroy(connection, archive.directory, order)
        row = tombstones.disposal(connection, 1)
        assert json.loads(row.rules) == {"classes": []}
        assert [stone.rule for stone in tombstones.of(connection, 1)] == ["calls"]


def test_the_log_is_empty(archive: Archive) -> None:
    """Of pages from before nothing is in it; the one that says so is new."""
    destroy(archive, *THEIRS)
    archive.close()
    log = archive.directory / "archive.db-wal"
    assert not log.exists() or log.stat().st_size < 3 * 16_384


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's list of open files")
def test_the_copy_lies_beside_the_archive(archive: Archive) -> None:
    """What SQLite copies while it writes the database anew is not put where the system has its
    temporary files: that may be a disk that is smaller, or not encrypted."""
    with archive.writing("test") as connection, transaction(connection):
        connection.execute("CREATE TABLE filling AS SELECT randomblob(9000000)")
    places = set()

    def look() -> int:
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                name = link.readlink()
                if name.name.startswith("etilqs_"):
                    places.add(name.parent)
        return 0

    with archive.writing("test") as connection:
        connection.set_progress_handler(look, 100)
        destruction._write_anew(connection, archive.directory)
    assert places == {archive.directory.absolute()}


def test_a_disk_that_fills_up_at_the_end(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was rolled back, so nobody is told that, or to do the same again."""

    def full(*_args: object) -> None:
        raise DiskFull("The disk is full.", "The last transaction was rolled back.")

    with monkeypatch.context() as patch:
        patch.setattr(tombstones, "finish", full)
        with pytest.raises(Unfinished, match="The rows are gone") as told:
            destroy(archive, *THEIRS)
    assert "rolled back" not in str(told.value)
    assert archive.finish_disposals() == 1
