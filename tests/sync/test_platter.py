"""The disk that loses power keeps what POSIX promises and no more, so tests with it can fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sync import platter, witness
from tests.sync.fates import EVERYTHING, NAMES, NOTHING, REMOVALS
from tests.sync.platter import Disk, Tree

pytestmark = pytest.mark.skipif(not witness.possible(), reason="needs strace, and to be let trace")

PLAIN = """
import os, sys
path = sys.argv[1]
os.mkdir(path + "/folder")
file = os.open(path + "/folder/name", os.O_CREAT | os.O_WRONLY)
os.write(file, b"x" * 1000)
os.fsync(file)
os.write(file, b"y" * 1000)
folder = os.open(path + "/folder", os.O_RDONLY)
top = os.open(path, os.O_RDONLY)
os.fsync(folder)
os.fsync(top)
os.rename(path + "/folder/name", path + "/folder/other")
os.unlink(path + "/folder/other")
"""


def test_what_was_flushed(tmp_path: Path) -> None:
    """Is kept: bytes with their file, names with their directory; of the rest what luck says."""
    root = tmp_path / "recorded"
    root.mkdir()
    events = witness.witness(tmp_path / "log", PLAIN, str(root))
    disk = Disk(root, {})
    left = []
    for event in events:
        if disk.flushed(event) is not None:
            left.append([disk.left(luck) for luck in (NOTHING, NAMES, EVERYTHING)])
        disk.happens(event)
    first, both = b"x" * 1000, b"x" * 1000 + b"y" * 1000
    folder: Tree = {"folder": None}
    assert left == [
        [{}, folder | {"folder/name": b""}, folder | {"folder/name": first}],
        [{}, folder | {"folder/name": first}, folder | {"folder/name": both}],
        [{}, folder | {"folder/name": first}, folder | {"folder/name": both}],
    ]
    assert disk.left(NOTHING) == {"folder": None, "folder/name": first}
    assert disk.left(REMOVALS) == {"folder": None, "folder/name": first}
    assert disk.left(EVERYTHING) == platter.read(root) == {"folder": None}
