"""An archive, opened: what it finds, shows and hands over, and what it says when it can't."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import convarchive
from convarchive import Archive, settings
from convarchive.errors import (
    ArchiveBusy,
    ArchiveError,
    IndexUnusable,
    NewerArchive,
    NotFound,
    PathExists,
    QueryError,
    UsageError,
)
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options

CALL = "conv_y2y2yykvzs2y"
"""A call of the demo: charged twice for December."""


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A small vendor: thirty calls that are made up."""
    with Sandbox(count=30, seed=5) as running:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", running.key)
        yield running


def test_create(tmp_path: Path) -> None:
    """A new archive is a database and settings, for its owner only, empty, and it can be opened."""
    directory = tmp_path / "some" / "where"
    Archive.create(directory).close()
    assert {path.name for path in directory.iterdir()} == {
        "archive.db", settings.FILE, "writer.lock",
    }  # fmt: skip
    if os.name == "posix":
        modes = [path.stat().st_mode & 0o777 for path in (directory, *sorted(directory.iterdir()))]
        assert modes == [0o700, 0o600, 0o600, 0o600]
    with Archive.open(directory) as archive:
        assert archive.count() == 0
        assert archive.list() == archive.keys() == archive.problems() == []
        assert set(map(len, archive.facets().values())) == {0}


@pytest.mark.parametrize("name", ["archive.db", settings.FILE])
def test_create_overwrites_nothing(tmp_path: Path, name: str) -> None:
    """Where an archive is, or half of one, none is made."""
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(PathExists, match="There is an archive"):
        Archive.create(tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine"]


def test_create_where_files_are(tmp_path: Path) -> None:
    """Other files in the directory do no harm."""
    (tmp_path / "notes.txt").write_text("mine")
    Archive.create(tmp_path).close()
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("below", ["file", "file/archive"])
def test_create_below_a_file(tmp_path: Path, below: str) -> None:
    """What cannot be a directory is wrong usage."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot be used for an archive"):
        Archive.create(tmp_path / below)


@pytest.mark.parametrize("name", ["nowhere", "empty", "file"])
def test_open_what_is_no_archive(tmp_path: Path, name: str) -> None:
    """There is none, that is said with how to make one, and nothing is made."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotFound) as caught:
        Archive.open(tmp_path / name)
    assert "convarchive init" in caught.value.hint
    assert not (tmp_path / "nowhere").exists()
    assert not list((tmp_path / "empty").iterdir())


def test_open_a_later_archive(tmp_path: Path) -> None:
    """What a later version has written is not touched."""
    Archive.create(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "archive.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(NewerArchive, match="later version"):
        Archive.open(tmp_path)


def test_open_what_is_no_database(tmp_path: Path) -> None:
    """A file that is no database is an error, and no traceback."""
    Archive.create(tmp_path).close()
    (tmp_path / "archive.db").write_bytes(b"not a database at all, " * 100)
    with pytest.raises(ArchiveError, match="no SQLite database"):
        Archive.open(tmp_path)


def test_reading_changes_nothing(synced: Archive) -> None:
    """Searching, showing and counting leave every file as it is."""

    def files() -> dict[Path, tuple[int, int]]:
        found = (path for path in synced.directory.rglob("*") if path.is_file())
        kept = (path for path in found if not path.name.endswith(("-shm", "-wal", ".lock")))
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in kept}

    before = files()
    with Archive.open(synced.directory) as archive:
        archive.search("refund")
        archive.facets("refund")
        archive.show(CALL)
        archive.history(CALL)
        archive.status()
    assert files() == before


def test_used_again_after_it_was_closed(synced: Archive) -> None:
    """Closing lets go of the files; the next question opens them again."""
    archive = Archive.open(synced.directory)
    archive.close()
    archive.close()
    assert archive.count() == synced.count()
    archive.close()


def test_the_package_is_the_archive() -> None:
    """``from convarchive import Archive`` is the whole of the public face."""
    assert convarchive.Archive is Archive
    assert Archive.__module__ == "convarchive.archive"


def test_search(synced: Archive) -> None:
    """A hit is a conversation with the turns that match and the matching characters in them."""
    found = synced.search('customer:"charged twice" since:2025-12', limit=2)
    assert found.query == 'customer:"charged twice" since:2025-12'
    assert found.total >= len(found.hits) > 0
    assert found.unindexed == 0
    for hit in found.hits:
        assert hit.score > 0
        assert hit.turns
        for turn, highlights in hit.turns:
            assert turn in hit.conversation.turns
            assert turn.role == "customer"
            assert {turn.text[a:b].lower() for a, b in highlights} == {"charged twice"}


def test_search_in_the_summary(synced: Archive) -> None:
    """Where only the summary matches, it alone is highlighted."""
    hits = synced.search(f"id:{CALL} summary:december").hits
    assert [hit.conversation.id for hit in hits] == [CALL]
    summary = hits[0].conversation.summary or ""
    assert {summary[start:end] for start, end in hits[0].summary} == {"December"}
    assert hits[0].turns == []


def test_searches_and_shows_agree(synced: Archive) -> None:
    """A hit's conversation is the one that is shown, and the listed one but for its turns."""
    for hit in synced.search("refund", limit=0).hits:
        assert hit.conversation == synced.show(hit.conversation.id)
    listed = {one.id: one for one in synced.list("refund", limit=0)}
    for hit in synced.search("refund", limit=0).hits:
        assert listed[hit.conversation.id] == hit.conversation._replace(turns=())


def test_counts_agree(synced: Archive) -> None:
    """However a query is asked, it has as many answers."""
    for query in ("", "*", "refund", "status:failed", "-refund", "nowhereatall"):
        count = synced.count(query)
        assert synced.search(query).total == count
        assert len(synced.list(query, limit=0)) == len(synced.keys(query)) == count


def test_list(synced: Archive) -> None:
    """The newest first, in pages, without turns."""
    whole = synced.list(limit=0)
    assert len(whole) == synced.count() == 126
    assert not any(one.turns for one in whole)
    assert whole == sorted(whole, key=lambda one: one.started_at or "", reverse=True)
    assert [*synced.list(limit=50), *synced.list(limit=100, offset=50)] == whole
    assert synced.list(sort="relevance", limit=0) == whole


def test_facets(synced: Archive) -> None:
    """The values of all that match with their counts, the most frequent first."""
    for query in ("", "refund", "status:completed -refund"):
        calls = synced.list(query, limit=0)
        expected = {
            "status": Counter(one.status for one in calls),
            "agent": Counter(one.agent_id for one in calls),
            "outcome": Counter(one.outcome for one in calls),
            "sentiment": Counter(one.sentiment for one in calls),
            "topic": Counter(topic for one in calls for topic in one.topics),
            "language": Counter(one.language for one in calls),
            "month": Counter((one.started_at or "")[:7] for one in calls),
        }
        facets = synced.facets(query)
        assert {name: dict(counts) for name, counts in facets.items()} == {
            name: {value: count for value, count in counts.items() if value}
            for name, counts in expected.items()
        }
        for counts in facets.values():
            assert counts == sorted(counts, key=lambda counted: (-counted[1], counted[0]))


def test_facets_of_nothing(synced: Archive) -> None:
    """Where nothing matches, every list is empty."""
    assert set(map(len, synced.facets("nowhereatall").values())) == {0}


def test_keys_come_in_the_order_of_exports(synced: Archive) -> None:
    """By start, then source, then id; and the conversations in the order of the keys."""
    for query in ("", "refund OR invoice"):
        keys = synced.keys(query)
        calls = [call for _, call in synced.conversations(keys)]
        assert calls == sorted(calls, key=lambda one: (one.started_at or "", one.source, one.id))
        assert [key for key, _ in synced.conversations(keys)] == list(keys)
        assert all(one.turns for one in calls if one.status == "completed")


def test_keys_must_be_whole(archive: Archive) -> None:
    """What is handed over must not lack what the index lacks; all of it needs no index."""
    archive.sync()
    with archive.writing("test") as connection:
        connection.execute(
            "INSERT INTO index_queue (conversation) SELECT key FROM conversations LIMIT 3"
        )
    with pytest.raises(IndexUnusable, match="lacks 3 conversations"):
        archive.keys("the")
    assert archive.search("the").unindexed == 3
    assert len(archive.keys()) == 30


def test_a_snapshot_stays_as_it_is(archive: Archive) -> None:
    """What is written meanwhile is not seen within it, and is afterwards."""
    archive.sync()

    def statuses() -> set[str]:
        return {call.status for _, call in archive.conversations(archive.keys())}

    before = statuses()
    with archive.snapshot():
        assert statuses() == before
        with archive.writing("test") as connection:
            connection.execute("UPDATE conversations SET status = 'unknown'")
        assert statuses() == before
    assert statuses() == {"unknown"} != before


def test_a_query_of_the_user(synced: Archive) -> None:
    """Dates are in the zone that the archive was opened with."""
    utc = Archive.open(synced.directory, timezone.utc)  # noqa: UP017
    tokyo = Archive.open(synced.directory, timezone(timedelta(hours=9)))
    with utc, tokyo:
        # It began at 15:42 UTC, which is the next day in Tokyo.
        assert utc.count(f"id:{CALL} on:2025-12-04") == 1
        assert tokyo.count(f"id:{CALL} on:2025-12-04") == 0
        assert tokyo.count(f"id:{CALL} on:2025-12-05") == 1


@pytest.mark.parametrize("query", ["colour:red", '"never closed', "status:done", "since:soon", "("])
def test_queries_that_are_not_understood(synced: Archive, query: str) -> None:
    """Every way to ask refuses them, and points at the place."""
    for ask in (synced.search, synced.count, synced.list, synced.keys, synced.facets):
        with pytest.raises(QueryError) as caught:
            ask(query)
        assert 0 <= caught.value.column <= len(caught.value.query)


@pytest.mark.parametrize("query", ["\udcff", "topic:\udcff", "caller:\udcff", "id:x\udcff*"])
def test_queries_that_are_no_text(synced: Archive, query: str) -> None:
    """Bytes of a command line that are no UTF-8 are wrong usage, and no traceback."""
    with pytest.raises(UsageError):
        synced.count(query)


@pytest.mark.parametrize("name", [CALL, f"ayra/{CALL}", CALL[:8], CALL[:-1]])
def test_names(synced: Archive, name: str) -> None:
    """The id, with its source or without, or a beginning that only it has."""
    assert synced.show(name).id == CALL
    assert synced.find(name) == synced.find(CALL)


def test_six_characters_will_do(synced: Archive) -> None:
    """A beginning of six is enough where it is of one conversation only, and five never are."""
    beginnings = Counter(one.id[:6] for one in synced.list(limit=0))
    for beginning, count in beginnings.items():
        if count == 1:
            assert synced.show(beginning).id.startswith(beginning)
        else:
            with pytest.raises(NotFound, match="could be more than one conversation"):
                synced.show(beginning)
        with pytest.raises(NotFound, match="There is no conversation"):
            synced.show(beginning[:5])
    assert 1 in beginnings.values()
    assert max(beginnings.values()) > 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("conv_", "six characters"),
        ("", "six characters"),
        ("conv_nowhere", ""),
        (f"retell/{CALL}", ""),
        (f"{CALL}x", ""),
        (CALL.upper(), ""),
        ("%", "six characters"),
        ("conv_%", ""),
        ("\udcff", "six characters"),
    ],
)
def test_names_of_none(synced: Archive, name: str, why: str) -> None:
    """What names no conversation, or is too short to, is not found."""
    for ask in (synced.show, synced.find, synced.history):
        with pytest.raises(NotFound) as caught:
            ask(name)
        assert why in caught.value.why
        assert caught.value.exit_code == 6


def test_names_of_several(archive: Archive, sandbox: Sandbox) -> None:
    """Where two sources have the id, the source must be said; a beginning must be of one only."""
    first = settings.sources(archive.directory)["ayra"]
    settings.add_source(archive.directory, first._replace(name="copy"))
    archive.sync()
    name = sandbox.upstream.ids()[0]
    with pytest.raises(NotFound, match="could be more than one") as caught:
        archive.show(name)
    assert f"ayra/{name}, copy/{name}" in caught.value.why
    assert archive.show(f"copy/{name}").source == "copy"
    assert archive.find(f"copy/{name}") != archive.find(f"ayra/{name}")
    with pytest.raises(NotFound, match="could be more than one"):
        archive.show(name[:-1])
    assert archive.count() == 60
    assert archive.count("source:copy") == 30
    assert len(archive.keys()) == len(set(archive.keys())) == 60


def test_documents_are_the_bytes_that_came(archive: Archive, sandbox: Sandbox) -> None:
    """The vendor's own answer, which holds what no column has."""
    archive.sync()
    key = archive.find(next(one.id for one in archive.list("-has:recording has:transcript")))
    ((_, call),) = archive.conversations([key])
    ((name, body),) = archive.documents(key)
    assert name == "detail"
    request = Request(
        f"{sandbox.base_url}/v1/conversations/{call.id}",
        headers={"Authorization": f"Bearer {sandbox.key}"},
    )
    with urlopen(request) as answer:
        assert json.loads(body) == json.load(answer)
    assert archive.documents(key, 1) == archive.documents(key)
    assert archive.documents(key, 2) == []


def test_one_writer(archive: Archive) -> None:
    """While one writes, another that wants to is refused, and all may read."""
    archive.sync()
    with archive.writing("a test"), Archive.open(archive.directory) as other:
        for write in (other.sync, other.reindex, other.rebuild, other.retry_problems):
            with pytest.raises(ArchiveBusy, match="Another process is writing") as caught:
                write()
            assert "a test" in caught.value.why
        assert other.count("the") > 0
    assert archive.retry_problems() == 0


def test_what_others_write_is_seen(archive: Archive, sandbox: Sandbox) -> None:
    """An archive that stays open sees what another process has stored and indexed since."""
    with Archive.open(archive.directory) as other:
        assert other.count() == 0
        archive.sync()
        assert other.count() == 30
        assert other.count("the") == archive.count("the") > 0
        sandbox.upstream.remove(sandbox.upstream.ids()[0])
        archive.sync(options=Options(full=True))
        assert other.count("is:deleted") == 1
