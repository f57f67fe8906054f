"""A disk that fills up while a sync is under way: a real, small one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import KEY_VARIABLE, make_archive

from convarchive.errors import DiskFull
from convarchive.sandbox import Sandbox
from convarchive.store import database

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a small disk"
)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def enlarge(disk: Path) -> None:
    """Make room."""
    subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("recordings", [False, True])
def test_a_full_disk(small: Path, monkeypatch: pytest.MonkeyPatch, recordings: bool) -> None:
    """Is said, with what to do; what was stored can be read; with room again the same sync goes on
    and ends with everything."""
    from convarchive.sync.engine import Options

    with Sandbox(count=300) as sandbox:
        monkeypatch.setenv(KEY_VARIABLE, sandbox.key)
        with make_archive(small / "archive", sandbox.base_url) as archive:
            report = archive.sync((), Options(recordings=recordings))
            (one,) = report.sources
            assert isinstance(one.error, DiskFull)
            assert "Make room" in one.error.hint
            assert not report.complete
            stored = archive.list(limit=0)
            assert len(stored) < 300
            assert all(archive.show(found.id).id == found.id for found in stored)
            archive.close()

            enlarge(small)
            assert archive.sync().complete
            assert {found.id for found in archive.list(limit=0)} == set(sandbox.upstream.ids())
            assert archive.unindexed() == 0
            connection = database.connect(archive.directory)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()


def test_no_room_for_an_archive(small: Path) -> None:
    """One that cannot even be made says so."""
    (small / "filler").write_bytes(b"x" * (2 * 2**20 - 4096))
    with pytest.raises(DiskFull):
        make_archive(small / "archive", "http://127.0.0.1:1")
