"""The search index against the tables: behind is a note, wrong is damage."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tantivy import Index
from tests.compliance.tampering import kinds, unguarded, verified

from convarchive import Archive
from convarchive.index import documents, schema


@pytest.fixture
def mine(synced: Archive, tmp_path: Path) -> Iterator[Archive]:
    """All of the demo's calls, to be spoilt."""
    shutil.copytree(synced.directory, tmp_path / "mine")
    with Archive.open(tmp_path / "mine") as archive:
        yield archive


class Spoiler:
    """Somebody at the index itself."""

    def __init__(self, archive: Archive) -> None:
        index = Index.open(str(archive.directory / "index"))
        schema.register_analyzers(index)
        self.writer = index.writer(15_000_000, 1)

    def drop(self, key: int) -> None:
        """Take a conversation out."""
        self.writer.delete_documents_by_term("rowid", key)

    def add(self, key: int, archive: Archive, identifier: str, **fields: object) -> None:
        """Put one in that says something else than the tables."""
        import msgspec

        made = documents.document(key, archive.show(identifier)._replace(**fields))
        self.writer.add_json(msgspec.json.encode(made).decode())

    def done(self) -> None:
        """Let it be found."""
        self.writer.commit()
        self.writer.wait_merging_threads()


def test_one_that_is_missing(mine: Archive) -> None:
    """It is named, and what to do."""
    call = mine.list(limit=1)[0]
    spoiler = Spoiler(mine)
    spoiler.drop(mine.find(call.id))
    spoiler.done()
    damage = verified(mine.directory).damage
    assert (damage[0].kind, damage[0].where) == ("index_differs", f"ayra/{call.id}")
    assert "reindex" in damage[0].remedy
    mine.reindex()
    assert verified(mine.directory).ok


def test_one_too_many(mine: Archive) -> None:
    """A conversation that is in it twice, or that the tables don't have."""
    call = mine.list(limit=1)[0]
    spoiler = Spoiler(mine)
    spoiler.add(mine.find(call.id), mine, call.id)
    spoiler.add(9_999, mine, call.id)
    spoiler.done()
    report = verified(mine.directory)
    assert kinds(report) == {"index_differs"}
    assert f"ayra/{call.id}" in {each.where for each in report.damage}
    assert any("known key" in each.what for each in report.damage)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"status": "failed"}, "index status:failed"),
        ({"language": "xx"}, "index language:xx"),
        ({"source": "other"}, "index source:ayra"),
        ({"recording": None}, "index flag:has:recording"),
        ({"deleted_at_source": "2026-01-01T00:00:00Z"}, "index flag:is:deleted"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_one_that_says_something_else(mine: Archive, fields: dict[str, object], where: str) -> None:
    """The numbers of what has a value differ."""
    call = mine.list("has:recording status:completed", limit=1)[0]
    spoiler = Spoiler(mine)
    spoiler.drop(mine.find(call.id))
    spoiler.add(mine.find(call.id), mine, call.id, **fields)
    spoiler.done()
    report = verified(mine.directory)
    if where == "index language:xx":  # it is the language that it had which lacks one
        assert kinds(report) == {"index_differs"}
    else:
        assert where in {each.where for each in report.damage}


def test_behind(mine: Archive) -> None:
    """What waits in the queue is no damage."""
    with unguarded(mine.directory) as connection:
        connection.execute("INSERT INTO index_queue (conversation) VALUES (7), (8), (7)")
    spoiler = Spoiler(mine)
    spoiler.drop(7)
    spoiler.done()
    report = verified(mine.directory)
    assert report.ok
    assert "2 behind" in report.notes[0]


@pytest.mark.parametrize("what", ["gone", "of another"])
def test_none(mine: Archive, what: str) -> None:
    """An index that is missing, or another's, is not asked by anybody."""
    if what == "gone":
        shutil.rmtree(mine.directory / "index")
    else:
        (mine.directory / "index" / "convarchive.mark").write_text("3 other", encoding="ascii")
    report = verified(mine.directory)
    assert report.ok
    assert "convarchive reindex" in report.notes[0]


def test_a_file_that_is_under_way(mine: Archive) -> None:
    """What the engine has not committed is no part of the index yet."""
    (mine.directory / "index" / f"{'a' * 32}.term").write_bytes(b"the beginning")
    assert verified(mine.directory).ok


@pytest.mark.parametrize("name", ["meta.json", "*.term", "*.idx", "*.fast"])
@pytest.mark.parametrize("how", ["gone", "empty", "cut off"])
def test_a_file_that_is_not_whole(mine: Archive, name: str, how: str) -> None:
    """Whichever it is, it is damage and no error."""
    path = next((mine.directory / "index").glob(name))
    if how == "gone":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(b"" if how == "empty" else content[: len(content) // 2])
    assert kinds(verified(mine.directory)) == {"index_damaged"}


def test_a_destruction_that_was_interrupted(mine: Archive) -> None:
    """What was destroyed, and is still in the index, is taken out by the next command that writes;
    that is said, and is no damage. Once it should be out, it is."""
    call = next(call for key, call in mine.conversations([max(mine.keys())]))
    mine.erase(mine.plan_erasure([call.id]), reason="asked for")
    spoiler = Spoiler(mine)
    spoiler.add(max(mine.keys()) + 1, mine, mine.list(limit=1)[0].id)
    spoiler.done()
    assert kinds(verified(mine.directory)) == {"index_differs"}
    with unguarded(mine.directory) as connection:
        connection.execute("UPDATE disposals SET finished_at = NULL")
    report = verified(mine.directory)
    assert report.ok
    assert "interrupted" in report.notes[0]
    mine.finish_disposals()
    report = verified(mine.directory)
    assert (report.damage, report.notes) == ([], [])
