"""One look at an archive says what is in it, what is owed, and whether all is well."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from convarchive import Archive, settings
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A small vendor: thirty calls that are made up."""
    with Sandbox(count=30, seed=5) as running:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", running.key)
        yield running


def test_an_empty_archive(tmp_path: Path) -> None:
    """Nothing is in it, and it has no source."""
    with Archive.create(tmp_path / "mine") as archive:
        status = archive.status()
        assert status.archive == "mine"
        assert status.conversations == status.turns == status.revisions == status.recordings == 0
        assert status.sources == ()
        assert status.problems == 0
        assert status.bytes > 0


def test_what_is_in_it(synced: Archive) -> None:
    """Every count is that of what can be listed."""
    status = synced.status()
    calls = [one for _, one in synced.conversations(synced.keys())]
    assert status.conversations == len(calls) == 126
    assert status.turns == sum(len(one.turns) for one in calls)
    assert status.revisions == 126
    assert status.recordings == len({one.recording.sha256 for one in calls if one.recording}) == 5
    assert status.deleted_at_source == status.unindexed == status.problems == 0
    assert status.index_usable
    assert status.healthy


def test_the_sources(synced: Archive) -> None:
    """Each with its counts, when it was synced, and up to when it is complete."""
    (source,) = synced.status().sources
    assert (source.source, source.kind) == ("ayra", "ayra")
    assert source.conversations == 126
    assert source.pending == synced.count("is:pending") == 5
    assert source.problems == source.recordings_missing == 0
    assert source.complete_until
    assert source.synced_at
    assert source.complete_until <= source.synced_at


def test_the_size_is_that_of_the_files(synced: Archive) -> None:
    """Database, recordings and index; not the settings."""
    files = (path for path in synced.directory.rglob("*") if path.is_file())
    counted = [path for path in files if not path.name.startswith(("convarchive.toml", "writer."))]
    assert synced.status().bytes == sum(path.stat().st_size for path in counted)


def test_for_scripts(synced: Archive) -> None:
    """The same as one JSON document that names its schema."""
    status = synced.status()
    document = json.loads(json.dumps(status.to_json()))
    assert document["schema"] == "convarchive.status/1"
    assert document["healthy"] is True
    assert document["conversations"] == 126
    assert document["sources"][0]["source"] == "ayra"
    assert set(document) == {"schema", "healthy", *status._fields}
    assert set(document["sources"][0]) == set(status.sources[0]._fields)


def test_without_an_index(archive: Archive) -> None:
    """An index that is missing, or lacks something, is not healthy."""
    archive.sync()
    with archive.writing("test") as connection:
        connection.execute(
            "INSERT INTO index_queue (conversation) SELECT key FROM conversations LIMIT 2"
        )
    status = archive.status()
    assert (status.unindexed, status.index_usable, status.healthy) == (2, True, False)
    archive.reindex()
    assert archive.status().healthy
    shutil.rmtree(archive.directory / "index")
    status = archive.status()
    assert (status.unindexed, status.index_usable, status.healthy) == (0, False, False)


def test_recordings_that_are_missing(archive: Archive) -> None:
    """What was synced without its recordings lacks them, until it is synced with them."""
    archive.sync(options=Options(recordings=False))
    missing = archive.status().sources[0].recordings_missing
    assert missing > 0
    assert archive.status().recordings == 0
    archive.sync()
    assert archive.status().sources[0].recordings_missing == 0
    assert archive.status().recordings == archive.count("has:recording") == missing


def deleted_after(archive: Archive, days: int) -> int:
    """What vanishes soon, of a vendor that deletes after so many days."""
    path = archive.directory / settings.FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}deleted_after_days = {days}\n", encoding="utf-8")
    status = archive.status()
    path.write_text(text, encoding="utf-8")
    assert status.healthy == (not status.sources[0].vanishing)
    return status.sources[0].vanishing


def test_what_vanishes_soon(archive: Archive) -> None:
    """Recordings that are not here and that the vendor deletes within three days are counted; a
    setting that cannot be read does not keep anyone from looking."""
    archive.sync(options=Options(recordings=False))
    source = archive.status().sources[0]
    starts = sorted(one.started_at or "" for one in archive.list(limit=0))
    now = datetime.now(UTC)
    oldest, middle = (
        (now - datetime.fromisoformat(start)).days for start in (starts[0], starts[15])
    )
    assert source.vanishing == 0
    assert deleted_after(archive, 1) == source.recordings_missing
    assert deleted_after(archive, oldest + 5) == 0
    assert 0 < deleted_after(archive, middle + 3) < source.recordings_missing
    assert deleted_after(archive, 10**9) == 0
    archive.sync()
    assert deleted_after(archive, 1) == 0


def test_what_was_deleted(archive: Archive, sandbox: Sandbox) -> None:
    """What the vendor has deleted is counted, and is there still."""
    archive.sync()
    for name in sandbox.upstream.ids()[:2]:
        sandbox.upstream.remove(name)
    archive.sync(options=Options(full=True))
    status = archive.status()
    assert (status.conversations, status.deleted_at_source) == (30, 2)
    assert archive.count("is:deleted") == 2


def test_a_part_of_the_list(archive: Archive) -> None:
    """A sync that was cut short is not complete."""
    archive.sync(options=Options(limit=10))
    (source,) = archive.status().sources
    assert source.conversations == 10
    assert source.synced_at
    assert source.complete_until is None


def test_problems_are_not_healthy(archive: Archive, sandbox: Sandbox) -> None:
    """What the vendor listed and cannot be had is a problem of its source."""
    payload = sandbox.upstream.get(sandbox.upstream.ids()[0]) or {}
    sandbox.upstream.put(payload | {"id": "conv_ghost", "recording": "no-such-file.wav"})
    archive.sync()
    status = archive.status()
    assert status.problems == status.sources[0].problems == len(archive.problems()) == 1
    assert not status.healthy
    assert status.sources[0].recordings_missing == 1


@pytest.mark.parametrize("removed", [False, True])
def test_a_source_that_was_removed(archive: Archive, removed: bool) -> None:
    """Its conversations stay, and so does its line."""
    archive.sync()
    if removed:
        settings.remove_source(archive.directory, "ayra")
    (source,) = archive.status().sources
    assert (source.source, source.conversations) == ("ayra", 30)
