"""An archive of before, which gets a ledger of what it holds."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils.migrations import Migrations

from convarchive.store import database, evidence, inception, ledger, schema

RECORD = """
INSERT INTO sources (name, kind, added_at) VALUES ('ayra', 'ayra', 'T0');
INSERT INTO recordings (sha256, bytes, media_type, fetched_at) VALUES ('aa', 5, 'audio/wav', 'T3');
INSERT INTO recordings (sha256, bytes, media_type, fetched_at) VALUES ('bb', 6, NULL, 'T4');
INSERT INTO conversations (key, source, id, status, topics, keywords, actions, follow_up_tasks,
    has_transcript, turn_count, offers_recording, recording_sha256, revision, fingerprint,
    first_seen_at, changed_at, deleted_at_source)
VALUES (7, 'ayra', 'conv_7', 'completed', '[]', '[]', '[]', '[]', 0, 0, 1, 'aa', 2, 'f2',
    'T1', 'T2', 'T5');
INSERT INTO revisions VALUES (7, 1, 'T1', 'f1'), (7, 2, 'T2', 'f2');
INSERT INTO documents VALUES (7, 1, 'detail', 'd1', 10, x'00'), (7, 2, 'detail', 'd2', 11, x'00'),
    (7, 2, 'transcript', 't2', 12, x'00');
INSERT INTO conversation_recordings VALUES (7, 'aa', 'T3'), (7, 'bb', 'T4');
INSERT INTO sync_windows (source, since, until, listed, stored, failed, opened_at, closed_at)
VALUES ('ayra', NULL, NULL, 1, 1, 0, 'T0', 'T6');
"""


def second() -> Migrations:
    """The steps up to the version that had no ledger."""
    steps = Migrations("convarchive")
    steps(name="0001_first_tables")(schema._first_tables)
    steps(name="0002_imports")(schema._imports)
    return steps


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of the second schema with one of everything in it."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrations", second)
        patch.setattr(schema, "VERSION", 2)
        database.create(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / database.FILE)) as raw:
        raw.executescript(RECORD)
    return tmp_path


@pytest.fixture
def connection(older: Path) -> Iterator[sqlite3.Connection]:
    """The same, brought up to date."""
    with contextlib.closing(database.connect(older, write=True)) as opened:
        yield opened


def test_everything_has_its_entry(connection: sqlite3.Connection) -> None:
    """In an order in which it can have come, all as of the migration."""
    entries = [each.fields for each in ledger.read(connection)]
    assert [each["kind"] for each in entries] == [
        inception.ARCHIVE, evidence.SOURCE, evidence.REVISION, evidence.REVISION, evidence.SOUND,
        evidence.SOUND, evidence.RECORDING, evidence.RECORDING, evidence.DELETED, evidence.WINDOW,
    ]  # fmt: skip
    assert len({each["at"] for each in entries}) == 1


def test_states_are_committed_to(connection: sqlite3.Connection) -> None:
    """With their documents, in the entry that their row names."""
    position, salt = connection.execute(
        "SELECT ledger, salt FROM revisions WHERE revision = 2"
    ).fetchone()
    (entry,) = ledger.read(connection, position, position + 1)
    content = evidence.revision_content(
        7, "ayra", "conv_7", 2, "T2", "f2", [("transcript", "t2", 12), ("detail", "d2", 11)]
    )
    assert entry.fields["commitment"] == ledger.commitment(salt, content)


def test_the_recording_that_it_has_comes_last(connection: sqlite3.Connection) -> None:
    """As the newest such entry is the one that counts."""
    newest = connection.execute(
        "SELECT sha256 FROM conversation_recordings ORDER BY ledger DESC LIMIT 1"
    ).fetchone()
    assert newest == ("aa",)


def test_marks_and_windows_are_written_down(connection: sqlite3.Connection) -> None:
    """A deletion with its time, a window with all its columns."""
    deleted, window = [each.fields for each in ledger.read(connection)][-2:]
    assert (deleted["conversation"], deleted["deleted_at"]) == (7, "T5")
    assert (window["listed"], window["until"], window["closed_at"]) == (1, None, "T6")


def test_every_archive_has_an_id_and_a_key_of_its_own(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """The first entry says the id; the key is not in the ledger."""
    (other := tmp_path / "other").mkdir()
    database.create(other)
    with contextlib.closing(database.connect(other)) as opened:
        metas = [dict(each.execute("SELECT * FROM meta")) for each in (connection, opened)]
    assert metas[0]["archive_id"] != metas[1]["archive_id"]
    assert metas[0]["erasure_key"] != metas[1]["erasure_key"]
    first = next(ledger.read(connection))
    assert json.loads(first.data)["id"] == inception.archive_id(connection)
    assert metas[0]["erasure_key"].encode() not in b"".join(
        each.data for each in ledger.read(connection)
    )
