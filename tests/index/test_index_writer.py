"""The index follows the store: by the queue, through crashes, and anew where it is not its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tantivy

from convarchive import Archive
from convarchive.errors import IndexUnusable
from convarchive.index import schema, writer

CatchUp = Callable[[Archive], int]
Ids = Callable[..., set[str]]


def run(code: str, directory: Path) -> subprocess.Popen[bytes]:
    """A process of its own that holds the writer lock and has ``connection`` and ``directory``."""
    program = f"""
import os, sys
from pathlib import Path
from convarchive import Archive
from convarchive.index import writer
directory = Path(sys.argv[1])
with Archive.open(directory) as archive, archive.writing("test") as connection:
    {code}
"""
    return subprocess.Popen([sys.executable, "-c", program, str(directory)])


def test_the_queue_is_worked_off(shelve, store, catch_up: CatchUp, call, ids: Ids) -> None:
    """Only what the queue holds is indexed, and then it is empty."""
    archive = shelve(call("a", "customer: refund"))
    assert catch_up(archive) == 0
    store(archive, call("b", "customer: refund"), call("c", "customer: refund"))
    assert archive.unindexed() == 2
    assert archive.search("refund").unindexed == 2
    assert ids(archive, "refund") == {"a"}
    assert catch_up(archive) == 2
    assert archive.unindexed() == 0
    assert ids(archive, "refund") == {"a", "b", "c"}


def test_what_did_not_change_is_not_queued(shelve, store, catch_up: CatchUp, call) -> None:
    """Storing the same again leaves nothing to index."""
    archive = shelve(call("a", "customer: refund"))
    store(archive, call("a", "customer: refund"))
    assert archive.unindexed() == 0
    assert catch_up(archive) == 0


def test_replaying_is_harmless(shelve, catch_up: CatchUp, call) -> None:
    """What is indexed again, however often, is found once."""
    archive = shelve(*(call(f"c{at}", "customer: refund") for at in range(5)))
    for _ in range(3):
        with archive.writing("test") as connection:
            connection.execute(
                "INSERT INTO index_queue (conversation) SELECT key FROM conversations"
            )
        assert catch_up(archive) == 5
        assert archive.count("refund") == len(archive.keys("refund")) == 5


def test_a_crash_between_commit_and_dequeue(shelve, store, catch_up: CatchUp, call) -> None:
    """Killed after the index has committed and before the queue says so, nothing is there twice."""
    archive = shelve(call("a", "customer: refund"))
    store(archive, *(call(f"b{at}", "customer: refund") for at in range(5)))
    die_at_the_dequeue = """
    connection.create_function("die", 0, lambda: os._exit(9))
    connection.execute(
        "CREATE TEMP TRIGGER crash BEFORE DELETE ON main.index_queue BEGIN SELECT die(); END")
    writer.catch_up(connection, directory)
"""
    assert run(die_at_the_dequeue.strip(), archive.directory).wait(60) == 9
    assert archive.unindexed() == 5
    assert archive.count("refund") == 6
    assert catch_up(archive) == 5
    assert archive.unindexed() == 0
    assert archive.count("refund") == len(archive.keys("refund")) == 6


def test_a_crash_while_building(shelve, catch_up: CatchUp, call) -> None:
    """Killed while the index is made anew, the old one still answers, and the next run makes it."""
    archive = shelve(*(call(f"c{at}", "customer: refund") for at in range(5)))
    die = "writer.build(connection, directory, lambda done, total: os._exit(9))"
    assert run(die, archive.directory).wait(60) == 9
    assert (archive.directory / "index.new").is_dir()
    assert archive.count("refund") == 5
    assert archive.reindex() == 5
    assert archive.count("refund") == 5
    left = {path.name for path in archive.directory.iterdir() if path.name.startswith("index")}
    assert left == {"index"}


def test_a_crash_before_the_store_knows(shelve, catch_up: CatchUp, call, ids: Ids) -> None:
    """Killed when the new index is in place and the store does not know, it is made again."""
    archive = shelve(call("a", "customer: refund"))
    die_at_the_mark = """
    connection.create_function("die", 0, lambda: os._exit(9))
    connection.execute(
        "CREATE TEMP TRIGGER crash BEFORE INSERT ON main.meta BEGIN SELECT die(); END")
    writer.build(connection, directory)
"""
    assert run(die_at_the_mark.strip(), archive.directory).wait(60) == 9
    with pytest.raises(IndexUnusable, match="convarchive reindex"):
        archive.search("refund")
    assert catch_up(archive) == 1
    assert ids(archive, "refund") == {"a"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_killed_anywhere(shelve, store, catch_up: CatchUp, call) -> None:
    """Killed at any instant and run again, the index ends up as if it had never been killed."""
    archive = shelve(call("first", "customer: refund"))
    calls = [call(f"c{at}", *["customer: refund " + "word " * 20] * 10) for at in range(1_000)]
    taken, killed = 0.0, 0
    for round_ in range(40):
        store(archive, *(one._replace(summary=f"round {round_}") for one in calls))
        began = time.monotonic()
        process = run("writer.catch_up(connection, directory)", archive.directory)
        try:
            process.wait(taken * round_ / 8 % taken if taken else 60)  # the first is not killed
            taken = time.monotonic() - began  # the machine is as fast as it was the last time
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            killed += 1
        catch_up(archive)
        assert archive.unindexed() == 0
        assert archive.count("refund") == 1_001
        assert archive.count(f'summary:"round {round_}"') == 1_000
        if round_ >= 8 and killed >= 3:
            break
    assert killed >= 3, "too few were killed for this to mean anything"


def test_progress(shelve, store, catch_up: CatchUp, call) -> None:
    """Who asks is told how many are done, up to all of them."""
    archive = shelve(*(call(f"c{at}") for at in range(7)))
    told: list[tuple[int, int]] = []
    archive.reindex(lambda done, total: told.append((done, total)))
    assert told[-1] == (7, 7)


def test_an_empty_archive_has_an_index(shelve, ids: Ids) -> None:
    """Nothing is found in it, and that is no error."""
    archive = shelve()
    assert ids(archive, "refund") == ids(archive, "-refund") == set()
    assert archive.reindex() == 0


def test_no_index(shelve, call, ids: Ids, catch_up: CatchUp) -> None:
    """Where the index was deleted, searching says so, listing all works, and it is made anew."""
    archive = shelve(call("a", "customer: refund"), call("b"))
    shutil.rmtree(archive.directory / "index")
    for ask in (archive.search, archive.count, archive.keys, archive.facets, archive.list):
        with pytest.raises(IndexUnusable) as caught:
            ask("refund")
        assert "convarchive reindex" in caught.value.hint
    assert {one.id for one in archive.list()} == {"a", "b"}
    assert archive.count() == len(archive.keys()) == 2
    assert not archive.status().index_usable
    assert catch_up(archive) == 2
    assert ids(archive, "refund") == {"a"}


def test_the_index_of_another_archive(shelve, call, ids: Ids) -> None:
    """An index that was copied from another archive does not answer for this one."""
    one, other = shelve(call("a", "customer: refund")), shelve(call("b", "customer: refund"))
    shutil.rmtree(one.directory / "index")
    shutil.copytree(other.directory / "index", one.directory / "index")
    with pytest.raises(IndexUnusable, match="does not belong to this archive"):
        one.search("refund")
    assert one.reindex() == 1
    assert ids(one, "refund") == {"a"}


def test_the_index_of_earlier_code(shelve, call, ids: Ids, catch_up: CatchUp) -> None:
    """An index of another version of the schema does not answer, and is made anew."""
    archive = shelve(call("a", "customer: refund"))
    file = archive.directory / "index" / "convarchive.mark"
    version, _, rest = file.read_text().partition(" ")
    assert version == str(schema.VERSION)
    with archive.writing("test") as connection:
        old = f"{schema.VERSION - 1} {rest}"
        file.write_text(old)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'index'", (old,))
    with pytest.raises(IndexUnusable):
        archive.search("refund")
    assert catch_up(archive) == 1
    assert ids(archive, "refund") == {"a"}


def test_a_database_from_a_backup(shelve, store, catch_up: CatchUp, call, tmp_path: Path) -> None:
    """Beside a restored database the index that went on without it does not answer."""
    archive = shelve(call("a", "customer: refund"))
    archive.backup(tmp_path / "copy")
    with Archive.open(tmp_path / "copy") as copy, pytest.raises(IndexUnusable):
        copy.search("refund")
    archive.reindex()
    shutil.copytree(archive.directory / "index", tmp_path / "copy" / "index")
    with Archive.open(tmp_path / "copy") as copy, pytest.raises(IndexUnusable):
        copy.search("refund")


@pytest.mark.parametrize("torn", ["", "no JSON", "{}"])
def test_a_broken_index(shelve, store, call, ids: Ids, catch_up: CatchUp, torn: str) -> None:
    """An index that cannot be read is an error that says how to make it anew; where there is
    something to index, that is done unasked."""
    archive = shelve(call("a", "customer: refund"))
    (archive.directory / "index" / "meta.json").write_text(torn)
    with pytest.raises(IndexUnusable, match="convarchive reindex"):
        archive.search("refund")
    store(archive, call("b", "customer: refund"))
    assert catch_up(archive) == 2
    assert ids(archive, "refund") == {"a", "b"}


def test_every_file_can_be_lost(shelve, call) -> None:
    """Whichever file of the index is missing or cut in half, a search is right or is an error."""
    archive = shelve(*(call(f"c{at}", "customer: refund") for at in range(5)))
    files = [
        path
        for path in (archive.directory / "index").iterdir()
        if path.suffix != ".lock" and path.stat().st_size
    ]
    assert len(files) > 5
    errors = 0
    for file in files:
        whole = file.read_bytes()
        for damage in (None, whole[: len(whole) // 2]):
            file.unlink()
            if damage is not None:
                file.write_bytes(damage)
            try:
                with Archive.open(archive.directory) as fresh:
                    assert fresh.count("refund") == 5
            except IndexUnusable:
                errors += 1
            file.unlink(missing_ok=True)
            file.write_bytes(whole)
    assert errors >= len(files)
    assert archive.count("refund") == 5


def test_another_writer(shelve, store, call, catch_up: CatchUp) -> None:
    """While something else writes to the index, catching up is an error and loses nothing."""
    archive = shelve(call("a", "customer: refund"))
    store(archive, call("b", "customer: refund"))
    other = tantivy.Index.open(str(archive.directory / "index")).writer(15_000_000, 1)
    with pytest.raises(IndexUnusable, match="cannot be written"):
        catch_up(archive)
    assert archive.unindexed() == 1
    other.wait_merging_threads()
    assert catch_up(archive) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", ["meta.json", ".tantivy-meta.lock", "convarchive.mark"])
def test_an_index_of_another_user(shelve, call, name: str) -> None:
    """An index that is closed to whoever asks is an error, and no traceback."""
    archive = shelve(call("a", "customer: refund"))
    (archive.directory / "index" / name).chmod(0)
    with pytest.raises(IndexUnusable):
        archive.search("refund")


def test_only_the_owner_may_read_it(shelve, call) -> None:
    """The directory of the index is closed to others."""
    archive = shelve(call("a"))
    if os.name == "posix":
        assert (archive.directory / writer.DIRECTORY).stat().st_mode & 0o777 == 0o700
