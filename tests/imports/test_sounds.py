"""Sound that comes along: beside an export, or inside of what names it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from tests.imports.conftest import Import, exported

from convarchive import Archive
from convarchive.model import Conversation, Recording
from convarchive.vcon import pieces, write


def with_sound(archive: Archive, directory: Path, beside: str) -> Path:
    """An export with its recordings beside it."""
    directory.mkdir()
    exported(archive, directory / "calls.jsonl")
    shutil.copytree(archive.directory / "recordings", directory / beside)
    return directory


def sounds(archive: Archive) -> dict[str, bytes]:
    """The files of recordings."""
    found = (archive.directory / "recordings").rglob("*.*")
    return {path.name: path.read_bytes() for path in found}


@pytest.mark.parametrize("beside", ["calls-recordings", "recordings"])
@pytest.mark.parametrize("zipped", [False, True])
def test_beside_an_export(
    synced: Archive, target: Archive, take: Import, tmp_path: Path, beside: str, zipped: bool
) -> None:
    """Is stored under its SHA-256, and belongs to its conversation."""
    path = with_sound(synced, tmp_path / "in", beside)
    if zipped:
        path = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", path))
    report = take(path)
    assert (report.new, report.recordings, report.complete) == (126, 5, True)
    assert sounds(target) == sounds(synced)
    found = target.show("conv_jmy67pjzlerj").recording
    assert found is not None
    assert found.sha256 is not None
    assert target.recording(found.sha256) is not None
    assert take(path).recordings == 0


def test_that_comes_later(synced: Archive, target: Archive, take: Import, tmp_path: Path) -> None:
    """Is taken by the next import, which finds everything else unchanged."""
    exported(synced, tmp_path / "calls.jsonl")
    assert take(tmp_path / "calls.jsonl").recordings == 0
    assert (target.status().recordings, target.status().recordings_absent) == (0, 5)
    shutil.copytree(synced.directory / "recordings", tmp_path / "calls-recordings")
    report = take(tmp_path / "calls.jsonl")
    assert (report.unchanged, report.recordings) == (126, 5)
    assert (target.status().recordings, target.status().recordings_absent) == (5, 0)


@pytest.mark.parametrize("form", ["jsonl", "raw", "text", "vcon", "bagit"])
@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_of_every_export_that_can_come_back(
    form: str, suffix: str, synced: Archive, target: Archive, take: Import, tmp_path: Path
) -> None:
    """Goes in with it, to the byte, and nothing in the export is a problem."""
    if form == "jsonl" and suffix:
        pytest.skip("one file is no ZIP")
    path = exported(synced, tmp_path / f"out{suffix}", form, sound=True)
    report = take(path)
    assert (report.new, report.recordings, report.problems) == (126, 5, 0)
    assert sounds(target) == sounds(synced)
    assert take(path).new == 0
    for call in synced.list("has:recording", limit=0):
        came = target.show(f"{call.source}/{call.id}").recording
        assert call.recording
        assert came
        assert came.sha256 == call.recording.sha256


def test_that_is_not_what_its_name_says(
    synced: Archive, target: Archive, take: Import, told: list[str], tmp_path: Path
) -> None:
    """Is a problem and not stored; its conversation is."""
    path = with_sound(synced, tmp_path / "in", "calls-recordings")
    bad = next(path.rglob("*.wav"))
    bad.write_bytes(bad.read_bytes() + b"x")
    report = take(path)
    assert (report.new, report.recordings, report.problems) == (126, 4, 1)
    assert "sound can't be taken in" in told[0]
    assert bad.name not in sounds(target)


def test_a_dry_run(synced: Archive, target: Archive, take: Import, tmp_path: Path) -> None:
    """Says how much sound would go in, and stores none."""
    path = with_sound(synced, tmp_path / "in", "calls-recordings")
    assert take(path, dry_run=True).recordings == 5
    assert not sounds(target)


def vcon(sound: bytes, url: str | None = None) -> bytes:
    """A call as a vCon, with the sound inside, or a link to it."""
    recording = Recording(url, hashlib.sha256(sound).hexdigest(), len(sound), "audio/wav")
    call = Conversation("partner", "v", "completed", recording=recording)
    return b"".join(pieces(write(call, recording=sound, url=url)))


def test_inside_a_vcon(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is stored like any other, and not again."""
    body = vcon(b"RIFF")
    (tmp_path / "call.vcon").write_bytes(body)
    report = take(tmp_path / "call.vcon")
    assert (report.new, report.recordings) == (1, 1)
    assert [*sounds(target).values()] == [b"RIFF"]
    assert target.documents(target.find("partner/v")) == [("vcon", body)]
    assert target.rebuild() == (1, 0)
    report = take(tmp_path / "call.vcon")
    assert (report.unchanged, report.recordings) == (1, 0)


def test_a_vcon_that_only_links_to_it(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is stored without: nothing here goes to the network."""
    (tmp_path / "call.vcon").write_bytes(vcon(b"RIFF", "https://elsewhere.example/x"))
    report = take(tmp_path / "call.vcon")
    assert (report.new, report.recordings, report.problems) == (1, 0, 0)
    assert not sounds(target)
    known = target.show("partner/v").recording
    assert known
    assert known.sha256 == hashlib.sha256(b"RIFF").hexdigest()


def test_examples_of_the_ietf(take: Import) -> None:
    """All of them go in."""
    examples = Path(__file__).parents[3] / "shared" / "standards" / "vcon"
    if not examples.exists():
        pytest.skip("the examples are not here")
    paths = sorted(examples.glob("*.vcon"))
    assert take(*paths).read == len(paths)
