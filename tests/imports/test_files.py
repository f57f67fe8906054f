"""Which files are read, and what those do that nobody wants."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.imports.conftest import Import, exported, facts

from convarchive import Archive
from convarchive.errors import UsageError
from convarchive.imports import places, reading, stream

PAYLOAD = {"id": "call", "status": "completed", "start_time": "2026-01-15T10:00:00Z"}
SRT = "1\n00:00:01,000 --> 00:00:02,000\nAgent: Hello\n\n"
TEXT = "[00:00:05] Customer: I was charged twice\n[00:00:09] Agent: I see.\n"


def payload(name: str) -> dict[str, Any]:
    """A payload of this id."""
    return PAYLOAD | {"id": name}


@pytest.mark.parametrize(
    ("name", "body", "many"),
    [
        ("a.json", json.dumps(PAYLOAD), 1),
        ("a", json.dumps({"data": PAYLOAD}), 1),
        ("a.txt", json.dumps([payload("a"), payload("b")], indent=2), 2),
        ("a.json", json.dumps({"data": [payload("a")], "pagination": {"total": 1}}), 1),
        ("a.json", json.dumps({"data": {"conversations": [payload("a"), payload("b")]}}), 2),
        ("a.jsonl", f"{json.dumps(payload('a'))}\r\n\r\n{json.dumps(payload('b'))}", 2),
        ("a.jsonl", "\ufeff" + json.dumps(payload("a")) + "\n" + json.dumps([payload("b")]), 2),
        ("a.srt", SRT, 1),
        ("a.bin", SRT, 1),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello", 1),
        ("a.txt", TEXT, 1),
        ("a", TEXT, 1),
        ("a.txt", "Just a line.\n", 1),
        ("empty.srt", "", 1),
        ("empty.vtt", "WEBVTT\n", 1),
        ("empty.txt", "", 1),
        ("a.json", "[]", 0),
    ],
)
def test_what_is_known(
    target: Archive, take: Import, tmp_path: Path, name: str, body: str, many: int
) -> None:
    """Is known by what is in it, and read; again, it is nothing new."""
    (tmp_path / name).write_text(body, encoding="utf-8", newline="")
    report = take(tmp_path / name)
    assert (report.new, report.complete) == (many, True)
    assert (target.rebuild(), target.count()) == ((many, 0), many)
    assert facts(take(tmp_path / name)).get("unchanged", 0) == many


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("a.bin", Random(1).randbytes(64) + b"\0", "nothing that can be imported"),
        ("a.md", b"# A page\n", "Known are our own jsonl"),
        ("a", b"no transcript\n", "nothing that can be imported"),
        ("a.jsonl", b"", "empty"),
        ("a.json", b'{"a": 1}', "no conversation"),
        ("a.json", b'{"id": "x"}', "no conversation"),
        ("a.json", b'["conv_1"]', "no conversation"),
        ("a.json", b'{"id": "x", "status": ', "cut off"),
        ("a.json", b"{" + b'"a":[' * 100_000, "nested"),
        ("a.json", b'[{"id": "x", "status": "completed", "quality": '
         + b"[" * 500 + b"]" * 500 + b"}]", "nested more than 100 deep"),
        ("a.srt", SRT.encode("latin-1").replace(b"Hello", b"Caf\xe9"), "not in UTF-8"),
        ("a.db", b"SQLite format 3\0", "database"),
        ("a.gz", b"\x1f\x8b\x08rubbish", "a.gz"),
        ("a.gz", gzip.compress(SRT.encode() * 999, mtime=0)[:-20], "a.gz"),
        ("a.zip", b"PK\x03\x04rubbish", "ZIP"),
        ("manifest.json", b'{"schema":"convarchive.export/1","format":"srt","conversations":[]}',
         "Import the directory"),
    ],
)  # fmt: skip
def test_what_is_not(
    target: Archive, take: Import, told: list[str], tmp_path: Path, name: str, body: bytes,
    says: str,
) -> None:  # fmt: skip
    """Is a problem in one sentence, and the file beside it goes in."""
    (tmp_path / name).write_bytes(body)
    (tmp_path / "well.srt").write_text(SRT)
    report = take(tmp_path / name, tmp_path / "well.srt")
    assert (report.new, report.problems) == (1, 1)
    assert any(says in each for each in told)
    (problem,) = target.problems()
    assert problem.stage == "import"
    assert problem.id.startswith((tmp_path / name).as_posix())


def test_a_directory(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is walked in order; what is hidden, and what is sound, is passed over."""
    root = tmp_path / "in"
    for name in ("b.srt", "a/x.srt", "a/.hidden", ".git/config", f"recordings/{'ab' * 32}.wav"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(SRT)
    assert facts(take(root)) == {"files": 2, "read": 2, "new": 1 + 1}
    assert {found.id for found in target.list()} == {"b", "a/x"}


def test_a_circle_of_links(take: Import, tmp_path: Path) -> None:
    """Is gone through once; a link that leads nowhere is a problem."""
    root = tmp_path / "in"
    (root / "a").mkdir(parents=True)
    (root / "call.srt").write_text(SRT)
    (root / "a" / "up").symlink_to(root)
    (root / "lost").symlink_to(tmp_path / "nowhere")
    report = take(root)
    assert (report.files, report.new, report.problems) == (1, 1, 1)


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_and_a_device(take: Import, told: list[str], tmp_path: Path) -> None:
    """Are not opened, so nothing hangs."""
    os.mkfifo(tmp_path / "pipe")
    assert take(tmp_path / "pipe", "/dev/zero").problems == 2
    assert all("no file, but a pipe" in each for each in told)


def test_an_archive(take: Import, synced: Archive, tmp_path: Path) -> None:
    """Is refused with the way out, and one among other things is a problem."""
    for path in (synced.directory, synced.directory / "archive.db"):
        with pytest.raises(UsageError, match=r"is an archive.*export -o all\.jsonl"):
            take(path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "archive").symlink_to(synced.directory)
    assert take(tmp_path / "in").problems == 1


def test_a_path_that_is_not_there(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is said before anything is read."""
    (tmp_path / "a.srt").write_text(SRT)
    with pytest.raises(UsageError, match="no file or directory"):
        take(tmp_path / "a.srt", tmp_path / "b.srt")
    assert target.count() == 0


def test_a_source_that_cannot_be_one(take: Import, tmp_path: Path) -> None:
    """Is refused as in the settings."""
    (tmp_path / "a.srt").write_text(SRT)
    with pytest.raises(UsageError, match="won't do as the name of a source"):
        take(tmp_path / "a.srt", source="no name")


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """A ZIP archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def test_names_that_lead_out_of_a_zip(
    target: Archive, take: Import, told: list[str], tmp_path: Path
) -> None:
    """Are problems, and touch nothing on the disk."""
    names = ["../out.srt", "/etc/x.srt", "a/../../b.srt", "a//b.srt"]
    path = zipped(tmp_path / "a.zip", dict.fromkeys([*names, "a/well.srt"], SRT.encode()))
    report = take(path)
    assert (report.new, report.problems) == (1, 4)
    assert all("no path within the ZIP" in each for each in told)
    assert {found.name for found in tmp_path.iterdir()} == {"a.zip", "target"}
    assert target.list()[0].id == "a/well"


def test_a_zip_in_a_zip(take: Import, told: list[str], tmp_path: Path) -> None:
    """Is not opened."""
    inner = zipped(tmp_path / "inner.zip", {"a.srt": SRT.encode()})
    outer = zipped(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes()})
    assert take(outer).problems == 1
    assert "ZIP archive within something else" in told[0]


def test_what_swells(
    take: Import, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond all measure when it is unpacked is given up; here, from a megabyte on."""
    monkeypatch.setattr(stream, "_ENOUGH", 1 << 20)
    bomb = b'{"id": "x", "status": "' + b"0" * (8 << 20) + b'"}'
    zipped(tmp_path / "a.zip", {"a.json": bomb})
    (tmp_path / "a.gz").write_bytes(gzip.compress(bomb))
    assert take(tmp_path / "a.zip", tmp_path / "a.gz").problems == 2
    assert ["beyond all measure" in each for each in told] == [True, True]


def test_a_damaged_member(take: Import, tmp_path: Path) -> None:
    """Of a ZIP archive costs itself."""
    path = zipped(tmp_path / "a.zip", {"a.srt": SRT.encode(), "b.srt": SRT.encode()})
    body = bytearray(path.read_bytes())
    body[body.index(b"a.srt") + 6] ^= 0xFF
    path.write_bytes(body)
    report = take(path)
    assert (report.new, report.problems) == (1, 1)


def test_lines_that_are_bad(target: Archive, take: Import, tmp_path: Path) -> None:
    """Cost themselves: no JSON, invalid UTF-8, a list, no object, and far too long."""
    good = [json.dumps(payload(name)).encode() for name in ("a", "b", "c")]
    bad = [b"{rubbish", b'{"record": "conversation", "id": "\xff"}', b"5", b'"text"', b"{}"]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([good[0], *bad, good[1], b"[1]", good[2]]))
    report = take(tmp_path / "a.jsonl")
    assert (report.new, report.problems) == (3, 6)
    assert {problem.id.rpartition(":")[2] for problem in target.problems()} == {*"23456", "8[0]"}


def test_a_line_that_is_too_long(
    target: Archive, take: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is passed over without being held, and the next one is read."""
    monkeypatch.setattr(reading, "LARGEST", 1 << 20)
    line = b'{"id": "long", "status": "' + b"x" * (5 << 20) + b'"}'
    lines = [json.dumps(payload("a")).encode(), line, json.dumps(payload("b")).encode()]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    report = take(tmp_path / "a.jsonl")
    assert (report.new, report.problems) == (2, 1)
    assert target.problems()[0].id.endswith(":2")


def test_a_manifest_that_names_what_is_not_there(
    synced: Archive, take: Import, told: list[str], tmp_path: Path
) -> None:
    """A missing file, a changed one and one outside are problems; the others go in."""
    root = exported(synced, tmp_path / "out", "srt")
    manifest = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    first, second, third, *_ = manifest["conversations"]
    (root / first["file"]).unlink()
    (root / second["file"]).write_text(SRT)
    (tmp_path / "secret.srt").write_text(SRT)
    third["file"] = "../secret.srt"
    (root / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = take(root)
    # The third file is there, under a name that the manifest does not have any more.
    assert (report.new, report.problems) == (124, 3)
    assert [words in "".join(told) for words in ("No such file", "SHA-256", "outside")] == [
        True
    ] * 3


def test_a_bag(take: Import, tmp_path: Path) -> None:
    """Only its payload is looked into: what is about it is no transcript."""
    (tmp_path / "bag" / "data").mkdir(parents=True)
    (tmp_path / "bag" / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    (tmp_path / "bag" / "manifest-sha512.txt").write_text("00  data/call.srt\n")
    (tmp_path / "bag" / "data" / "call.srt").write_text(SRT)
    assert facts(take(tmp_path / "bag")) == {"files": 1, "read": 1, "new": 1}


def test_names_that_are_no_text(target: Archive, take: Import, tmp_path: Path) -> None:
    """A file whose name is no UTF-8 goes in under a name that is."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.srt"
    try:
        with open(path, "w") as file:  # noqa: PTH123
            file.write(SRT)
    except OSError:
        pytest.skip("this file system has no such names")
    assert take(os.fsdecode(path)).new == 1
    assert target.list()[0].id == "caf\N{REPLACEMENT CHARACTER}"


def test_memory_stays_flat() -> None:
    """What is held of a long stream is a piece of it."""

    class Endless(io.RawIOBase):
        read_so_far = 0

        def read(self, size: int = -1) -> bytes:
            self.read_so_far += size
            return b"x" * size if self.read_so_far < 1 << 26 else b""

    longest = 0
    for line, _ in stream.Stream(Endless()).lines(1 << 20):
        longest = max(longest, len(line))
    assert longest <= 3 << 20
    assert places.is_zip(b"PK\x03\x04")
