"""Formats with a file a conversation: their files, their manifest, and the ZIP."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive.export import Selection, export
from convarchive.export.trees import Zip
from convarchive.model import Conversation
from convarchive.transcripts import write as transcript

Select = Callable[..., Selection]


def manifest(root: Path) -> dict[str, Any]:
    """What the export says of itself."""
    return json.loads((root / "manifest.json").read_bytes())  # type: ignore[no-any-return]


@pytest.mark.parametrize(("fmt", "suffix"), [("text", "txt"), ("srt", "srt"), ("vtt", "vtt")])
def test_a_transcript_a_conversation(
    fmt: str, suffix: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Named by the id, as `convarchive.transcripts` writes it."""
    export(select(call), fmt, tmp_path / "out")
    written = (tmp_path / "out" / f"conv_8f2kq1.{suffix}").read_text(encoding="utf-8")
    assert written == transcript(call.turns, fmt, duration=call.duration)


def test_the_manifest_lists_every_file(select: Select, call: Conversation, tmp_path: Path) -> None:
    """With its checksum and size, which agree with the files; and there are no other files."""
    calls = [call, call._replace(source="vapi"), call._replace(id="../x")]
    export(select(*calls, query="refund"), "srt", tmp_path / "out")
    found = manifest(tmp_path / "out")
    assert found["schema"] == "convarchive.export/1"
    assert (found["format"], found["query"], found["count"]) == ("srt", "refund", 3)
    entries = found["conversations"]
    assert [(e["source"], e["id"]) for e in entries] == [(c.source, c.id) for c in calls]
    for entry in entries:
        data = (tmp_path / "out" / entry["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"manifest.json", *(e["file"] for e in entries)}
    assert len(names) == 4


@pytest.mark.parametrize(("fmt", "empty"), [("text", ""), ("srt", ""), ("vtt", "WEBVTT\n")])
def test_a_conversation_without_turns_has_a_file(
    fmt: str, empty: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Valid and empty; the manifest and the summary say so."""
    summary = export(select(call._replace(turns=())), fmt, tmp_path / "out")
    (entry,) = manifest(tmp_path / "out")["conversations"]
    assert (tmp_path / "out" / entry["file"]).read_text() == empty
    assert entry["turns"] == 0
    assert summary.without_transcript == 1


def test_raw_is_the_vendors_bytes(select: Select, call: Conversation, tmp_path: Path) -> None:
    """A file a document, unchanged even where it is no JSON; without one, the entry says null."""
    documents = {1: [("detail", b'{"a": 1 }\r\n'), ("transcript", b"\xff\x00")]}
    summary = export(
        select(call, call._replace(id="gone"), documents=documents), "raw", tmp_path / "out"
    )
    assert (tmp_path / "out" / "conv_8f2kq1.detail.json").read_bytes() == b'{"a": 1 }\r\n'
    assert (tmp_path / "out" / "conv_8f2kq1.transcript.json").read_bytes() == b"\xff\x00"
    files = [entry["file"] for entry in manifest(tmp_path / "out")["conversations"]]
    assert files == ["conv_8f2kq1.detail.json", "conv_8f2kq1.transcript.json", None]
    assert summary.count == 2


def test_the_zip_holds_what_the_directory_holds(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """The same names in the order of the conversations, the manifest last, the same bytes."""
    calls = [call, call._replace(id="b"), call._replace(id="a")]
    export(select(*calls), "vtt", tmp_path / "out")
    export(select(*calls), "vtt", tmp_path / "out.ZIP")
    with zipfile.ZipFile(tmp_path / "out.ZIP") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["conv_8f2kq1.vtt", "b.vtt", "a.vtt", "manifest.json"]
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "out" / name).read_bytes()


def test_the_zip_has_no_clock_and_no_owner(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """So the same selection gives the same bytes; the entries are for their owner only."""
    for name in ("a.zip", "b.zip"):
        export(select(call), "text", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_type == zipfile.ZIP_DEFLATED
            assert stat.S_IMODE(entry.external_attr >> 16) == 0o600
            assert entry.create_system == 3


@pytest.mark.slow
def test_a_zip_of_more_files_than_the_old_format_knows(tmp_path: Path) -> None:
    """65,536 entries and more need ZIP64, which is used without being asked for."""
    with (tmp_path / "out.zip").open("wb") as file, Zip(file) as archive:
        for n in range(65_537):
            archive.add(str(n), b"")
    with zipfile.ZipFile(tmp_path / "out.zip") as found:
        assert len(found.namelist()) == 65_537


def test_the_summary_counts_the_bytes(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Of all files in a directory, or of the ZIP."""
    folder = export(select(call), "srt", tmp_path / "out")
    assert folder.bytes == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    archive = export(select(call), "srt", tmp_path / "out.zip")
    assert archive.bytes == (tmp_path / "out.zip").stat().st_size
