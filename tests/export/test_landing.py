"""All or nothing: what is at the path is whole, and what was there stays until then."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from convarchive.errors import ConvarchiveError, DiskFull, PathExists, UsageError
from convarchive.export import Selection, Wishes, export
from convarchive.export.landing import _swap, failures_told
from convarchive.model import Conversation, Recording

Select = Callable[..., Selection]
ALL = ["jsonl", "json", "csv", "parquet", "srt", "html", "raw"]
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and devices")
as_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None,
    reason="needs root to mount a small disk",
)


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below, by its path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def failing(selection: Selection, error: BaseException) -> Selection:
    """The selection, which breaks off after its first conversation."""

    def conversations() -> Iterator[tuple[int, Conversation]]:
        yield next(selection.conversations())
        raise error

    return replace(selection, conversations=conversations)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KiB."""
    root = tmp_path / "disk"
    root.mkdir()
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(root)]
    if subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    yield root
    subprocess.run(["umount", str(root)], check=True)


@pytest.mark.parametrize("fmt", ALL)
@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConvarchiveError("no"), SystemExit(1)])
def test_after_a_failure_everything_is_as_before(
    error: BaseException, name: str, fmt: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Nothing where nothing was, the earlier export where one was; no temporary file is left."""
    bad = failing(select(call, call), error)
    with pytest.raises(type(error)):
        export(bad, fmt, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    export(select(call), fmt, tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(type(error)):
        export(bad, fmt, tmp_path / name, force=True)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("fmt", ALL)
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_nothing_is_replaced_without_being_told_to(
    name: str,
    fmt: str,
    select: Select,
    call: Conversation,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The error names ``--force``; with it, the new export takes the place of the old one whole."""
    export(select(call, documents={1: [("detail", b"{}")]}), fmt, tmp_path / name)
    before = contents(tmp_path)
    other = select(call._replace(id="other"), documents={1: [("detail", b"[]")]})
    with pytest.raises(PathExists, match="--force"):
        export(other, fmt, tmp_path / name)
    assert contents(tmp_path) == before
    export(other, fmt, tmp_path / name, force=True)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    fresh = tmp_path_factory.mktemp("fresh")
    export(other, fmt, fresh / name)
    assert contents(tmp_path) == contents(fresh) != before


def test_a_swap_that_fails_halfway_is_undone(tmp_path: Path) -> None:
    """The old directory is moved aside, the new one is not there: the old one comes back."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_bytes(b"old")
    with pytest.raises(FileNotFoundError):
        _swap(tmp_path / "absent.part", tmp_path / "out")
    assert contents(tmp_path) == {"out/file": b"old"}


@pytest.mark.parametrize(
    "inside",
    [
        {"notes.txt": b"mine"},
        {"manifest.json": b'{"name": "a web app"}'},
        {"manifest.json": b'{"schema":"convarchive.export/1"}', "archive.db": b""},
        {"manifest.json": b'{"schema":"convarchive.export/1"}', "mine/archive.db": b""},
        {"convarchive.toml": b""},
    ],
)
def test_a_directory_that_is_no_export_is_never_replaced(
    inside: dict[str, bytes], select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Even with force: somebody's files, another program's, an archive."""
    (tmp_path / "out").mkdir()
    for name, data in inside.items():
        (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_bytes(data)
    with pytest.raises(PathExists, match="not replaced"):
        export(select(call), "srt", tmp_path / "out", force=True)
    assert contents(tmp_path / "out") == inside


def test_an_empty_directory_may_be_filled(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """With force, since it is there; nothing is lost."""
    (tmp_path / "out").mkdir()
    with pytest.raises(PathExists):
        export(select(call), "srt", tmp_path / "out")
    export(select(call), "srt", tmp_path / "out", force=True)
    assert (tmp_path / "out" / "manifest.json").is_file()


@pytest.mark.parametrize("name", ["archive.db", "convarchive.toml"])
def test_a_part_of_an_archive_is_never_replaced(
    name: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Not even with force."""
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(PathExists, match="part of an archive"):
        export(select(call), "jsonl", tmp_path / name, force=True)
    assert (tmp_path / name).read_bytes() == b"precious"


@pytest.mark.parametrize("fmt", ["jsonl", "srt"])
def test_the_directory_above_must_exist(
    fmt: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """A mistyped path makes no directories."""
    with pytest.raises(UsageError, match="There is no directory"):
        export(select(call), fmt, tmp_path / "missing" / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_format_of_one_file_needs_the_name_of_a_file(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """A directory is not one; nor is a file a directory."""
    with pytest.raises(UsageError, match="is a directory"):
        export(select(call), "jsonl", tmp_path, force=True)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        export(select(call), "srt", tmp_path / "file", force=True)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_exports_are_for_their_owner_only(
    umask: int, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """0600 and 0700, whatever the umask."""
    old = os.umask(umask)
    try:
        export(select(call), "jsonl", tmp_path / "x.jsonl")
        export(select(call), "srt", tmp_path / "x.zip")
        export(select(call), "srt", tmp_path / "x")
    finally:
        os.umask(old)
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@posix
def test_a_link_is_followed(select: Select, call: Conversation, tmp_path: Path) -> None:
    """What it points to is replaced, and the link stays."""
    export(select(), "jsonl", tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(PathExists):
        export(select(call), "jsonl", tmp_path / "link")
    export(select(call), "jsonl", tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert b"conv_8f2kq1" in (tmp_path / "real").read_bytes()


@posix
def test_a_pipe_is_written_to_and_not_replaced(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """As in ``-o >(gzip)``; renaming over a device would be worse still."""
    os.mkfifo(tmp_path / "pipe")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    summary = export(select(call), "jsonl", tmp_path / "pipe")
    reader.join()
    assert len(received[0]) == summary.bytes > 0
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_told(select: Select, call: Conversation) -> None:
    """In the words of the user's problem."""
    with pytest.raises(DiskFull, match="No room is left"):
        export(select(call), "jsonl", Path("/dev/full"))


@as_root
@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("fmt", ["jsonl", "raw"])
def test_a_full_disk_leaves_the_earlier_export(
    fmt: str, name: str, select: Select, call: Conversation, disk: Path
) -> None:
    """Nothing half-written stays, and its room is free again."""
    export(select(call, documents={1: [("detail", b"{}")]}), fmt, disk / name)
    before = contents(disk)
    big = os.urandom(400_000)
    large = call._replace(summary=big.hex())
    with pytest.raises(DiskFull):
        export(select(large, documents={1: [("detail", big)]}), fmt, disk / name, force=True)
    assert contents(disk) == before
    assert {path.name for path in disk.iterdir()} == {name}


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EFBIG])
def test_other_errors_of_the_system_are_told(code: int) -> None:
    """With the place, and in the system's own words."""
    with pytest.raises(ConvarchiveError, match=os.strerror(code)), failures_told("x.csv"):
        raise OSError(code, os.strerror(code))


@posix
@pytest.mark.parametrize("fmt", ["jsonl", "srt"])
def test_what_cannot_be_written_is_told(fmt: str, select: Select, call: Conversation) -> None:
    """``/proc`` takes no files, not even from root."""
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc")
    with pytest.raises(ConvarchiveError, match="Cannot write /proc/out"):
        export(select(call), fmt, Path("/proc/out"))


@as_root
@pytest.mark.parametrize(("fmt", "name"), [("jsonl", "out"), ("text", "out"), ("text", "out.zip")])
def test_sound_that_does_not_fit_leaves_nothing(
    fmt: str, name: str, select: Select, call: Conversation, disk: Path, tmp_path: Path
) -> None:
    """Neither the sound nor the text beside it."""
    sound = tmp_path / "sound.mp3"
    sound.write_bytes(bytes(300_000))
    digest = hashlib.sha256(sound.read_bytes()).hexdigest()
    heard = select(call._replace(recording=Recording(None, digest, 300_000, "audio/mpeg")))
    heard = replace(heard, recording=lambda _: sound, wishes=Wishes(recordings=True))
    with pytest.raises(DiskFull):
        export(heard, fmt, disk / name)
    assert list(disk.iterdir()) == []
