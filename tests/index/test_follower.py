"""The index follows a store that is being written to; what happens meanwhile is not lost."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator

import pytest
import tantivy

from convarchive import Archive
from convarchive.errors import IndexUnusable
from convarchive.index import follower
from convarchive.index.follower import Follower
from convarchive.store import database

Follow = Callable[..., contextlib.AbstractContextManager[Follower]]
Ids = Callable[..., set[str]]


@pytest.fixture(scope="session")
def follow() -> Follow:
    """The index of an archive, with so many seconds between commits, as a sync has it."""

    @contextlib.contextmanager
    def begun(archive: Archive, commit_every: float = 3600) -> Iterator[Follower]:
        with (
            contextlib.closing(database.connect(archive.directory, write=True)) as connection,
            contextlib.closing(
                Follower(connection, archive.directory, commit_every, behind=0)
            ) as index,
        ):
            yield index

    return begun


def test_found_while_it_goes_on(shelve, store, call, ids: Ids, follow: Follow) -> None:
    """When it is time to commit, what was stored is found, and more can follow."""
    archive = shelve()
    with follow(archive, commit_every=0) as index:
        for at in range(3):
            store(archive, call(f"c{at}", "customer: refund"))
            index.follow()
            assert len(ids(archive, "refund")) == at + 1
            assert archive.unindexed() == 0


def test_committed_at_the_end(shelve, store, call, ids: Ids, follow: Follow) -> None:
    """Before it is time, what was stored waits in the queue; at the end everything is found."""
    archive = shelve()
    with follow(archive) as index:
        for at in range(3):
            store(archive, call(f"c{at}", "customer: refund"))
            index.follow()
        assert ids(archive, "refund") == set()
        assert archive.unindexed() == 3
        index.finish()
        assert len(ids(archive, "refund")) == 3
        assert archive.unindexed() == 0


def test_closed_before_the_end(shelve, store, call, ids: Ids, follow: Follow) -> None:
    """After an interruption what was taken in is found, and the rest stays in the queue."""
    archive = shelve()
    with follow(archive) as index:
        store(archive, call("a", "customer: refund"))
        index.follow()
        store(archive, call("b", "customer: refund"))
    assert ids(archive, "refund") == {"a"}
    assert archive.unindexed() == 1


def test_changed_between_reading_and_commit(
    shelve, store, call, ids: Ids, follow: Follow, catch_up: Callable[[Archive], int]
) -> None:
    """What changes after it was taken in stays in the queue, and its change is found."""
    archive = shelve()
    with follow(archive) as index:
        store(archive, call("a", "customer: refund"))
        index.follow()
        store(archive, call("a", "customer: cancel"))
    assert archive.unindexed() == 1
    assert ids(archive, "refund") == {"a"}
    assert catch_up(archive) == 1
    assert ids(archive, "refund") == set()
    assert ids(archive, "cancel") == {"a"}


def test_what_is_soon_stored_again_waits(shelve, store, call, ids: Ids) -> None:
    """So it is in the index once, and its words count once; when it is time, nothing waits."""
    archive = shelve()
    with (
        contextlib.closing(database.connect(archive.directory, write=True)) as connection,
        contextlib.closing(Follower(connection, archive.directory, 3600, behind=2)) as index,
    ):
        for name in "abcd":
            store(archive, call(name, "customer: refund"))
            index.follow()
    assert ids(archive, "refund") == {"a", "b"}
    assert archive.unindexed() == 2


def test_changed_again_and_again(shelve, store, call, ids: Ids, follow: Follow) -> None:
    """What is taken in several times is there once, as it was last."""
    archive = shelve()
    with follow(archive) as index:
        for word in ("refund", "cancel", "invoice"):
            store(archive, call("a", f"customer: {word}"))
            index.follow()
        index.finish()
    assert [len(ids(archive, word)) for word in ("refund", "cancel", "invoice")] == [0, 0, 1]
    assert archive.count("invoice") == 1


def test_broken_before(shelve, store, call, ids: Ids, follow: Follow) -> None:
    """An index that takes nothing keeps nobody from storing, and is made anew at the end."""
    archive = shelve(call("a", "customer: refund"))
    (archive.directory / "index" / "meta.json").write_text("torn")
    with follow(archive, commit_every=0) as index:
        store(archive, call("b", "customer: refund"))
        index.follow()
        with pytest.raises(IndexUnusable):
            archive.search("refund")
        index.finish()
    assert ids(archive, "refund") == {"a", "b"}


def test_broken_and_nothing_new(shelve, call, ids: Ids, follow: Follow) -> None:
    """An index that lacks a file is made anew although there is nothing to add to it."""
    archive = shelve(call("a", "customer: refund"))
    next((archive.directory / "index").glob("*.store")).unlink()
    with follow(archive) as index:
        index.finish()
    assert ids(archive, "refund") == {"a"}


def test_a_small_archive_without_an_index(shelve, store, call, ids: Ids, follow: Follow) -> None:
    """It gets one at the first step."""
    archive = shelve(call("a", "customer: refund"))
    shutil.rmtree(archive.directory / "index")
    with follow(archive) as index:
        store(archive, call("b", "customer: refund"))
        index.follow()
        assert ids(archive, "refund") == {"a", "b"}


def test_a_large_archive_without_an_index(
    shelve, store, call, ids: Ids, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets one at the end, so that the fetching does not wait for it."""
    monkeypatch.setattr(follower, "_AT_ONCE", 1)
    archive = shelve(call("a", "customer: refund"))
    shutil.rmtree(archive.directory / "index")
    with follow(archive) as index:
        store(archive, call("b", "customer: refund"))
        index.follow()
        assert not (archive.directory / "index").exists()
        index.finish()
    assert ids(archive, "refund") == {"a", "b"}


def test_another_writer(shelve, store, call, follow: Follow) -> None:
    """What something else keeps from being indexed stays in the queue, and is told at the end."""
    archive = shelve(call("a", "customer: refund"))
    other = tantivy.Index.open(str(archive.directory / "index")).writer(15_000_000, 1)
    with follow(archive) as index:
        store(archive, call("b", "customer: refund"))
        index.follow()
        with pytest.raises(IndexUnusable):
            index.finish()
    assert archive.unindexed() == 1
    other.wait_merging_threads()
