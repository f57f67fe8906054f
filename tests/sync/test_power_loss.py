"""The power goes at any instant, and the next sync makes the archive what it would have been.

A real sync is recorded, call by call (`witness`), and its calls are played to a model of a disk
(`platter`) that loses power before each flush, at the end, and at chance moments between. What is
left then is laid out as a directory, several times, with this or that of what had not been flushed
(`fates`). It must hold what was promised; and after one more sync, undisturbed, it must be the
archive of a run that lost nothing.

What is played: the first two syncs of an archive, by which its index is made and added to; a later
one, in which the index takes a change and merges its parts; and ``reindex``.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync import platter, witness
from tests.sync.equality import assert_equal
from tests.sync.fates import EVERYTHING, NOTHING, REMOVALS, chance, fates
from tests.sync.platter import Disk, Tree
from tests.sync.test_kill_points import SOUNDS, contents
from tests.sync.vendor import moment, payload

from convarchive import Archive, settings
from convarchive.sandbox import Sandbox
from convarchive.store import database
from convarchive.store.recordings import path_of
from convarchive.sync.engine import Options

if TYPE_CHECKING:
    from tests.sync.witness import Event

pytestmark = pytest.mark.skipif(not witness.possible(), reason="needs strace, and to be let trace")

MADE = b"made\n"
"""What the recorded process says when the archive is made."""

FIRST = """
import os, sys
from pathlib import Path
from tests.conftest import make_archive
from convarchive.sync.engine import Options
with make_archive(Path(sys.argv[1]), sys.argv[2]) as archive:
    os.write(1, b"made\\n")
    archive.sync(options=Options(limit=8))
    assert archive.sync().complete
"""

LATER = """
import sys
from convarchive import Archive
with Archive.open(sys.argv[1]) as archive:
    assert archive.sync().complete
"""

REINDEX = """
import sys
from convarchive import Archive
with Archive.open(sys.argv[1]) as archive:
    archive.reindex()
"""

BETWEEN = 0.07
"""How many of the changes are such that power is lost after them, though nothing is flushed."""

each_run = pytest.mark.parametrize(
    "name",
    [
        "first_sync",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("later_sync", "reindexed")),
    ],
)


class Run(NamedTuple):
    """A recorded process, and what an undisturbed one makes of the archive."""

    root: Path
    before: Tree
    events: list[Event]
    since: int
    """The event from which on there is an archive."""
    wanted: dict[str, Any]
    vendor: Sandbox

    def disk(self, until: int | None = None) -> Disk:
        """The disk after so many events; None for all."""
        disk = Disk(self.root, self.before)
        for event in self.events[:until]:
            disk.happens(event)
        return disk


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    """Twelve conversations, five to a page: one is in progress, one lacks its transcript."""
    with Sandbox(count=0, page_limit=5) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, running.key)
        for name in set(SOUNDS.values()):
            content = b"a.wav" if name == "same.wav" else name.encode()
            running.recordings.add(name, b"RIFF" + content * 5000)
        for number in range(12):
            told = payload(f"conv_{number:03}", moment(hours=number))
            if number in SOUNDS:
                told["recording"] = SOUNDS[number]
            running.upstream.put(told)
        running.upstream.put(payload("conv_004", moment(hours=4), status="in_progress"))
        running.upstream.put(payload("conv_005", moment(hours=5), transcript=None))
        yield running


@pytest.fixture(scope="module")
def stale(vendor: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an archive that lacks four conversations and knows one as it was before.

    Its index has seven parts, one more and they are merged; one holds two conversations, so that
    what replaces one of them leaves a part with something deleted.
    """
    directory = tmp_path_factory.mktemp("stale") / "archive"
    now = vendor.upstream.get("conv_002")
    assert now is not None
    vendor.upstream.put(now | {"summary": "They did not say who they are."})
    with make_archive(directory, vendor.base_url) as archive:
        for count in (1, 2, 1, 1, 1, 1, 1):
            archive.sync(options=Options(limit=count))
    vendor.upstream.put(now)
    return directory


@pytest.fixture(scope="module")
def first_sync(vendor: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An archive is made, and synced for the first time, in two steps."""
    root = tmp_path_factory.mktemp("first")
    with make_archive(root / "undisturbed", vendor.base_url) as archive:
        assert archive.sync().complete
        wanted = contents(archive)
    recorded = root / "recorded"
    recorded.mkdir()
    events = witness.witness(root / "log", FIRST, str(recorded / "archive"), vendor.base_url)
    since = next(at for at, event in enumerate(events) if MADE in event.call.strings)
    return Run(recorded, {}, events, since, wanted, vendor)


@pytest.fixture(scope="module")
def later_sync(stale: Path, vendor: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An archive that has much of it is synced."""
    return _recorded(LATER, stale, vendor, tmp_path_factory.mktemp("later"))


@pytest.fixture(scope="module")
def reindexed(later_sync: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The index of an archive is made anew."""
    synced = later_sync.root / "archive"
    return _recorded(REINDEX, synced, later_sync.vendor, tmp_path_factory.mktemp("reindexed"))


def _recorded(program: str, archive: Path, vendor: Sandbox, root: Path) -> Run:
    shutil.copytree(archive, root / "undisturbed")
    with Archive.open(root / "undisturbed") as undisturbed:
        assert undisturbed.sync().complete
        wanted = contents(undisturbed)
    recorded = root / "recorded"
    shutil.copytree(archive, recorded / "archive")
    before = platter.read(recorded)
    events = witness.witness(root / "log", program, str(recorded / "archive"))
    return Run(recorded, before, events, 0, wanted, vendor)


class Loss(NamedTuple):
    """One way in which power is lost."""

    where: str
    tree: Tree


def losses(disk: Disk, events: Sequence[Event], since: int, points: list[str]) -> Iterator[Loss]:
    """Before each flush and at the end, by each fate; after some changes, by chance. What leaves
    the same is there once.

    Args:
        disk: As it is at the beginning.
        events: What happens.
        since: The event to begin with.
        points: Where each flush is added.
    """
    dice, changes = random.Random(BETWEEN), 0
    seen = set()
    for number, event in enumerate([*events, None]):
        flushed = "the end" if event is None else disk.flushed(event)
        changed, changes = disk.changes > changes, disk.changes
        lots = fates(number) if flushed else []
        if changed and dice.random() < BETWEEN:
            lots += [chance(f"{number}a"), chance(f"{number}b")]
        if number >= since:
            points += [flushed] if flushed else []
            for luck in lots:
                tree = disk.left(luck)
                digest = _digest(tree)
                if digest not in seen:
                    seen.add(digest)
                    yield Loss(f"before event {number} ({flushed}), {luck.name} is left", tree)
        if event is not None:
            disk.happens(event)


def _digest(tree: Tree) -> bytes:
    """Of all that makes a difference: whoever finds a half-made index removes it unread."""
    read = [item for item in tree.items() if not item[0].startswith("archive/index.new/")]
    return hashlib.sha256(repr(sorted(read)).encode()).digest()


@contextlib.contextmanager
def laid_out(tmp_path: Path, loss: Loss) -> Iterator[Path]:
    """The archive's directory, as it is when the power is back; what fails in it tells of it."""
    root = tmp_path / "after"
    platter.write(root, loss.tree)
    try:
        yield root / "archive"
    except BaseException as error:
        error.add_note(f"Power was lost {loss.where}.")
        raise
    shutil.rmtree(root)


def assert_promised(directory: Path) -> None:
    """The database is whole, and each recording that it names is there, byte by byte."""
    with contextlib.closing(database.connect(directory)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for sha256, media_type in connection.execute(
            "SELECT DISTINCT sha256, media_type FROM conversation_recordings"
            " JOIN recordings USING (sha256)"
        ):
            sound = path_of(directory, sha256, media_type).read_bytes()
            assert hashlib.sha256(sound).hexdigest() == sha256


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flushes", "fewest"),
    [("first_sync", 70, 150), ("later_sync", 40, 150), ("reindexed", 20, 20)],
)
def test_power_is_lost_anywhere(
    name: str,
    flushes: int,
    fewest: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    """What was promised is there; one more sync, and so is the rest, in the store and the index."""
    run: Run = request.getfixturevalue(name)
    points: list[str] = []
    tried = 0
    for loss in losses(Disk(run.root, run.before), run.events, run.since, points):
        tried += 1
        with laid_out(tmp_path, loss) as directory:
            assert_promised(directory)
            with Archive.open(directory) as archive:
                report = archive.sync()
                assert report.complete, report
                assert contents(archive) == run.wanted
                assert_equal(archive, run.vendor)
    record_property("power losses", (len(points), tried))
    assert len(points) >= flushes, points
    assert tried >= fewest


@each_run
def test_a_finished_run(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Is there after power was lost, whole, with its index, before anything is run again."""
    run: Run = request.getfixturevalue(name)
    for luck in (NOTHING, REMOVALS):
        loss = Loss(f"at the end, {luck.name} is left", run.disk().left(luck))
        with laid_out(tmp_path, loss) as directory, Archive.open(directory) as archive:
            assert_promised(directory)
            assert contents(archive) == run.wanted


def test_a_new_archive(first_sync: Run, tmp_path: Path) -> None:
    """Is there after power was lost, with its source, as soon as it was reported to be made."""
    tree = first_sync.disk(first_sync.since).left(NOTHING)
    with laid_out(tmp_path, Loss("when made, nothing is left", tree)) as directory:
        assert list(settings.sources(directory)) == ["ayra"]
        assert_promised(directory)


def test_an_archive_in_the_making(first_sync: Run, tmp_path: Path) -> None:
    """Has a whole database whenever power is lost, or none, and then it can be made again."""
    making = first_sync.events[: first_sync.since]
    there = Counter[bool]()
    for loss in losses(Disk(first_sync.root, {}), making, 0, []):
        with laid_out(tmp_path, loss) as directory:
            exists = (directory / database.FILE).exists()
            there[exists] += 1
            if exists:
                assert_promised(directory)
            else:
                Archive.create(directory).close()
    assert there[True] >= 3
    assert there[False] >= 10


@pytest.mark.slow
def test_what_the_index_left_behind(later_sync: Run, tmp_path: Path) -> None:
    """A file that the index came to write and not to list stops no later sync.

    Not only a power cut leaves it, but a kill: the engine would give a list of deletions the same
    name again, and refuses to write over it.
    """
    disk = Disk(later_sync.root, later_sync.before)
    for event in later_sync.events:
        if (disk.flushed(event) or "").endswith(".del"):
            break
        disk.happens(event)
    loss = Loss("before a .del was listed, everything is left", disk.left(EVERYTHING))
    assert any(path.endswith(".del") for path in loss.tree)
    with laid_out(tmp_path, loss) as directory, Archive.open(directory) as archive:
        assert archive.sync().complete
        assert contents(archive) == later_sync.wanted


EXPORT = """
import sys
from pathlib import Path
from convarchive.export.landing import new_directory, new_file
root = Path(sys.argv[1])
with new_file(root / "files" / "file", force=True) as file:
    file.write(b"new" * 1000)
with new_directory(root / "trees" / "tree", force=False) as tree:
    (tree / "below").mkdir()
    (tree / "below" / "file").write_bytes(b"new" * 1000)
"""


def test_an_export(tmp_path: Path) -> None:
    """Is whole or not there, and what it replaces stands until then; once finished, it is there."""
    whole = b"new" * 1000
    root = tmp_path / "recorded"
    before: Tree = {"files": None, "files/file": b"old", "trees": None}
    platter.write(root, before)
    events = witness.witness(tmp_path / "log", EXPORT, str(root))
    points: list[str] = []
    for loss in losses(Disk(root, before), events, 0, points):
        assert loss.tree["files/file"] in (b"old", whole), loss.where
        if "trees/tree" in loss.tree:
            assert loss.tree.get("trees/tree/below/file") == whole, loss.where
    assert len(points) > 5
    disk = Disk(root, before)
    for event in events:
        disk.happens(event)
    assert disk.left(NOTHING) == before | {
        "files/file": whole,
        "trees/tree": None,
        "trees/tree/below": None,
        "trees/tree/below/file": whole,
    }


@each_run
def test_nothing_escaped_the_record(name: str, request: pytest.FixtureRequest) -> None:
    """What the recorded calls make of the files is what the real run made of them, byte by byte."""
    run: Run = request.getfixturevalue(name)
    made, real = run.disk().left(EVERYTHING), platter.read(run.root)
    assert made.keys() == real.keys()
    # What is in shared memory can't be seen, and is made anew by whoever opens the database next.
    assert {path for path in real if made[path] != real[path]} <= {"archive/archive.db-shm"}
