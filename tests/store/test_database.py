"""Opening the database: what is refused, what is guaranteed, and what a full disk does."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils.migrations import Migrations
from tests.store.conversations import call, dump, received

from convarchive.errors import ArchiveBusy, ArchiveError, DiskFull, NewerArchive
from convarchive.store import database, schema
from convarchive.store.ingest import Received, ingest

_RECORDINGS = "SELECT sha256, bytes, media_type, fetched_at, stored FROM recordings"


def test_what_is_made_can_be_read(directory: Path) -> None:
    """An empty database has the schema of this version and is its owner's alone."""
    connection = database.connect(directory)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert connection.execute("SELECT count(*) FROM conversations").fetchone() == (0,)
    connection.close()
    if os.name == "posix":
        assert (directory / database.FILE).stat().st_mode & 0o777 == 0o600


def test_making_it_again(directory: Path) -> None:
    """Is refused, and harms nothing."""
    before = (directory / database.FILE).read_bytes()
    with pytest.raises(FileExistsError):
        database.create(directory)
    assert (directory / database.FILE).read_bytes() == before


def test_what_a_power_cut_may_not_take(connection: sqlite3.Connection) -> None:
    """A writer syncs every commit, keeps foreign keys, and wipes what it deletes."""
    for pragma, value in (
        ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("journal_mode", "wal"),
        ("page_size", schema.PAGE_SIZE),
    ):  # fmt: skip
        assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_readers_cannot_write(directory: Path) -> None:
    """Their connection is read-only."""
    reader = database.connect(directory)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM conversations")
    reader.close()


def test_readers_see_the_last_commit(directory: Path, connection: sqlite3.Connection) -> None:
    """And never wait for a writer."""
    reader = database.connect(directory)
    with database.transaction(connection):
        ingest(connection, [received(call())])
        assert reader.execute("SELECT count(*) FROM conversations").fetchone() == (0,)
    assert reader.execute("SELECT count(*) FROM conversations").fetchone() == (1,)
    reader.close()


@pytest.mark.parametrize("write", [False, True])
def test_a_newer_archive(directory: Path, write: bool) -> None:
    """Is refused for reading and for writing, untouched, and the way out is named."""
    raw = sqlite3.connect(directory / database.FILE)
    raw.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    raw.close()
    before = (directory / database.FILE).read_bytes()
    with pytest.raises(NewerArchive, match=r"later version.*pip install -U convarchive"):
        database.connect(directory, write=write)
    assert (directory / database.FILE).read_bytes() == before


def test_an_older_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is brought up to date by whoever writes; who only reads is told so, and changes nothing."""
    database.create(tmp_path)
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    before = (tmp_path / database.FILE).read_bytes()
    with pytest.raises(ArchiveError, match="earlier version"):
        database.connect(tmp_path)
    assert (tmp_path / database.FILE).read_bytes() == before
    database.connect(tmp_path, write=True).close()
    database.connect(tmp_path).close()


def test_the_first_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep their problems and their recordings, whose sound they all have."""

    def first() -> Migrations:
        steps = Migrations("convarchive")
        steps(name="0001_first_tables")(schema._first_tables)
        return steps

    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrations", first)
        patch.setattr(schema, "VERSION", 1)
        database.create(tmp_path)
    raw = sqlite3.connect(tmp_path / database.FILE)
    raw.execute("INSERT INTO sources (name, kind, added_at) VALUES ('ayra', 'ayra', '')")
    problem = (1, "ayra", "x", "read", "Bad.", b"packed", 3, "then", "now")
    raw.execute("INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", problem)
    raw.execute("INSERT INTO recordings VALUES ('ab', 5, 'audio/wav', 'then')")
    raw.commit()
    raw.close()
    with contextlib.closing(database.connect(tmp_path, write=True)) as connection:
        assert connection.execute("SELECT * FROM problems").fetchall() == [problem]
        assert connection.execute(_RECORDINGS).fetchall() == [("ab", 5, "audio/wav", "then", 1)]
        connection.execute("UPDATE problems SET stage = 'import'")


def test_a_missing_database(tmp_path: Path) -> None:
    """Is named, and is not made by opening it."""
    for write in (False, True):
        with pytest.raises(ArchiveError, match=r"archive\.db is missing"):
            database.connect(tmp_path, write=write)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    "body", [b"no database" * 100, os.urandom(64) * 1024, b"SQLite format 3\0"]
)
def test_what_is_no_database(tmp_path: Path, body: bytes, write: bool) -> None:
    """Is an error in plain words, and stays as it is."""
    (tmp_path / database.FILE).write_bytes(body)
    with pytest.raises(ArchiveError, match="damaged or no SQLite database"):
        database.connect(tmp_path, write=write)
    assert (tmp_path / database.FILE).read_bytes() == body


def test_a_damaged_database(directory: Path, connection: sqlite3.Connection) -> None:
    """Pages that are not what was written are reported, and not taken for an empty archive."""
    with database.transaction(connection):
        ingest(connection, (received(call(f"conv_{n}")) for n in range(200)))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    path = directory / database.FILE
    body = bytearray(path.read_bytes())
    for at in range(schema.PAGE_SIZE, len(body)):
        body[at] ^= 0x5A
    path.write_bytes(body)

    def look() -> None:
        with contextlib.closing(database.connect(directory)) as reader:
            reader.execute("SELECT * FROM conversations").fetchall()

    with pytest.raises(ArchiveError, match="damaged"), database.explained(path):
        look()


def test_foreign_keys(connection: sqlite3.Connection) -> None:
    """No turn without its conversation, no document without its revision, no unknown source."""
    ingest(connection, [received(call())])
    for statement in (
        "INSERT INTO turns VALUES (99, 0, '', 'other', '', NULL, NULL, NULL)",
        "INSERT INTO documents VALUES (1, 99, 'detail', '', 0, '')",
        "UPDATE conversations SET recording_sha256 = 'none such'",
        "UPDATE conversations SET source = 'none such'",
        "DELETE FROM conversations",
        "DELETE FROM sources",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_strict(connection: sqlite3.Connection) -> None:
    """Every table refuses what is not of its column's type."""
    tables = connection.execute("PRAGMA table_list").fetchall()
    ours = [row for row in tables if row[2] == "table" and not row[1].startswith(("sqlite", "_"))]
    assert len(ours) >= 13
    assert [row[1] for row in ours if not row[5]] == []
    ingest(connection, [received(call())])
    for column, value in (("duration", "long"), ("turn_count", 1.5), ("status", "lost")):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"UPDATE conversations SET {column} = ?", (value,))


def test_every_look_up_has_an_index(connection: sqlite3.Connection) -> None:
    """The order of time, and an id, are found without reading every row."""
    for query in (
        "SELECT key FROM conversations ORDER BY rtrim(started_at, 'Z'), source, id",
        "SELECT key FROM conversations WHERE id = 'conv_1'",
        "SELECT key FROM conversations WHERE source = 'ayra' AND id = 'conv_1'",
    ):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        assert "USING" in plan[0][3]
        assert "INDEX" in plan[0][3]


def test_friends_can_open_it(directory: Path, connection: sqlite3.Connection) -> None:
    """sqlite-utils reads tables and views, foreign keys and types, with no manual."""
    from sqlite_utils import Database

    ingest(connection, [received(call())])
    db = Database(directory / database.FILE)
    assert {"conversations", "turns", "revisions", "recordings", "sources"} <= set(db.table_names())
    assert {"conversation_topics", "conversation_keywords"} <= set(db.view_names())
    assert next(iter(db["turns"].rows))["text"] == "How can I help?"
    keys = {(key.column, key.other_table, key.other_column) for key in db["turns"].foreign_keys}
    assert keys == {("conversation", "conversations", "key")}
    assert db["conversations"].columns_dict["duration"] is float
    assert db["conversations"].strict
    db.close()


def test_sqlite_utils_on_the_command_line(directory: Path, connection: sqlite3.Connection) -> None:
    """So does its command, while we hold the archive open."""
    ingest(connection, [received(call())])
    done = subprocess.run(
        [
            sys.executable, "-m", "sqlite_utils", "query", str(directory / database.FILE),
            "SELECT id, topic FROM conversations JOIN conversation_topics ON conversation = key",
        ],
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert [(row["id"], row["topic"]) for row in json.loads(done.stdout)] == [
        ("conv_1", "billing"),
        ("conv_1", "refund"),
    ]


def test_a_full_disk(connection: sqlite3.Connection) -> None:
    """Is said in plain words; the transaction is gone whole, what was stored before is there, and
    with room again everything goes on."""
    with database.transaction(connection):
        ingest(connection, (received(call(f"conv_{n}")) for n in range(20)))
    before = dump(connection)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    large = call("conv_large", summary="x" * 1_000_000)
    with pytest.raises(DiskFull, match="disk is full") as caught, database.transaction(connection):
        ingest(connection, [received(large)])
    assert "Make room" in caught.value.hint
    assert dump(connection) == before
    assert not connection.in_transaction
    connection.execute("PRAGMA max_page_count=1000000")
    with database.transaction(connection):
        ingest(connection, [received(large)])
    assert connection.execute("SELECT count(*) FROM conversations").fetchone() == (21,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_error_rolls_back(connection: sqlite3.Connection) -> None:
    """Of whatever kind, also one that is not SQLite's."""
    before = dump(connection)

    def batch() -> Iterator[Received]:
        yield received(call())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.transaction(connection):
        ingest(connection, batch())
    assert dump(connection) == before


def test_another_program_writes(directory: Path, connection: sqlite3.Connection) -> None:
    """One that knows nothing of our lock is waited for, and if that takes too long it is said."""
    other = sqlite3.connect(directory / database.FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA busy_timeout=1")
    with pytest.raises(ArchiveBusy, match="locked"), database.transaction(connection):
        ingest(connection, [received(call())])
    other.execute("ROLLBACK")
    other.close()
    with database.transaction(connection):
        ingest(connection, [received(call())])


def test_many_readers_beside_a_writer(directory: Path, connection: sqlite3.Connection) -> None:
    """None of them ever sees half a transaction."""
    torn: list[tuple[int, int]] = []
    done = threading.Event()

    def look() -> None:
        reader = database.connect(directory)
        while not done.is_set():
            seen = reader.execute(
                "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM turns)"
            ).fetchone()
            if seen[1] != 2 * seen[0]:
                torn.append(seen)
        reader.close()

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for batch in range(20):
        with database.transaction(connection):
            ingest(connection, (received(call(f"conv_{batch}_{n}")) for n in range(20)))
    done.set()
    for thread in threads:
        thread.join()
    assert torn == []


def test_an_empty_file_is_no_archive(directory: Path) -> None:
    """What was cut off is told, and not made anew as if nothing had been in it."""
    (directory / database.FILE).write_bytes(b"")
    for write in (False, True):
        with pytest.raises(ArchiveError, match="is empty"):
            database.connect(directory, write=write)


def test_a_creation_that_was_killed_is_begun_anew(tmp_path: Path) -> None:
    """Half a database is not at its place, and does not stand in the way."""
    (tmp_path / f".{database.FILE}.part").write_bytes(b"half")
    database.create(tmp_path)
    database.connect(tmp_path).close()
    assert all(path.name.startswith(database.FILE) for path in tmp_path.iterdir())
