"""The format ``vcon``: a file a conversation, with its sound and a signature where wished."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.vcon.conftest import Identity
from tests.vcon.standard import wrongs

from convarchive.errors import UsageError
from convarchive.export import Selection, Wishes, export
from convarchive.model import Conversation, Recording
from convarchive.vcon import read

SOUND = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(SOUND).hexdigest()


@pytest.fixture
def heard(call: Conversation) -> Conversation:
    """A call whose sound is `SOUND`, and without the number that JSON does not have."""
    recording = Recording(None, SHA256, len(SOUND), "audio/wav")
    return call._replace(recording=recording, quality=None)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """The file with `SOUND`."""
    path = tmp_path / "sound.wav"
    path.write_bytes(SOUND)
    return path


def made(selection: Selection, path: Path, **wishes: Any) -> dict[str, bytes]:
    """The files of an export, by name."""
    export(replace(selection, wishes=Wishes(**wishes)), "vcon", path)
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_a_file_a_conversation(select, heard: Conversation, tmp_path: Path) -> None:
    """Named by its id, listed with its hash, valid, and read back with the vendor's bytes."""
    documents = {1: [("detail", b'{"id": 1}')]}
    files = made(select(heard, documents=documents), tmp_path / "out")
    data = files["conv_8f2kq1.vcon"]
    (entry,) = json.loads(files["manifest.json"])["conversations"]
    assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    assert entry["bytes"] == len(data)
    assert wrongs(json.loads(data)) == []
    came = read("x", data)
    assert (came.conversation, came.documents) == (heard, (("detail", b'{"id": 1}'),))


def test_the_same_again(select, heard: Conversation, tmp_path: Path) -> None:
    """There is no clock in it."""
    assert made(select(heard), tmp_path / "a") == made(select(heard), tmp_path / "b")


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_with_recordings(
    name: str, select, heard: Conversation, sound: Path, tmp_path: Path
) -> None:
    """The sound is inside, to the byte, in a ZIP as well."""
    asked: list[str] = []
    selection = replace(select(heard), recording=lambda sha256: asked.append(sha256) or sound)
    path = tmp_path / name
    export(replace(selection, wishes=Wishes(recordings=True)), "vcon", path)
    if path.is_file():
        import zipfile

        data = zipfile.ZipFile(path).read("conv_8f2kq1.vcon")
    else:
        data = (path / "conv_8f2kq1.vcon").read_bytes()
    assert wrongs(json.loads(data)) == []
    assert read("x", data).recording == SOUND
    assert asked == [SHA256]


def test_without_recordings(select, heard: Conversation, sound: Path, tmp_path: Path) -> None:
    """They are not even looked for."""
    selection = replace(select(heard), recording=lambda _: pytest.fail("it was"))
    data = made(selection, tmp_path / "out")["conv_8f2kq1.vcon"]
    assert b"it was not asked for" in data
    assert read("x", data).recording is None


def test_a_recording_that_is_gone(select, heard: Conversation, tmp_path: Path) -> None:
    """The vCon says that it was to be there."""
    data = made(select(heard), tmp_path / "out", recordings=True)["conv_8f2kq1.vcon"]
    assert b"its file is not in the archive" in data
    assert wrongs(json.loads(data)) == []


@pytest.mark.parametrize("kind", ["rsa", "p256", "ed25519"])
def test_signed(kind: str, select, heard: Conversation, sound: Path, tmp_path: Path) -> None:
    """Sound and all, the same each time."""
    one = Identity(kind, tmp_path)
    selection = replace(select(heard), recording=lambda _: sound)
    wishes = {"recordings": True, "signing_key": one.key, "certificates": one.chain}
    files = made(selection, tmp_path / "a", **wishes)
    came = read("x", files["conv_8f2kq1.vcon"])
    assert (came.conversation, came.recording, came.signed) == (heard, SOUND, True)
    assert made(selection, tmp_path / "b", **wishes) == files


def test_a_key_that_does_not_fit(select, heard: Conversation, tmp_path: Path) -> None:
    """The error comes before anything is written, and nothing is left."""
    one, other = Identity("p256", tmp_path), Identity("ed25519", tmp_path)
    with pytest.raises(UsageError, match="not that of the key"):
        made(select(heard), tmp_path / "out", signing_key=one.key, certificates=other.chain)
    assert not (tmp_path / "out").exists()


def test_a_large_recording_is_not_held(select, heard: Conversation, tmp_path: Path) -> None:
    """Signed with RSA, it takes a fraction of its size in memory."""
    import tracemalloc

    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.truncate(60_000_000)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    large = heard._replace(recording=Recording(None, sha256, 60_000_000, "audio/wav"))
    one = Identity("rsa", tmp_path)
    selection = replace(select(large), recording=lambda _: path)
    wishes = Wishes(recordings=True, signing_key=one.key, certificates=one.chain)
    tracemalloc.start()
    export(replace(selection, wishes=wishes), "vcon", tmp_path / "out")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "out" / "conv_8f2kq1.vcon").stat().st_size > 100_000_000
    assert peak < 25_000_000
