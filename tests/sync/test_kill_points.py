"""Killed at every commit and every fsync of a sync, and run again: as if nothing had happened.

`doomed` is the process that dies. Afterwards the archive is compared with one that was synced
without a disturbance: all tables but for our own clock's times, the vendor's bytes, the recordings,
and what a search finds.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.doomed import EVENTS
from tests.sync.equality import assert_equal
from tests.sync.vendor import moment, payload

from convarchive import Archive
from convarchive.sandbox import Sandbox
from convarchive.store.ingest import unpack

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

SOUNDS = {2: "a.wav", 3: "b.wav", 7: "a.wav", 8: "same.wav", 11: "c.wav"}
"""Which of the conversations were recorded; ``same.wav`` holds the bytes of ``a.wav``."""

OUR_TIMES = {"since", "until", "day", "requests", "attempts", "complete_until", "ledger", "salt"}
"""Columns that hold our clock's times, chance, or hang on how often was asked, beside those in
``_at``."""

Fresh = Callable[[], Archive]


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    """Twelve conversations, five to a page: one is in progress, one lacks its transcript."""
    with Sandbox(count=0, page_limit=5) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, running.key)
        for name in ("a.wav", "b.wav", "c.wav"):
            running.recordings.add(name, b"RIFF" + name.encode() * 5000)
        running.recordings.add("same.wav", b"RIFF" + b"a.wav" * 5000)
        for number in range(12):
            told = payload(f"conv_{number:03}", moment(hours=number))
            if number in SOUNDS:
                told["recording"] = SOUNDS[number]
            running.upstream.put(told)
        running.upstream.put(payload("conv_004", moment(hours=4), status="in_progress"))
        running.upstream.put(payload("conv_005", moment(hours=5), transcript=None))
        yield running


@pytest.fixture(scope="module")
def undisturbed(vendor: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a whole sync stores, and it is what the vendor has."""
    with make_archive(tmp_path_factory.mktemp("undisturbed") / "archive", vendor.base_url) as made:
        assert made.sync().complete
        assert_equal(made, vendor)
        return contents(made)


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


def contents(archive: Archive) -> dict[str, Any]:
    """Everything that is stored. Keys of conversations are told by their ids."""
    archive.close()
    connection = archive._connection()
    ids = dict(connection.execute("SELECT key, id FROM conversations"))
    found: dict[str, Any] = {}
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall():
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        rows = [_settled(table, dict(zip(names, row, strict=True)), ids) for row in cursor]
        found[table] = sorted(rows, key=repr)
    # When windows are closed hangs on when it was killed; what they prove does not.
    del found["sync_windows"], found["meta"], found["ledger_nodes"]
    found["ledger"] = sorted(row["kind"] for row in found["ledger"] if row["kind"] != "window")
    coverage = archive.coverage()
    found["coverage"] = (coverage.months, coverage.missing, coverage.gaps)
    sounds = archive.directory / "recordings"
    found["sounds"] = sorted(
        (str(path.relative_to(sounds)), path.read_bytes())
        for path in sounds.rglob("*")
        if path.is_file()
    )
    for query in ("help", "conv_007", "has:recording", "customer:am"):
        hits = archive.search(query, limit=0).hits
        found[query] = sorted((hit.conversation.id, hit.turns) for hit in hits)
    return found


def _settled(table: str, row: dict[str, Any], ids: dict[int, str]) -> dict[str, Any]:
    """A row without our times, and without what the vendor signs anew for every answer."""
    if table == "documents":
        body = json.loads(unpack(row["body"]))
        body["data"].pop("recording_url", None)
        row = {"conversation": row["conversation"], "revision": row["revision"], "body": body}
    kept = {
        name: value
        for name, value in row.items()
        if not name.endswith("_at") and name not in OUR_TIMES
    }
    kept |= {name: row[name] is not None for name in ("deleted_at_source",) if name in row}
    for name in ("key", "conversation"):
        if isinstance(kept.get(name), int):
            kept[name] = ids[kept[name]]
    return kept


def killed(archive: Archive, event: str, number: int) -> bool:
    """Sync until the so manieth event of this kind; whether there was one."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sync.doomed", str(archive.directory), event, str(number)],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(("event", "number"), [*zip(EVENTS, (5, 7, 2, 3), strict=True)])
def test_killed_at_one_point(
    fresh: Fresh, undisturbed: dict[str, Any], event: str, number: int
) -> None:
    """A sample of what the slow test does everywhere."""
    archive = fresh()
    assert killed(archive, event, number)
    assert archive.sync().complete
    assert contents(archive) == undisturbed


@pytest.mark.slow
def test_killed_at_every_point(
    fresh: Fresh,
    undisturbed: dict[str, Any],
    vendor: Sandbox,
    record_property: Callable[[str, object], None],
) -> None:
    """Before and after each commit and each fsync: the next run makes it whole, every time."""
    points = dict.fromkeys(EVENTS, 0)
    for event in EVENTS:
        for number in itertools.count(1):
            archive = fresh()
            if not killed(archive, event, number):
                break
            points[event] += 1
            assert archive.sync().complete, f"killed {event} {number}"
            assert contents(archive) == undisturbed, f"killed {event} {number}"
            assert_equal(archive, vendor)
            archive.close()
    record_property("kill points", points)
    assert min(points.values()) >= 10, f"It was killed at only {sum(points.values())}: {points}"


@pytest.mark.slow
def test_killed_again_and_again(fresh: Fresh, undisturbed: dict[str, Any]) -> None:
    """One archive, each run killed a commit later than the one before, until one comes through."""
    archive = fresh()
    for number in itertools.count(1):
        if not killed(archive, "after commit", number):
            break
    assert number > 3
    assert archive.sync().complete
    assert contents(archive) == undisturbed
