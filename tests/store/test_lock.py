"""One writer at a time, across processes, and who is refused learns why."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from convarchive.errors import ArchiveBusy
from convarchive.store.lock import writer_lock

HOLDER = """
import sys
from pathlib import Path
from convarchive.store.lock import writer_lock
with writer_lock(Path(sys.argv[1]), "sync"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until it is told to end, or is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_lock_can_be_held_again_and_again(tmp_path: Path) -> None:
    """And leaves no word of who held it."""
    for _ in range(2):
        with writer_lock(tmp_path, "sync"):
            assert f"pid {os.getpid()}, sync, since 2" in (tmp_path / "writer.txt").read_text()
        assert not (tmp_path / "writer.txt").exists()


def test_who_holds_it_is_named(tmp_path: Path) -> None:
    """By process id, command and start, with exit code 4; afterwards the lock is free."""
    with holder(tmp_path) as process:
        with pytest.raises(ArchiveBusy) as caught, writer_lock(tmp_path, "reindex"):
            pass
        assert caught.value.exit_code == 4
        assert f"pid {process.pid}, sync, since 2" in str(caught.value)
        process.communicate("")
    with writer_lock(tmp_path, "reindex"):
        pass


def test_being_refused_harms_nobody(tmp_path: Path) -> None:
    """The holder's word stays, and the third is told the same as the second."""
    with holder(tmp_path) as process:
        for _ in range(2):
            with pytest.raises(ArchiveBusy, match=f"pid {process.pid}"), writer_lock(tmp_path, "x"):
                pass
        process.communicate("")


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """Its word is left, its lock is not."""
    with holder(tmp_path) as process:
        process.kill()
    assert (tmp_path / "writer.txt").exists()
    with writer_lock(tmp_path, "sync"):
        assert f"pid {os.getpid()}" in (tmp_path / "writer.txt").read_text()


def test_an_error_lets_go(tmp_path: Path) -> None:
    """Whatever ends the work ends the lock."""
    with pytest.raises(KeyboardInterrupt), writer_lock(tmp_path, "sync"):
        raise KeyboardInterrupt
    with writer_lock(tmp_path, "sync"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_files_are_the_owners(tmp_path: Path) -> None:
    """Nobody else reads who is writing, or can hold the lock."""
    with writer_lock(tmp_path, "sync"):
        for file in tmp_path.iterdir():
            assert file.stat().st_mode & 0o077 == 0
