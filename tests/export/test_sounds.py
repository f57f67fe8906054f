"""Recordings beside what is exported: copied whole, named in the manifest, checked on the way."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convarchive.errors import ConvarchiveError, PathExists, UsageError
from convarchive.export import FORMATS, FileFormat, Lost, Selection, TreeFormat, Wishes, export
from convarchive.model import Conversation, Recording

Select = Callable[..., Selection]

BYTES = b"RIFF" + bytes(range(256)) * 100
SHA256 = hashlib.sha256(BYTES).hexdigest()
RECORDING = Recording(None, SHA256, len(BYTES), "audio/wav")

ONE_FILE = [
    name
    for name, made in FORMATS.items()
    if isinstance(made, FileFormat) and "recordings" in made.grants
]
BESIDE = ["text", "srt", "vtt", "markdown", "html", "raw"]


@pytest.fixture
def heard(select: Select, call: Conversation, tmp_path: Path) -> Callable[..., Selection]:
    """``heard(*recordings)``: a conversation for each, with its sound where that is `RECORDING`."""
    sound = tmp_path / "sound.wav"
    sound.write_bytes(BYTES)

    def made(*recordings: Recording | None) -> Selection:
        calls = [
            call._replace(id=f"conv_{at}", recording=recording)
            for at, recording in enumerate(recordings)
        ]
        documents = {key: [("detail", b"{}")] for key in range(1, len(calls) + 1)}
        return replace(
            select(*calls, documents=documents),
            recording=lambda sha256: sound if sha256 == SHA256 else None,
            wishes=Wishes(recordings=True),
        )

    return made


def entries(root: Path) -> list[dict[str, Any]]:
    """Those of the manifest that are recordings."""
    listed = json.loads((root / "manifest.json").read_bytes())
    found = listed.get("conversations") or listed.get("files")
    return [entry for entry in found if "media_type" in entry]


@pytest.mark.parametrize("fmt", BESIDE)
def test_the_sound_is_beside_the_text(
    fmt: str, heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """Under the conversation's name, byte for byte; the manifest has its checksum and size."""
    assert isinstance(FORMATS[fmt], TreeFormat)
    summary = export(heard(RECORDING, None), fmt, tmp_path / "out")
    assert (tmp_path / "out" / "conv_0.wav").read_bytes() == BYTES
    (entry,) = entries(tmp_path / "out")
    assert (entry["id"], entry["file"]) == ("conv_0", "conv_0.wav")
    assert (entry["sha256"], entry["bytes"]) == (SHA256, len(BYTES))
    assert summary.lost == ()


@pytest.mark.parametrize("fmt", BESIDE)
def test_the_zip_has_it_as_well(fmt: str, heard: Callable[..., Selection], tmp_path: Path) -> None:
    """The same bytes under the same name."""
    export(heard(RECORDING), fmt, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("conv_0.wav") == BYTES


def test_sound_that_is_compressed_is_stored_in_the_zip(
    heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """It would be as large and take long; PCM is compressed."""
    for suffix, method in ((".mp3", zipfile.ZIP_STORED), (".wav", zipfile.ZIP_DEFLATED)):
        sound = (tmp_path / "sound").with_suffix(suffix)
        sound.write_bytes(BYTES)
        selection = replace(heard(RECORDING), recording=lambda _, sound=sound: sound)
        export(selection, "text", tmp_path / f"{suffix}.zip")
        with zipfile.ZipFile(tmp_path / f"{suffix}.zip") as archive:
            assert archive.getinfo(f"conv_0{suffix}").compress_type == method


@pytest.mark.parametrize("fmt", ONE_FILE)
def test_one_file_has_a_directory_beside_it(
    fmt: str, heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """A file a recording, named by its checksum, once however many conversations have it."""
    summary = export(heard(RECORDING, RECORDING, None), fmt, tmp_path / f"calls.{fmt}")
    beside = tmp_path / "calls-recordings"
    assert {path.name for path in beside.iterdir()} == {f"{SHA256}.wav", "manifest.json"}
    assert (beside / f"{SHA256}.wav").read_bytes() == BYTES
    (entry,) = entries(beside)
    assert (entry["file"], entry["sha256"], entry["bytes"]) == (
        f"{SHA256}.wav", SHA256, len(BYTES)
    )  # fmt: skip
    files = [tmp_path / f"calls.{fmt}", *beside.iterdir()]
    assert summary.bytes == sum(path.stat().st_size for path in files)


@pytest.mark.parametrize("fmt", ONE_FILE)
def test_the_file_is_the_same_with_sound(
    fmt: str, heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """It names its recordings by their checksums in any case."""
    export(heard(RECORDING), fmt, tmp_path / "with")
    export(replace(heard(RECORDING), wishes=Wishes()), fmt, tmp_path / "without")
    assert (tmp_path / "with").read_bytes() == (tmp_path / "without").read_bytes()


def test_the_standard_output_has_no_place_for_sound(heard: Callable[..., Selection]) -> None:
    """The error says what is needed."""
    with pytest.raises(UsageError, match="-o PATH"):
        export(heard(RECORDING), "jsonl", None)


def test_a_device_has_no_place_beside_it(heard: Callable[..., Selection]) -> None:
    """Nothing is made in ``/dev``."""
    with pytest.raises(UsageError, match="-o PATH"):
        export(heard(RECORDING), "jsonl", Path("/dev/null"))


@pytest.mark.parametrize("name", ["calls.jsonl", "calls-recordings"])
def test_nothing_is_replaced_unless_told(
    name: str, heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """Neither the file nor the directory; with ``force`` both are, if it is an earlier one."""
    export(heard(RECORDING), "jsonl", tmp_path / "calls.jsonl")
    (tmp_path / name).rename(tmp_path / "aside")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PathExists):
        export(heard(RECORDING), "jsonl", tmp_path / "calls.jsonl")
    assert sorted(tmp_path.iterdir()) == before
    export(heard(None), "jsonl", tmp_path / "calls.jsonl", force=True)
    assert [path.name for path in (tmp_path / "calls-recordings").iterdir()] == ["manifest.json"]


def test_a_directory_of_something_else_stays(
    heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """Not even ``force`` removes what this program has not written; the file is not made either."""
    (tmp_path / "calls-recordings").mkdir()
    (tmp_path / "calls-recordings" / "precious").touch()
    with pytest.raises(PathExists):
        export(heard(RECORDING), "jsonl", tmp_path / "calls.jsonl", force=True)
    assert (tmp_path / "calls-recordings" / "precious").exists()
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_failure_leaves_neither(heard: Callable[..., Selection], tmp_path: Path) -> None:
    """Nor anything half written."""
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConvarchiveError):
        export(replace(heard(RECORDING), count=2), "jsonl", tmp_path / "calls.jsonl")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("fmt", [*ONE_FILE, *BESIDE])
@pytest.mark.parametrize("why", ["missing", "damaged", "unreadable"])
def test_a_recording_that_cannot_be_had(
    why: str, fmt: str, heard: Callable[..., Selection], tmp_path: Path
) -> None:
    """The rest is exported, nothing false is handed over, and the summary and manifest say so."""
    if why == "damaged":
        (tmp_path / "sound.wav").write_bytes(BYTES[:-1] + b"?")
    if why == "unreadable":
        (tmp_path / "sound.wav").unlink()
        (tmp_path / "sound.wav").mkdir()
    selection = heard(RECORDING)
    if why == "missing":
        selection = replace(selection, recording=lambda _: None)
    summary = export(selection, fmt, tmp_path / "out")
    assert summary.lost == (Lost("ayra", "conv_0", SHA256, why),)
    root = tmp_path / ("out-recordings" if fmt in ONE_FILE else "out")
    (entry,) = entries(root)
    assert (entry["file"], entry["sha256"], entry["bytes"]) == (None, SHA256, 0)
    assert not list(root.glob("*.wav"))


def test_sound_is_not_held_in_memory(heard: Callable[..., Selection], tmp_path: Path) -> None:
    """Thirty megabytes pass through less than two."""
    import tracemalloc

    sound = tmp_path / "large.wav"
    sound.write_bytes(BYTES * 1200)
    large = Recording(None, hashlib.sha256(sound.read_bytes()).hexdigest(), 0, "audio/wav")
    selection = replace(heard(large), recording=lambda _: sound)
    tracemalloc.start()
    try:
        for fmt, name in (("text", "out"), ("text", "out.zip"), ("jsonl", "out.jsonl")):
            export(selection, fmt, tmp_path / name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
