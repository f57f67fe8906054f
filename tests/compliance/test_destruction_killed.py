"""Killed anywhere, an erasure has not happened, or the next command that writes finishes it.

`doomed_erasure` is the process that dies. The next command is one that has nothing to do with it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compliance import graveyard
from tests.compliance.doomed_erasure import EVENTS
from tests.compliance.graveyard import KEPT, PERSON, THEIRS
from tests.compliance.tampering import verified

from convarchive import Archive
from convarchive.sandbox import Sandbox

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

Fresh = Callable[[], Archive]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("killed") / "archive")


@pytest.fixture
def fresh(mirrored: tuple[Sandbox, Archive], tmp_path: Path) -> Iterator[Fresh]:
    """Makes copies of the archive."""
    made: list[Archive] = []

    def fresh() -> Archive:
        mirrored[1].close()
        copied = shutil.copytree(mirrored[1].directory, tmp_path / f"archive_{len(made)}")
        made.append(Archive.open(copied))
        made[-1].close()
        return made[-1]

    yield fresh
    for archive in made:
        archive.close()


def killed(archive: Archive, event: str, number: int, what: str = "erase") -> bool:
    """Erase until the so manieth event of this kind; whether there was one."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.compliance.doomed_erasure", str(archive.directory), event,
         str(number), what],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def assert_whole(archive: Archive, before: dict[str, Any], where: str) -> bool:
    """All of it has happened or nothing; whether it has. Nothing is damaged at any time."""
    assert verified(archive.directory).damage == [], where
    archive.retry_problems()  # any command that writes
    archive.close()
    there = graveyard.ids(archive)
    if there == {*THEIRS, *KEPT}:
        archive.close()
        assert graveyard.rows(archive) == before, where
        assert archive.count("quetzalcoatlus") == 2, where
        return False
    assert there == set(KEPT), where
    assert archive.count("quetzalcoatlus") == 0, where
    archive.close()
    assert graveyard.traces(archive.directory, graveyard.everything_of_theirs()) == [], where
    (told,) = archive._connection().execute("SELECT finished_at FROM disposals").fetchone()
    assert told is not None, where
    assert verified(archive.directory).damage == [], where
    names = {path.name for path in (archive.directory / "certificates").iterdir()}
    assert names == {"disposal-0001.html", "disposal-0001.json"}, where
    left = {path.name for path in archive.directory.iterdir()}
    assert not {"index.new", "index.old"} & left, where
    return True


@pytest.mark.parametrize(("event", "number"), [*zip(EVENTS, (1, 1, 1, 2, 3, 5), strict=True)])
def test_killed_at_one_point(fresh: Fresh, event: str, number: int) -> None:
    """A sample of what the slow test does everywhere."""
    archive = fresh()
    before = graveyard.rows(archive)
    assert killed(archive, event, number)
    assert_whole(archive, before, f"killed {event} {number}")


@pytest.mark.parametrize(
    ("event", "number", "happens"),
    [("before commit", 1, False), ("before commit", 2, False), ("after commit", 2, True),
     ("before file", 4, True), ("before rewrite", 1, True)],
)  # fmt: skip
def test_an_application_of_rules_killed(
    fresh: Fresh, event: str, number: int, happens: bool
) -> None:
    """What the rules of retention destroy goes the same way; the second commit is the one."""
    archive = fresh()
    archive.set_retention("odd", {"query": f"caller:{PERSON}", "delete_after": "1d"})
    archive.close()
    before = graveyard.rows(archive)
    assert killed(archive, event, number, "retention")
    assert assert_whole(archive, before, f"killed {event} {number}") is happens


def test_a_certificate_is_written_again_as_it_was(fresh: Fresh) -> None:
    """Killed when it was there, and the run not finished: the next writes the same bytes."""
    archive = fresh()
    number = 1
    while killed(archive, "before commit", number):
        files = sorted((archive.directory / "certificates").glob("*"))
        if files:
            break
        archive = fresh()
        number += 1
    written = {path.name: path.read_bytes() for path in files}
    assert len(written) == 2
    (finished,) = archive._connection().execute("SELECT finished_at FROM disposals").fetchone()
    assert finished is None
    archive.retry_problems()
    assert {path.name: path.read_bytes() for path in files} == written


@pytest.mark.slow
def test_killed_at_every_point(fresh: Fresh) -> None:
    """Before and after each commit, each rewriting and each file operation."""
    points = dict.fromkeys(EVENTS, 0)
    happened = {True: 0, False: 0}
    before: dict[str, Any] | None = None
    for event in EVENTS:
        for number in itertools.count(1):
            archive = fresh()
            before = before or graveyard.rows(archive)
            if not killed(archive, event, number):
                break
            points[event] += 1
            happened[assert_whole(archive, before, f"killed {event} {number}")] += 1
            shutil.rmtree(archive.directory)
    assert min(points.values()) >= 2, points
    assert points["before file"] >= 10, points
    assert all(happened.values()), happened


@pytest.mark.slow
def test_killed_again_and_again(fresh: Fresh) -> None:
    """One archive, each run killed a file operation later, until one comes through."""
    archive = fresh()
    before = graveyard.rows(archive)
    for number in itertools.count(1):
        there = graveyard.ids(archive)
        archive.close()
        if there == set(KEPT) or not killed(archive, "after file", number):
            break
    assert assert_whole(archive, before, f"killed {number} times")
    assert PERSON not in {c.caller_number for c in archive.list("", limit=0)}
