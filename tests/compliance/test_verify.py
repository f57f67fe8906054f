"""What a verification looks at, what it leaves out, and what it remembers."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compliance.tampering import flip, kinds, unguarded, verified

from convarchive import Archive
from convarchive.compliance import checkpoints
from convarchive.compliance.verify import Options, contents, pool
from convarchive.errors import DamageFound, NotFound, Unreadable
from convarchive.store import database, ledger
from convarchive.store.lock import writer_lock


@pytest.fixture
def mine(synced: Archive, tmp_path: Path) -> Iterator[Archive]:
    """All of the demo's calls, to be spoilt."""
    shutil.copytree(synced.directory, tmp_path / "mine")
    with Archive.open(tmp_path / "mine") as archive:
        yield archive


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of ten conversations."""
    monkeypatch.setattr(contents, "BATCH", 10)
    monkeypatch.setattr("convarchive.compliance.verify.choice.BATCH", 10)


def spoil(archive: Archive, statement: str) -> None:
    """Somebody has been at the tables."""
    with unguarded(archive.directory) as connection:
        assert connection.execute(statement).rowcount > 0


def remembered(archive: Archive) -> set[int]:
    """Keys of the conversations of which it is known when they were verified."""
    connection = database.connect(archive.directory)
    keys = {key for (key,) in connection.execute("SELECT conversation FROM verified")}
    connection.close()
    return keys


def test_a_whole_archive(mine: Archive) -> None:
    """Everything was looked at, nothing is damaged, and nothing needs to be said."""
    report = mine.verify()
    assert (report.damage, report.notes, report.left) == ([], [], 0)
    assert report.complete
    assert report.checked["conversations"] == report.checked["indexed"] == 126
    assert report.checked["documents"] == report.checked["revisions"] == 126
    assert report.checked["recording_files"] == 5
    assert report.checked["bytes"] > 1_000_000
    assert report.ledger.size == report.checked["ledger_entries"]
    assert len(remembered(mine)) == 126


def test_the_document(mine: Archive) -> None:
    """JSON that says all of it."""
    spoil(mine, "UPDATE turns SET text = 'x' WHERE conversation = 7 AND position = 0")
    document = json.loads(json.dumps(mine.verify().to_json()))
    assert document["schema"] == "convarchive.verify/1"
    assert (document["ok"], document["complete"]) == (False, True)
    (damage,) = document["damage"]
    assert damage.keys() == {"kind", "where", "what", "effect", "remedy"}
    assert damage["kind"] == "projection"
    assert "1 of " in damage["what"]
    assert "rebuild" in damage["remedy"]
    assert document["ledger"].keys() == {"size", "root", "checkpoints"}


def test_each_damage_is_told_at_once(mine: Archive) -> None:
    """Who listens hears of each as it is found."""
    spoil(mine, "UPDATE conversations SET summary = 'x'")
    told: list[str] = []
    report = mine.verify(tell=lambda damage: told.append(damage.where))
    assert len(told) == len(report.damage) >= 126
    assert len(set(told)) >= 126


def test_progress(mine: Archive) -> None:
    """Who asks is told what is looked at, up to all of it."""
    told: dict[str, tuple[int, int | None]] = {}
    mine.verify(progress=lambda what, done, total: told.update({what: (done, total)}))
    assert told["Conversations"] == (126, 126)
    done, total = told["Ledger"]
    assert done == total


def test_quick_leaves_bytes_out(mine: Archive) -> None:
    """It sees what the ledger says of the rows, and not what is in the bytes."""
    with unguarded(mine.directory) as connection:
        flip(connection, "documents", "body")
    assert verified(mine.directory, quick=True).ok
    assert kinds(verified(mine.directory)) == {"bytes_damaged"}
    spoil(mine, "UPDATE revisions SET received_at = '2020-01-01T00:00:00Z' WHERE conversation = 7")
    assert kinds(verified(mine.directory, quick=True)) == {"row_changed"}


def test_quick_is_not_remembered(mine: Archive) -> None:
    """Who looks only quickly has not verified."""
    mine.verify(Options(quick=True))
    assert not remembered(mine)
    assert mine.status().verified_at is None


def test_in_other_processes(
    mine: Archive, monkeypatch: pytest.MonkeyPatch, in_pieces: None
) -> None:
    """Several processes find what one finds, and count the same."""
    spoil(mine, "UPDATE turns SET text = 'x' WHERE conversation % 10 = 3 AND position = 0")
    one = verified(mine.directory)
    monkeypatch.setattr(pool, "SMALL", 0)
    two = verified(mine.directory, jobs=2)
    assert two.damage == one.damage
    assert len(one.damage) == 13
    assert two.checked == one.checked


def test_what_is_looked_at_beside(
    mine: Archive, monkeypatch: pytest.MonkeyPatch, in_pieces: None
) -> None:
    """What SQLite itself finds is named just the same while other processes look at the rest."""
    spoil(mine, "UPDATE turns SET conversation = 99999 WHERE conversation = 7 AND position = 0")
    spoil_schema(mine, "DROP TRIGGER ledger_is_not_changed")
    one = verified(mine.directory)
    assert {"schema", "reference", "projection"} <= {each.kind for each in one.damage}
    monkeypatch.setattr(pool, "SMALL", 0)
    assert verified(mine.directory, jobs=2).damage == one.damage


def test_a_sample_goes_on_where_the_last_one_was(mine: Archive) -> None:
    """Those that were verified least recently come first, until all of them were."""
    seen: set[int] = set()
    for runs in range(1, 5):
        report = mine.verify(Options(sample=0.25))
        assert (report.checked["conversations"], report.left) == (32, 94)
        assert not report.complete
        assert "94 conversations were not looked at" in " ".join(report.notes)
        assert len(remembered(mine)) == min(32 * runs, 126)
        seen |= remembered(mine)
    assert len(seen) == 126


def test_what_is_damaged_is_not_remembered(mine: Archive) -> None:
    """It is looked at again by the next sample."""
    spoil(mine, "UPDATE turns SET text = 'x' WHERE conversation = 7 AND position = 0")
    mine.verify()
    assert len(remembered(mine)) == 125
    assert {each.kind for each in mine.verify(Options(sample=0.001)).damage} == {"projection"}


def test_no_time(mine: Archive, in_pieces: None) -> None:
    """When the time is up at once, the ledger was read all the same, and some conversations."""
    report = mine.verify(Options(max_duration=0))
    assert report.checked["conversations"] == 10
    assert report.checked["ledger_entries"] > 126
    assert report.left == 116


def test_stopped(mine: Archive, in_pieces: None) -> None:
    """What was verified until the user stopped it, is remembered."""
    stop = threading.Event()

    def step(what: str, done: int, _total: int | None) -> None:
        if what == "Conversations" and done >= 30:
            stop.set()

    report = mine.verify(stop=stop, progress=step)
    assert (report.stopped, report.complete, report.left) == (True, False, 96)
    assert len(remembered(mine)) == 30
    assert mine.verify(Options(sample=1)).checked["conversations"] == 126


def test_while_another_writes(mine: Archive) -> None:
    """It waits for nobody, and says that it could not write down what it has verified."""
    with writer_lock(mine.directory, "sync"):
        report = mine.verify()
    assert report.ok
    assert "not remembered" in report.notes[0]
    assert not remembered(mine)


def test_status_knows(mine: Archive) -> None:
    """When all was verified last, and what came of it."""
    assert (mine.status().verified_at, mine.status().healthy) == (None, True)
    mine.verify()
    assert mine.status().verified_at
    assert (mine.status().damaged, mine.status().healthy) == (0, True)
    spoil(mine, "UPDATE turns SET text = 'x' WHERE conversation = 7 AND position = 0")
    mine.verify()
    assert (mine.status().damaged, mine.status().healthy) == (1, False)


# What is no archive any more


@pytest.mark.parametrize("start", [0, 3, 20])
def test_a_database_with_holes(mine: Archive, start: int) -> None:
    """Pages of rubbish are named as far as they reach, and nothing breaks off with an error."""
    with mine.writing("test") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    mine.close()
    path = mine.directory / "archive.db"
    content = bytearray(path.read_bytes())
    page = 16_384
    for at in range(start * page, len(content), 7 * page):
        content[at : at + 4000] = b"rubbish!" * 500
    path.write_bytes(content)
    report = Archive(mine.directory).verify()
    assert "database" in kinds(report)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0", bytes(5000)])
def test_no_database(mine: Archive, content: bytes) -> None:
    """A file that is no database any more is damage."""
    mine.close()
    for path in mine.directory.glob("archive.db*"):
        path.unlink()
    (mine.directory / "archive.db").write_bytes(content)
    report = Archive(mine.directory).verify()
    assert kinds(report) == {"database"}
    assert not report.complete


@pytest.mark.parametrize("table", ["ledger", "turns", "meta", "sync_windows", "verified"])
def test_a_table_that_is_gone(mine: Archive, table: str) -> None:
    """It is named as missing."""
    spoil_schema(mine, f"DROP TABLE {table}")
    report = verified(mine.directory)
    assert ("schema", f"table {table}") in {each[:2] for each in report.damage}


def spoil_schema(archive: Archive, statement: str) -> None:
    """Somebody has been at the schema."""
    connection = sqlite3.connect(archive.directory / "archive.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_no_archive(tmp_path: Path) -> None:
    """Where there is none, nothing can be verified."""
    with pytest.raises(NotFound):
        Archive(tmp_path).verify()


# What is no damage


def test_others_may_add_tables(mine: Archive) -> None:
    """A table or an index of another program is noted."""
    spoil_schema(mine, "CREATE TABLE notes (text)")
    spoil_schema(mine, "CREATE INDEX mine ON turns (speaker)")
    report = verified(mine.directory)
    assert report.ok
    assert len(report.notes) == 2


def test_edited_settings(mine: Archive) -> None:
    """People edit the file; the ledger has it as of when the archive was last written to."""
    with (mine.directory / "convarchive.toml").open("a", encoding="utf-8") as file:
        file.write("\n# a note\n")
    report = verified(mine.directory)
    assert report.ok
    assert "convarchive.toml was changed" in report.notes[0]
    with mine.writing("test"):
        pass
    assert not verified(mine.directory).notes


def test_a_file_that_nobody_knows(mine: Archive) -> None:
    """A killed sync can leave a recording that no conversation has."""
    (mine.directory / "recordings" / "ab").mkdir(exist_ok=True)
    (mine.directory / "recordings" / "ab" / f"ab{'0' * 62}.wav").write_bytes(b"x")
    report = verified(mine.directory)
    assert report.ok
    assert "recordings/ab/ab0" in report.notes[0]


# Checkpoints


def test_a_checkpoint_that_is_none(mine: Archive, tmp_path: Path) -> None:
    """What is given has to be one."""
    (tmp_path / "x").write_text("no checkpoint")
    for name in ("x", "not there"):
        with pytest.raises(Unreadable):
            verified(mine.directory, checkpoint=tmp_path / name)


def test_a_checkpoint_of_another_archive(mine: Archive, tmp_path: Path) -> None:
    """It names another, is signed by another, and has seen other entries."""
    with Archive.create(tmp_path / "other") as other, other.writing("test") as connection:
        written = checkpoints.write(connection, other.directory)
    report = verified(mine.directory, checkpoint=written.path)
    assert kinds(report) == {"checkpoint", "ledger_rewritten"}


def test_checkpoints_that_agree_are_counted(mine: Archive) -> None:
    """Each is compared with the ledger as it was when it was written."""
    for number in range(3):
        with mine.writing("test") as connection:
            ledger.append(connection, "test", "2026-01-01T00:00:00Z", number=number)
            checkpoints.write(connection, mine.directory)
    report = verified(mine.directory)
    assert report.ok
    assert report.ledger.checkpoints == report.checked["checkpoints"] >= 3


def test_a_time_stamp_of_something_else(mine: Archive) -> None:
    """What is beside a checkpoint as its time stamp has to be one of it."""
    path = mine.checkpoint().path
    assert path is not None
    path.with_suffix(".tsr").write_bytes(b"no time stamp")
    (damage,) = verified(mine.directory).damage
    assert (damage.kind, damage.where) == ("checkpoint", f"checkpoints/{path.stem}.tsr")


# What may be forgotten


def test_what_was_forgotten(mine: Archive) -> None:
    """A hold that was emptied for an erasure is whole, and one that somebody has emptied is not."""
    call = next(call for call in mine.list("has:recording", limit=0) if call.caller_number)
    mine.place_hold("x", ids=[call.id], reason=f"about {call.caller_number}")
    mine.release_hold("x", reason="over")
    mine.place_hold("y", query="*", reason="z")
    mine.release_hold("y", reason="over")
    mine.erase(mine.plan_erasure([call.id]), reason="asked for")
    connection = database.connect(mine.directory)
    emptied = connection.execute("SELECT name FROM holds ORDER BY hold").fetchall()
    connection.close()
    assert emptied == [(None,), ("y",)]
    assert verified(mine.directory).ok
    spoil(mine, "UPDATE holds SET name = NULL, salt = NULL WHERE hold = 2")
    assert kinds(verified(mine.directory)) == {"row_changed"}


def test_destroyed_and_still_there(mine: Archive) -> None:
    """Rows of a conversation that was destroyed must not come back."""
    old = mine.directory.with_name("old")
    shutil.copytree(mine.directory, old)
    call = mine.list("-has:recording", limit=1)[0]
    key = mine.find(call.id)
    mine.erase(mine.plan_erasure([call.id]), reason="asked for")
    with unguarded(mine.directory) as connection:
        connection.execute("ATTACH ? AS old", (str(old / "archive.db"),))
        for table, column in (("conversations", "key"), ("revisions", "conversation")):
            connection.execute(
                f"INSERT INTO {table} SELECT * FROM old.{table} WHERE {column} = ?", (key,)
            )
    assert ("row_unentered", f"ayra/{call.id} revision 1") in {
        each[:2] for each in verified(mine.directory).damage
    }


# Backups


def test_a_damaged_archive_gives_no_backup(mine: Archive, tmp_path: Path) -> None:
    """A copy that does not verify is removed, and what is damaged is named."""
    spoil(mine, "UPDATE turns SET text = 'x' WHERE conversation = 7 AND position = 0")
    (tmp_path / "backups").mkdir()
    with pytest.raises(DamageFound, match="projection"):
        mine.backup(tmp_path / "backups" / "copy")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_verifies(mine: Archive, tmp_path: Path) -> None:
    """With the checkpoints, and without that anything is written to it."""
    with mine.writing("test") as connection:
        checkpoints.write(connection, mine.directory)
    mine.backup(tmp_path / "copy")
    before = sorted(path.name for path in (tmp_path / "copy").iterdir())
    report = verified(tmp_path / "copy")
    assert report.ok
    assert report.ledger.checkpoints >= 1
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == before
