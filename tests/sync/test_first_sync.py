"""The first sync has everything, the second one nothing to do."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import dump, meaning, moment, payload

from convarchive import Archive
from convarchive.model import Conversation, Recording
from convarchive.sandbox import Sandbox
from convarchive.store import database
from convarchive.store.recordings import path_of
from convarchive.sync.report import SourceReport


def synced(archive: Archive) -> SourceReport:
    """One sync of the only source."""
    (report,) = archive.sync().sources
    assert report.error is None
    return report


def asked(sandbox: Sandbox) -> dict[str, int]:
    """What the sandbox was asked for since this was called last."""
    requests = dict(sandbox.requests)
    sandbox.requests.clear()
    return requests


def as_stored(conversation: Conversation) -> Conversation:
    """Without what the vendor's payload does not tell."""
    return conversation._replace(recording=None, revision=0)


def test_field_by_field(archive: Archive, sandbox: Sandbox) -> None:
    """Every conversation of the demo is stored as the vendor's documentation says it is meant."""
    report = synced(archive)
    ids = sandbox.upstream.ids()
    assert len(ids) > 100
    for identifier in ids:
        told = sandbox.upstream.get(identifier)
        assert told is not None
        stored = archive.show(identifier)
        assert as_stored(stored) == meaning(told), identifier
        assert stored.revision == 1
    assert report.complete
    assert report.listed == report.fetched == report.new == len(ids)
    assert (report.changed, report.unchanged, report.problems) == (0, 0, 0)


def test_the_bytes(archive: Archive, sandbox: Sandbox) -> None:
    """Of every conversation are what the vendor sent, and the report has counted them."""
    report = synced(archive)
    size = 0
    for identifier in sandbox.upstream.ids():
        ((name, body),) = archive.documents(archive.find(identifier))
        told = sandbox.upstream.get(identifier)
        assert told is not None
        told.pop("recording", None)
        kept = json.loads(body)["data"]
        kept.pop("recording_url", None)
        told.pop("recording_url", None)
        assert (name, kept) == ("detail", told)
        size += len(body)
    assert report.bytes == size + sum(path.stat().st_size for path in sounds(archive.directory))


def test_the_recordings(archive: Archive, sandbox: Sandbox) -> None:
    """Are on the disk under the hash of their bytes, one for each that the vendor has."""
    report = synced(archive)
    names = {}
    for identifier in sandbox.upstream.ids():
        told = sandbox.upstream.get(identifier)
        recording = archive.show(identifier).recording
        assert told is not None
        if not told.get("recording"):
            assert recording is None
            continue
        sound = sandbox.recordings.get(told["recording"])
        assert sound is not None
        assert recording is not None
        assert recording.sha256 is not None
        path = path_of(archive.directory, recording.sha256, recording.media_type)
        assert path.read_bytes() == sound
        assert recording == Recording(None, recording.sha256, len(sound), "audio/wav")
        names[told["recording"]] = recording.sha256
    assert report.recordings == len(names) > 0
    assert len(sounds(archive.directory)) == len(set(names.values()))


def sounds(directory: Path) -> list[Path]:
    """Every file among the recordings."""
    return [path for path in (directory / "recordings").rglob("*") if path.is_file()]


def test_one_request_a_conversation(archive: Archive, sandbox: Sandbox) -> None:
    """And one for a hundred lines of the list, but for what every page repeats of the last."""
    report = synced(archive)
    count = len(sandbox.upstream)
    requests = asked(sandbox)
    assert requests["detail"] == count
    assert requests["list"] <= math.ceil(count / 99) + 1
    assert "transcript" not in requests
    assert report.requests == requests["detail"] + requests["list"]
    assert report.rate_limited == 0


def test_it_can_be_found(archive: Archive) -> None:
    """At the end of the sync the index has everything."""
    synced(archive)
    assert archive.unindexed() == 0
    assert archive.search("refund").total > 0


def test_the_second_sync(mirrored: Archive, account: Sandbox) -> None:
    """Asks for one page of the list and for no conversation, and writes nothing but that it was
    there."""
    account.recordings.add("a.wav", b"RIFF")
    for number in range(30):
        account.upstream.put(payload(f"conv_{number}", moment(minutes=number), recording="a.wav"))
    synced(mirrored)
    asked(account)
    before = dump(mirrored._connection())
    mirrored.close()
    report = synced(mirrored)
    assert asked(account) == {"list": 1}
    assert dump(mirrored._connection()) == before
    assert (report.listed, report.unchanged) == (30, 30)
    assert (report.fetched, report.new, report.changed, report.recordings) == (0, 0, 0, 0)
    assert report.complete


def test_the_second_sync_of_the_demo(archive: Archive, sandbox: Sandbox) -> None:
    """Stores no new revision, though calls in progress are looked at again."""
    synced(archive)
    asked(sandbox)
    report = synced(archive)
    assert (report.new, report.changed) == (0, 0)
    assert "recording" not in asked(sandbox)
    (count,) = archive._connection().execute("SELECT count(*) FROM revisions").fetchone()
    assert count == len(sandbox.upstream)


def test_an_empty_account(mirrored: Archive) -> None:
    """Is complete, and so it is the next time."""
    for _ in range(2):
        report = synced(mirrored)
        assert report.complete
        assert (report.listed, report.requests) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("count", [99, 100, 101, 350])
def test_any_number_of_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Everything is stored once, also where the last page is exactly full."""
    with Sandbox(count=count) as sandbox:
        monkeypatch.setenv(KEY_VARIABLE, sandbox.key)
        with make_archive(tmp_path / "archive", sandbox.base_url) as archive:
            report = synced(archive)
            assert (report.complete, report.new) == (True, count)
            stored = [found.id for found in archive.list(limit=0, sort="oldest")]
            assert sorted(stored) == sorted(sandbox.upstream.ids())


def test_the_windows_add_up(archive: Archive, sandbox: Sandbox) -> None:
    """What was listed whole is written down: as many listed as stored, none failed."""
    synced(archive)
    rows = archive._connection().execute("SELECT listed, stored, failed FROM sync_windows")
    assert rows.fetchall() == [(len(sandbox.upstream), len(sandbox.upstream), 0)]


def test_the_key_is_nowhere(archive: Archive, sandbox: Sandbox) -> None:
    """Neither in the settings nor in the database nor in any other file of the archive."""
    synced(archive)
    connection = database.connect(archive.directory, write=True)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for path in archive.directory.rglob("*"):
        if path.is_file():
            assert sandbox.key.encode() not in path.read_bytes(), path
