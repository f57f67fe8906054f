"""Killed at any instant and run again, the archive is as if nothing had happened.

A process of its own mirrors the sandbox and kills itself with SIGKILL at a statement of its own
choosing, which SQLite's trace tells it of: just before a commit, or right after the one before.
Nothing in the program knows of this. Then the same sync is run again, to its end, and everything
that is stored is compared with what an undisturbed sync has stored.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import meaning

from convarchive import Archive
from convarchive.sandbox import Sandbox
from convarchive.store.recordings import DIRECTORY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

DOOMED = """
import os, signal, sys, threading
from pathlib import Path
from convarchive.store import database
from convarchive.store.lock import writer_lock
from convarchive.sync.run import sync

directory, word, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def trace(statement):
    global left
    if statement.startswith(word):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

with writer_lock(directory, "sync"):
    connection = database.connect(directory, write=True)
    connection.set_trace_callback(trace)
    report = sync(connection, directory, (), None, threading.Event(), None, None)
    assert report.complete
"""

COUNT = 130


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    """Made-up calls, two pages of them, some with recordings."""
    with Sandbox(count=COUNT) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, running.key)
        yield running


@pytest.fixture(scope="module")
def undisturbed(vendor: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one whole sync has stored."""
    with make_archive(tmp_path_factory.mktemp("undisturbed") / "archive", vendor.base_url) as made:
        assert made.sync().complete
        return contents(made)


def contents(archive: Archive) -> dict[str, Any]:
    """Everything that is stored, but for our own clock's times and the links in the bytes."""
    connection = archive._connection()
    tables = {
        "listings": "SELECT id, started_at, fingerprint, fetched_fingerprint, fetched",
        "revisions": "SELECT conversation, revision, fingerprint",
        "documents": "SELECT conversation, revision, name",
        "recordings": "SELECT sha256, bytes, media_type",
        "conversation_recordings": "SELECT conversation, sha256",
        "pending": "SELECT id, reason",
        "problems": "SELECT id, stage",
        "index_queue": "SELECT *",
        "sources": "SELECT name, listed_to, complete_until IS NOT NULL",
    }
    found: dict[str, Any] = {
        table: sorted(connection.execute(f"{columns} FROM {table}"), key=repr)
        for table, columns in tables.items()
    }
    keys = archive.keys()
    found["conversations"] = dict(archive.conversations(keys))
    found["sounds"] = sorted(
        (path.name, path.read_bytes())
        for path in (archive.directory / DIRECTORY).rglob("*")
        if path.is_file()
    )
    found["found"] = archive.count("the")
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return found


def killed(archive: Archive, word: str, number: int) -> bool:
    """Sync until the so manieth statement that begins so; whether there was one."""
    done = subprocess.run(
        [sys.executable, "-c", DOOMED, str(archive.directory), word, str(number)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


Fresh = Callable[[], Archive]


@pytest.fixture
def fresh(tmp_path: Path, vendor: Sandbox) -> Iterator[Fresh]:
    """Makes empty archives of the vendor."""
    made: list[Archive] = []

    def fresh() -> Archive:
        made.append(make_archive(tmp_path / f"archive_{len(made)}", vendor.base_url))
        return made[-1]

    yield fresh
    for archive in made:
        archive.close()


def test_the_undisturbed(undisturbed: dict[str, Any], vendor: Sandbox) -> None:
    """Is what the vendor has."""
    stored = {found.id: found for found in undisturbed["conversations"].values()}
    assert sorted(stored) == sorted(vendor.upstream.ids())
    for identifier, found in stored.items():
        told = vendor.upstream.get(identifier)
        assert told is not None
        assert found._replace(recording=None, revision=0) == meaning(told)
    assert undisturbed["sounds"]


@pytest.mark.slow
@pytest.mark.parametrize(("word", "number"), [("COMMIT", 4), ("INSERT INTO turns", 60)])
def test_killed_once(fresh: Fresh, undisturbed: dict[str, Any], word: str, number: int) -> None:
    """Before a commit, or in the middle of a batch: the next run makes it whole."""
    archive = fresh()
    assert killed(archive, word, number)
    assert archive.sync().complete
    assert contents(archive) == undisturbed


@pytest.mark.slow
def test_killed_again_and_again(fresh: Fresh, undisturbed: dict[str, Any]) -> None:
    """Every run a little later than the one before: nothing is missing, doubled or out of place."""
    archive = fresh()
    for number in itertools.count(2):
        if not killed(archive, "BEGIN", number):
            break
    assert number > 4
    archive.close()
    assert contents(archive) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("word", ["BEGIN", "COMMIT"])
def test_killed_everywhere(fresh: Fresh, undisturbed: dict[str, Any], word: str) -> None:
    """At each and every transaction of the sync, and there are more than five."""
    points = 0
    for number in itertools.count(1):
        archive = fresh()
        if not killed(archive, word, number):
            break
        points += 1
        assert archive.sync().complete
        assert contents(archive) == undisturbed, f"killed at {word} {number}"
    assert points > 5
