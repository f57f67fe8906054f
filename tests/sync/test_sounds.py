"""Recordings: fetched while the link is fresh, stored once, asked for again when they failed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import Listener, Shelf, moment, payload, rising

from convarchive import Archive
from convarchive.model import Recording
from convarchive.sandbox import Sandbox
from convarchive.store import owed
from convarchive.store.mirror import ATTEMPTS
from convarchive.sync.engine import Options
from convarchive.sync.report import SourceReport

SOUND = b"RIFF" + bytes(range(256)) * 100
SHA256 = hashlib.sha256(SOUND).hexdigest()


def sync(archive: Archive, **options: Any) -> SourceReport:
    """One sync of the only source."""
    (report,) = archive.sync((), Options(**options)).sources
    assert report.error is None
    return report


def files(directory: Path) -> list[Path]:
    """Every file among the recordings."""
    return [path for path in (directory / "recordings").rglob("*") if path.is_file()]


def test_a_recording(mirrored: Archive, account: Sandbox) -> None:
    """Is stored by its hash; the conversation knows it, and its size and type."""
    account.recordings.add("a.wav", SOUND)
    account.upstream.put(payload("conv_1", recording="a.wav"))
    report = sync(mirrored)
    assert (report.recordings, report.complete) == (1, True)
    (path,) = files(mirrored.directory)
    assert path.name == f"{SHA256}.wav"
    assert path.read_bytes() == SOUND
    assert mirrored.show("conv_1").recording == Recording(None, SHA256, len(SOUND), "audio/wav")


def test_the_same_bytes_of_many(mirrored: Archive, account: Sandbox) -> None:
    """Under as many names and links: one file, one row, and each conversation has it."""
    for number in range(20):
        account.recordings.add(f"{number}.wav", SOUND)
        account.upstream.put(payload(f"conv_{number}", recording=f"{number}.wav"))
    assert sync(mirrored).recordings == 20
    assert len(files(mirrored.directory)) == 1
    connection = mirrored._connection()
    assert connection.execute("SELECT count(*) FROM recordings").fetchone() == (1,)
    assert len(mirrored.list("has:recording", limit=0)) == 20


def test_it_is_fetched_once(mirrored: Archive, account: Sandbox) -> None:
    """Neither the next sync nor a change of the conversation fetches it again."""
    account.recordings.add("a.wav", SOUND)
    account.upstream.put(payload("conv_1", recording="a.wav"))
    sync(mirrored)
    account.upstream.put(payload("conv_1", recording="a.wav", summary="Changed."))
    assert sync(mirrored).changed == 1
    assert account.requests["recording"] == 1
    assert mirrored.show("conv_1").recording is not None


def test_without_recordings_and_then_with(mirrored: Archive, account: Sandbox) -> None:
    """What was left out is fetched by the first sync that wants it."""
    account.recordings.add("a.wav", SOUND)
    account.upstream.put(payload("conv_1", recording="a.wav"))
    report = sync(mirrored, recordings=False)
    assert (report.recordings, report.complete) == (0, True)
    assert account.requests["recording"] == 0
    assert mirrored.show("conv_1").recording is None
    assert sync(mirrored).recordings == 1


def test_one_that_is_still_growing(mirrored: Archive, account: Sandbox) -> None:
    """Is not fetched before the call has ended."""
    account.recordings.add("a.wav", SOUND)
    account.upstream.put(payload("conv_1", status="in_progress", recording="a.wav"))
    assert sync(mirrored).recordings == 0
    account.upstream.put(payload("conv_1", recording="a.wav"))
    assert sync(mirrored).recordings == 1


def test_one_that_comes_later(mirrored: Archive, account: Sandbox) -> None:
    """A link that was not there before is a change."""
    account.recordings.add("a.wav", SOUND)
    account.upstream.put(payload("conv_1"))
    assert sync(mirrored).recordings == 0
    account.upstream.put(payload("conv_1", recording="a.wav"))
    report = sync(mirrored)
    assert (report.changed, report.recordings) == (1, 1)


def test_one_that_is_not_there(mirrored: Archive, account: Sandbox) -> None:
    """The conversation is stored, the recording is a problem, which every sync tries to solve."""
    account.upstream.put(payload("conv_1", recording="a.wav"))
    report = sync(mirrored)
    assert (report.new, report.recordings, report.problems) == (1, 0, 1)
    assert not report.complete
    (problem,) = mirrored.problems()
    assert (problem.id, problem.stage, problem.attempts) == ("conv_1", "recording", 1)
    account.recordings.add("a.wav", SOUND)
    report = sync(mirrored)
    assert (report.recordings, report.problems, report.complete) == (1, 0, True)
    assert mirrored.show("conv_1").revision == 1


def test_one_that_is_never_there(mirrored: Archive, account: Sandbox) -> None:
    """Is given up after some syncs, until the user says to try again."""
    account.upstream.put(payload("conv_1", recording="a.wav"))
    for _ in range(ATTEMPTS):
        sync(mirrored)
    account.requests.clear()
    assert not sync(mirrored).complete
    assert account.requests["recording"] == 0
    mirrored.retry_problems()
    sync(mirrored)
    assert account.requests["recording"] > 0


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Archive, Sandbox]]:
    """A vendor whose links have expired when they are given out, and its mirror."""
    with Sandbox(count=0, link_seconds=-1) as sandbox:
        monkeypatch.setenv(KEY_VARIABLE, sandbox.key)
        with make_archive(tmp_path / "hasty", sandbox.base_url) as archive:
            yield archive, sandbox


def test_an_expired_link(hasty: tuple[Archive, Sandbox]) -> None:
    """Is tried once more, by a fresh link, at the end of the same sync; then it is a problem."""
    archive, sandbox = hasty
    sandbox.recordings.add("a.wav", SOUND)
    sandbox.upstream.put(payload("conv_1", recording="a.wav"))
    report = sync(archive)
    assert (sandbox.requests["recording"], sandbox.requests["detail"]) == (2, 2)
    assert (report.recordings, report.problems) == (0, 1)
    assert archive.show("conv_1").revision == 1


class Fickle(Shelf):
    """Its links are good for one conversation at a time: the one that was fetched last."""

    def fetch(self, conversation_id: str) -> Any:
        """With a new link; the old one of this conversation is good no more."""
        times = self.fetched.count(conversation_id) + 1
        self.sounds.pop(f"https://a/{conversation_id}/{times - 1}", None)
        if times > 1:
            self.sounds[f"https://a/{conversation_id}/{times}"] = SOUND
        found = super().fetch(conversation_id)
        link = Recording(f"https://a/{conversation_id}/{times}")
        return found._replace(conversation=found.conversation._replace(recording=link))


def test_a_fresh_link_after_an_expired_one(listen: Listener) -> None:
    """Is good: everything is had within one sync, and nothing is a problem."""
    fickle = Fickle(10)
    for identifier, start in rising(15):
        fickle.put(identifier, start)
    report = listen(fickle)
    assert (report.recordings, report.problems, report.complete) == (15, 0, True)
    assert owed.problems(listen.connection) == []


def test_a_deleted_conversation(mirrored: Archive, account: Sandbox) -> None:
    """Whose recording was never had is not asked for again; one that was had is kept."""
    account.recordings.add("a.wav", SOUND)
    account.upstream.put(payload("conv_1", recording="a.wav"))
    account.upstream.put(payload("conv_2", recording="b.wav"))
    account.upstream.put(payload("conv_3", moment(minutes=1)))
    sync(mirrored)
    for identifier in ("conv_1", "conv_2"):
        account.upstream.remove(identifier)
    sync(mirrored)
    account.requests.clear()
    sync(mirrored)
    assert account.requests["detail"] == account.requests["recording"] == 0
    assert mirrored.show("conv_1").recording is not None
    assert len(files(mirrored.directory)) == 1
