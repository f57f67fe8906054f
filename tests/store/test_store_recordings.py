"""Sound on the disk: by the hash of its bytes, once, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.conversations import AT, call, received

from convarchive.model import Recording
from convarchive.store import recordings, rows
from convarchive.store.ingest import ingest
from convarchive.store.recordings import Sound

SOUND = b"RIFF" + bytes(range(256)) * 100
SHA256 = hashlib.sha256(SOUND).hexdigest()


def files(directory: Path) -> list[str]:
    """Every file below the directory of recordings."""
    folder = directory / recordings.DIRECTORY
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("media_type", "suffix"),
    [("audio/wav", ".wav"), ("audio/mpeg", ".mp3"), ("text/html", ".bin"), (None, ".bin")],
)
def test_a_recording(tmp_path: Path, media_type: str | None, suffix: str) -> None:
    """Is named by the SHA-256 of its bytes, in a directory by the first two digits."""
    chunks = (SOUND[at : at + 1000] for at in range(0, len(SOUND), 1000))
    sound = recordings.write(tmp_path, chunks, media_type)
    assert sound == Sound(SHA256, len(SOUND), media_type)
    path = recordings.path_of(tmp_path, SHA256, media_type)
    assert path.relative_to(tmp_path).parts == ("recordings", SHA256[:2], SHA256 + suffix)
    assert path.read_bytes() == SOUND


def test_the_same_bytes(tmp_path: Path) -> None:
    """Are one file."""
    for _ in range(2):
        recordings.write(tmp_path, [SOUND], "audio/wav")
    assert files(tmp_path) == [f"{SHA256[:2]}/{SHA256}.wav"]


def test_a_recording_that_breaks_off(tmp_path: Path) -> None:
    """Leaves nothing behind."""

    def chunks() -> Iterator[bytes]:
        yield SOUND
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        recordings.write(tmp_path, chunks(), "audio/wav")
    assert files(tmp_path) == []


def test_what_a_killed_run_has_left(tmp_path: Path) -> None:
    """Half a recording is swept away, a whole one is not."""
    recordings.sweep(tmp_path)
    recordings.write(tmp_path, [SOUND], "audio/wav")
    (tmp_path / recordings.DIRECTORY / ".part-x7").write_bytes(SOUND[:100])
    recordings.sweep(tmp_path)
    assert files(tmp_path) == [f"{SHA256[:2]}/{SHA256}.wav"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_files_are_the_owners(tmp_path: Path) -> None:
    """Nobody else can hear them."""
    recordings.write(tmp_path, [SOUND], "audio/wav")
    for path in (tmp_path / recordings.DIRECTORY).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def offered(connection: sqlite3.Connection, *ids: str, **fields: object) -> list[int]:
    """Conversations that have a recording to be fetched; their keys."""
    batch = [received(call(each, recording=Recording("https://a"), **fields)) for each in ids]
    return [outcome.key for outcome in ingest(connection, batch)]


def test_what_is_missing(connection: sqlite3.Connection) -> None:
    """What a conversation offers and we don't have, oldest first, among some or among all."""
    newer = offered(connection, "newer", started_at="2026-01-02T00:00:00Z")
    older = offered(connection, "older", started_at="2026-01-01T00:00:00Z")
    ingest(connection, [received(call("silent"))])
    assert recordings.missing(connection, "ayra") == [(older[0], "older"), (newer[0], "newer")]
    assert recordings.missing(connection, "ayra", newer) == [(newer[0], "newer")]
    assert recordings.missing(connection, "other") == []


def test_what_is_still_growing_or_gone(connection: sqlite3.Connection) -> None:
    """Is not missing: the recording of a call in progress, or of one that the vendor deleted."""
    offered(connection, "running", status="in_progress")
    offered(connection, "gone")
    connection.execute("UPDATE conversations SET deleted_at_source = '2026' WHERE id = 'gone'")
    assert recordings.missing(connection, "ayra") == []


def test_a_recording_of_two_conversations(connection: sqlite3.Connection) -> None:
    """Is one row, and each of them has it; the index learns of it."""
    keys = offered(connection, "a", "b")
    connection.execute("DELETE FROM index_queue")
    for key in keys:
        recordings.attach(connection, key, Sound(SHA256, 5, "audio/wav"), AT)
    columns = "sha256, bytes, media_type, fetched_at, stored"
    assert connection.execute(f"SELECT {columns} FROM recordings").fetchall() == [
        (SHA256, 5, "audio/wav", AT, 1)
    ]
    for _, found in rows.read(connection, keys):
        assert found.recording == Recording(None, SHA256, 5, "audio/wav")
    assert recordings.missing(connection, "ayra") == []
    assert connection.execute("SELECT conversation FROM index_queue").fetchall() == [
        (key,) for key in keys
    ]


def test_another_recording_of_the_same(connection: sqlite3.Connection) -> None:
    """Is the newest one; the one before stays known."""
    (key,) = offered(connection, "a")
    for sha256 in ("one", "two"):
        recordings.attach(connection, key, Sound(sha256, 5, None), AT)
    assert connection.execute("SELECT recording_sha256 FROM conversations").fetchone() == ("two",)
    assert connection.execute("SELECT sha256 FROM conversation_recordings").fetchall() == [
        ("one",),
        ("two",),
    ]


def test_a_new_revision_keeps_its_recording(connection: sqlite3.Connection) -> None:
    """What was fetched is not fetched again because a word of the summary changed."""
    (key,) = offered(connection, "a")
    recordings.attach(connection, key, Sound(SHA256, 5, None), AT)
    ingest(connection, [received(call("a", recording=Recording("https://b")), "2")])
    assert recordings.missing(connection, "ayra") == []
