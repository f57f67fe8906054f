"""Killed at any commit and run again, an import ends as if it had not been killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.imports.conftest import exported

from convarchive import Archive

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

DOOMED = """
import os, signal, sqlite3, sys, threading
from convarchive import Archive

directory, path, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
connect = sqlite3.connect

def trace(statement):
    global left
    left -= statement == "COMMIT"
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def traced(*args, **options):
    connection = connect(*args, **options)
    connection.set_trace_callback(trace)
    return connection

sqlite3.connect = traced
with Archive.open(directory) as archive:
    archive.import_files([path])
"""

MOST = 12
"""Commits that are tried, and more than there are."""


@pytest.fixture(scope="module")
def export(synced: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with recordings, and with a line that is bad."""
    directory = tmp_path_factory.mktemp("export")
    path = exported(synced, directory / "calls.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:60], b"rubbish\n", *lines[60:]]))
    shutil.copytree(synced.directory / "recordings", directory / "calls-recordings")
    return path


def contents(archive: Archive) -> dict[str, Any]:
    """All that is stored, but for our own clock's times, and where nothing is owed."""
    connection = archive._connection()
    tables = {
        "conversations": "SELECT key, source, id, revision, fingerprint, recording_sha256",
        "turns": "SELECT *",
        "documents": "SELECT *",
        "revisions": "SELECT conversation, revision, fingerprint",
        "recordings": "SELECT sha256, bytes, media_type, stored",
        "problems": "SELECT source, id, stage, message, attempts",
        "index_queue": "SELECT *",
    }
    found = {
        name: sorted(connection.execute(f"{select} FROM {name}"), key=repr)
        for name, select in tables.items()
    }
    sounds = (archive.directory / "recordings").rglob("*")
    return found | {
        "sounds": sorted(path.name for path in sounds if path.is_file()),
        "found": sorted(hit.conversation.id for hit in archive.search("the", limit=0).hits),
    }


def attempts(export: Path, directory: Path) -> Iterator[Archive]:
    """An archive for each commit, in which the import was killed just before it."""
    for number in range(1, MOST):
        archive = Archive.create(directory / str(number))
        ran = subprocess.run(
            [sys.executable, "-c", DOOMED, str(archive.directory), str(export), str(number)]
        )
        yield archive
        archive.close()
        if ran.returncode == 0:
            return
        assert ran.returncode == -signal.SIGKILL
    pytest.fail(f"there are more than {MOST} commits")


@pytest.mark.slow
def test_killed_at_each_commit(export: Path, tmp_path: Path) -> None:
    """Run again, it has everything once: rows, bytes, sound, problems, and what is found."""
    with Archive.create(tmp_path / "undisturbed") as undisturbed:
        assert undisturbed.import_files([export]).problems == 2
        expected = contents(undisturbed)
    assert len(expected["found"]) > 50
    many = 0
    for archive in attempts(export, tmp_path):
        archive.import_files([export])
        assert contents(archive) == expected
        many += 1
    assert many > 4
