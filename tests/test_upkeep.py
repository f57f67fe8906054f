"""The tables are made anew from the vendor's bytes; an archive is copied while it is in use."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from convarchive import Archive
from convarchive.errors import ConvarchiveError, IndexUnusable, PathExists, UsageError
from convarchive.sandbox import Sandbox
from convarchive.store import mirror
from convarchive.store.ingest import pack
from convarchive.sync.engine import Options

CALL = "conv_y2y2yykvzs2y"
RECORDED = "conv_f3rki4e642qu"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A small vendor: thirty calls that are made up."""
    with Sandbox(count=30, seed=5) as running:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", running.key)
        yield running


@pytest.fixture
def mine(synced: Archive, tmp_path: Path) -> Iterator[Archive]:
    """All of the demo's calls, to be spoilt."""
    # To read the file by itself would take SQLite's locks on it from this process.
    synced.close()
    shutil.copytree(synced.directory, tmp_path / "mine")
    with Archive.open(tmp_path / "mine") as archive:
        yield archive


@pytest.fixture(scope="module")
def truth(synced: Archive) -> list[str]:
    """Their tables as they were."""
    return dump(synced)


def dump(archive: Archive) -> list[str]:
    """Every table, and every row of each but for the index's mark, as SQL."""
    connection = sqlite3.connect(f"{(archive.directory / 'archive.db').as_uri()}?mode=ro", uri=True)
    try:
        return sorted(line for line in connection.iterdump() if 'INTO "meta"' not in line)
    finally:
        connection.close()


def turns_found(archive: Archive) -> dict[str, object]:
    """What a search brings, but for the order."""
    hits = archive.search("refund OR 退款", limit=0).hits
    assert len(hits) > 5
    return {hit.conversation.id: hit._replace(score=0) for hit in hits}


def spoil(archive: Archive, *statements: str) -> None:
    """Somebody has been at the tables."""
    with archive.writing("test") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


def test_nothing_to_rebuild(archive: Archive, sandbox: Sandbox) -> None:
    """Rebuilding what is as its bytes say changes no row of any table."""
    archive.sync()
    recorded = archive.list("has:recording")[0].id
    changed = archive.list("-has:recording")[0].id
    sandbox.upstream.put((sandbox.upstream.get(changed) or {}) | {"summary": "Changed."})
    sandbox.upstream.remove(recorded)
    archive.sync(options=Options(full=True))
    before = dump(archive)
    assert archive.rebuild() == (30, 0)
    assert dump(archive) == before
    assert archive.show(changed).revision == 2
    assert archive.show(recorded).deleted_at_source
    assert archive.show(recorded).recording


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE conversations SET summary = 'All is well.'",
        "UPDATE conversations SET status = 'unknown', outcome = NULL, duration = 1",
        "UPDATE conversations SET caller_number = '+10000000000'",
        "UPDATE conversations SET topics = '[\"nothing\"]', keywords = '[]'",
        "UPDATE conversations SET topics = 'no JSON', quality = '{'",
        "UPDATE conversations SET has_transcript = 0, turn_count = 0, offers_recording = 0",
        "UPDATE turns SET text = 'I have nothing to complain about.'",
        'UPDATE turns SET start = NULL, "end" = 0.5, confidence = 2',
        "UPDATE turns SET role = 'other', speaker = ''",
        "UPDATE turns SET position = position + 1000",
        "DELETE FROM turns WHERE position % 2",
        "DELETE FROM turns",
        "INSERT INTO turns SELECT key, 999, 'x', 'agent', 'I said so', 0, 1, 1 FROM conversations",
    ],
)
def test_a_spoilt_projection(mine: Archive, truth: list[str], damage: str) -> None:
    """Whatever was done to the rows of conversations and turns, they are again what they were."""
    spoil(mine, damage)
    conversations, written = mine.rebuild()
    assert conversations == 126
    assert 0 < written <= 126
    assert dump(mine) == truth


def test_a_spoilt_projection_is_found_again(mine: Archive, synced: Archive) -> None:
    """What was made anew is indexed anew, and making it anew again writes nothing."""
    spoil(mine, "DELETE FROM turns", "UPDATE conversations SET summary = 'A zebra.'")
    assert mine.rebuild() == (126, 126)
    assert turns_found(mine) == turns_found(synced)
    assert mine.rebuild() == (126, 0)


def test_one_spoilt_row(mine: Archive) -> None:
    """Only what reads differently is written, and the index learns of it."""
    spoil(mine, f"UPDATE conversations SET summary = 'A zebra.' WHERE id = '{CALL}'")
    with mine.writing("test") as connection:
        connection.execute("INSERT INTO index_queue (conversation) VALUES (?)", (mine.find(CALL),))
    mine.reindex()
    assert mine.count("zebra") == 1
    assert mine.rebuild() == (126, 1)
    assert mine.count("zebra") == 0
    assert mine.unindexed() == 0


def test_progress(mine: Archive) -> None:
    """Who asks is told how many are done, up to all of them."""
    told: list[tuple[int, int]] = []
    mine.rebuild(lambda done, total: told.append((done, total)))
    assert told == [(100, 126), (126, 126)]


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"", None])
def test_bytes_that_cannot_be_read(mine: Archive, body: bytes | None) -> None:
    """They are a problem that is named, the rows stay as they are, and the others are rebuilt."""
    key, other = mine.find(CALL), mine.find(RECORDED)
    before = mine.show(CALL)
    with mine.writing("test") as connection:
        connection.execute("UPDATE conversations SET summary = 'x' WHERE key = ?", (other,))
        packed = b"not even compressed" if body is None else pack(body)
        connection.execute(
            "UPDATE documents SET body = ?, sha256 = ? WHERE conversation = ?",
            (packed, hashlib.sha256(body or b"").hexdigest(), key),
        )
    assert mine.rebuild() == (126, 1)
    assert mine.show(CALL) == before
    (problem,) = mine.problems()
    assert (problem.id, problem.stage) == (CALL, "stored")


def test_a_backup_is_an_archive(mine: Archive, tmp_path: Path) -> None:
    """It holds every row, the settings and the recordings; its index is made from them."""
    copy = tmp_path / "backups" / "today"
    copy.parent.mkdir()
    assert mine.backup(copy) == 126
    assert list(copy.parent.iterdir()) == [copy]
    with Archive.open(copy) as opened:
        assert dump(opened) == dump(mine)
        assert opened.show(CALL) == mine.show(CALL)
        assert opened.status().sources == mine.status().sources
        with pytest.raises(IndexUnusable):
            opened.search("refund")
        assert opened.reindex() == 126
        assert turns_found(opened) == turns_found(mine)
    for name in ("convarchive.toml", "recordings"):
        assert tree(copy / name) == tree(mine.directory / name)
    assert len(tree(copy / "recordings")) == 5


def tree(path: Path) -> dict[str, bytes]:
    """The files at and below a path, by their names from there."""
    found = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    files = (file for file in found if not file.name.endswith(("-wal", "-shm")))
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def test_a_backup_goes_on_where_it_was(archive: Archive, tmp_path: Path) -> None:
    """A sync of the copy fetches what came since, and nothing again."""
    archive.sync()
    archive.backup(tmp_path / "copy")
    shutil.rmtree(archive.directory)
    with Archive.open(tmp_path / "copy") as copy:
        report = copy.sync()
        (source,) = report.sources
        assert (source.new, source.changed, source.recordings, report.complete) == (0, 0, 0, True)
        assert copy.count("the") > 0


def test_a_backup_while_something_writes(mine: Archive, tmp_path: Path) -> None:
    """A writer is not waited for; the copy is of the last commit, be it only in the log yet."""
    with mine.writing("test") as connection:
        mirror.mark_deleted(connection, "ayra", CALL, "2026-01-01T00:00:00Z")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM turns")
        assert mine.backup(tmp_path / "copy") == 126
        connection.execute("ROLLBACK")
    with Archive.open(tmp_path / "copy") as copy:
        assert copy.show(CALL) == mine.show(CALL)
        assert copy.show(CALL).deleted_at_source


def test_a_backup_is_private(mine: Archive, tmp_path: Path) -> None:
    """Only its owner can read it."""
    mine.backup(tmp_path / "copy")
    if os.name == "posix":
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "copy").iterdir()}
        assert modes == {
            "archive.db": 0o600, "convarchive.toml": 0o600, "recordings": 0o700,
            "checkpoints": 0o700,
        }  # fmt: skip
        assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["file", "empty directory", "archive"])
def test_a_backup_overwrites_nothing(mine: Archive, tmp_path: Path, kind: str) -> None:
    """What is there stays, be it an empty directory or the archive itself."""
    path = mine.directory if kind == "archive" else tmp_path / "there"
    if kind == "file":
        path.write_text("mine")
    elif kind == "empty directory":
        path.mkdir()
    before = tree(path)
    with pytest.raises(PathExists, match="exists already"):
        mine.backup(path)
    assert tree(path) == before


def test_a_backup_to_nowhere(mine: Archive, tmp_path: Path) -> None:
    """A directory that is not there is not made; nothing is left behind."""
    with pytest.raises(UsageError, match="Nothing can be written"):
        mine.backup(tmp_path / "no" / "where")
    assert not (tmp_path / "no").exists()


def test_a_backup_of_a_damaged_database(mine: Archive, tmp_path: Path) -> None:
    """A database that is damaged gives no copy, and leaves nothing where it should have been."""
    with mine.writing("test") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    mine.close()
    path = mine.directory / "archive.db"
    content = bytearray(path.read_bytes())
    content[16_384 * 3 : 16_384 * 40] = os.urandom(16_384 * 37)
    path.write_bytes(content)
    target = tmp_path / "backups"
    target.mkdir()
    with pytest.raises(ConvarchiveError, match="damaged"):
        mine.backup(target / "copy")
    assert list(target.iterdir()) == []
