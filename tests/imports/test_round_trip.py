"""What was exported and is imported into a new archive is exported as the same bytes."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.imports.conftest import Import, exported, facts

from convarchive import Archive
from convarchive.export import Selection, export
from convarchive.model import Conversation, Recording, Turn

FIXTURES = Path(__file__).parents[3] / "shared" / "corpus" / "fixtures.jsonl"

ODD = Conversation(
    source="ayra",
    id="../odd id\u2028",
    status="failed",
    started_at="2026-01-15T10:42:00.5Z",
    duration=247.123456789,
    summary='NUL \0, "quotes", a line\nbreak, U+2028 \u2028 and 日本語',
    topics=("billing", "refund; partial"),
    actions=({"a": [1, 2.5, None, {"b": "c"}]}, "text", 1e300, 123456789012345678901234567890),
    satisfaction={"score": 4, "nothing": None},
    quality={"jitter": float("nan"), "mos": float("inf")},
    errors=[],
    recording=Recording(None, "ab" * 32, 1234, "audio/wav"),
    has_transcript=True,
    turns=(
        Turn(0, "agent", "agent", "How can I help?", 0.0, 1.5, 0.98),
        Turn(1, "", "other", "", -0.5, None, None),
    ),
    revision=7,
    deleted_at_source="2026-02-01T00:00:00.123456Z",
)


def test_the_demo(synced: Archive, target: Archive, take: Import, tmp_path: Path) -> None:
    """All of the demo's conversations, to the byte."""
    before = exported(synced, tmp_path / "before.jsonl")
    assert facts(take(before)) == {"files": 1, "read": 126, "new": 126}
    assert exported(target, tmp_path / "after.jsonl").read_bytes() == before.read_bytes()


def test_one_with_everything(target: Archive, take: Import, tmp_path: Path) -> None:
    """Revision, deletion, a recording without its sound, odd texts, and numbers that are none."""
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    export(Selection("", "archive", 1, lambda: iter([(1, ODD)]), lambda _: ()), "jsonl", before)
    assert take(before).complete
    assert exported(target, after).read_bytes() == before.read_bytes()
    assert target.rebuild() == (1, 0)
    assert target.status().recordings_absent == 1
    (revision,) = target.history(f"ayra/{ODD.id}")
    assert revision.number == 7


def test_real_calls(target: Archive, take: Import, tmp_path: Path) -> None:
    """A collection of real conversations goes in as it is, out, in elsewhere and out again."""
    if not FIXTURES.exists():
        pytest.skip("the collection of real conversations is not here")
    many = len(FIXTURES.read_text(encoding="utf-8").splitlines())
    assert facts(take(FIXTURES, source="corpus")) == {"files": 1, "read": many, "new": many}
    for line in FIXTURES.read_text(encoding="utf-8").splitlines():
        was = json.loads(line)
        came = target.show(f"corpus/{was['id']}")
        assert [turn.text for turn in came.turns] == [turn["text"] for turn in was["turns"]]
    first = exported(target, tmp_path / "first.jsonl")
    with Archive.create(tmp_path / "second") as second:
        assert second.import_files([first]).new == many
        again = exported(second, tmp_path / "again.jsonl")
    assert again.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("form", ["json", "jsonl.gz", "jq", "zip"])
def test_other_wrappings(
    form: str, synced: Archive, target: Archive, take: Import, tmp_path: Path
) -> None:
    """One document, gzip, lines broken over many, a ZIP archive: it is the same in each."""
    before = exported(synced, tmp_path / "before.jsonl")
    path = tmp_path / f"wrapped.{form}"
    if form == "json":
        exported(synced, path, "json")
    elif form == "jsonl.gz":
        path.write_bytes(gzip.compress(before.read_bytes()))
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(before, "a/calls.jsonl")
    else:
        lines = map(json.loads, before.read_text(encoding="utf-8").splitlines())
        path.write_text("\n".join(json.dumps(line, indent=1) for line in lines), encoding="utf-8")
    report = take(path)
    assert (report.new, report.problems) == (126, form == "jq")
    assert exported(target, tmp_path / "after.jsonl").read_bytes() == before.read_bytes()


@pytest.mark.parametrize("form", ["raw", "srt", "vtt", "text"])
@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_exports_of_many_files(
    form: str, suffix: str, synced: Archive, target: Archive, take: Import, tmp_path: Path
) -> None:
    """Go in whole, under the source and the ids that their manifest names."""
    path = exported(synced, tmp_path / f"out{suffix}", form)
    assert facts(take(path)) == {"files": 126, "read": 126, "new": 126}
    for was in synced.list(limit=0):
        came = target.show(f"{was.source}/{was.id}")
        turns = synced.show(was.id).turns
        if form == "raw":
            assert came._replace(recording=None) == synced.show(was.id)._replace(recording=None)
        else:
            assert [turn.role for turn in came.turns] == [turn.role for turn in turns]
    assert facts(take(path)) == {"files": 126, "read": 126, "unchanged": 126}


def test_raw_of_what_was_imported(
    synced: Archive, target: Archive, take: Import, tmp_path: Path
) -> None:
    """Records and transcripts with what their names told go the same way."""
    (tmp_path / "in").mkdir()
    exported(synced, tmp_path / "in" / "b.jsonl")
    (tmp_path / "in" / "2026-01-15_x.srt").write_text("1\n00:01 --> 00:02\nAgent: Hello\n")
    take(tmp_path / "in", language="en")
    raw = exported(target, tmp_path / "raw", "raw")
    assert (raw / "2026-01-15_x.srt").is_file()
    with Archive.create(tmp_path / "second") as second:
        assert second.import_files([raw]).complete
        after = exported(second, tmp_path / "after.jsonl").read_bytes()
    assert after == exported(target, tmp_path / "before.jsonl").read_bytes()


def test_what_came_from_files_is_like_any_other(
    synced: Archive, target: Archive, take: Import, tmp_path: Path
) -> None:
    """It is found, counted, shown and has bytes; no sync is missed and no gap is seen."""
    take(exported(synced, tmp_path / "all.jsonl"))
    assert target.search("refund").total == synced.search("refund").total > 0
    status = target.status()
    assert (status.healthy, status.conversations, status.recordings) == (True, 126, 0)
    assert [source.kind for source in status.sources] == ["import"]
    assert target.coverage().complete
    key = target.find("conv_jmy67pjzlerj")
    ((name, body),) = target.documents(key)
    assert name == "convarchive"
    assert json.loads(body)["id"] == "conv_jmy67pjzlerj"
    assert body in (tmp_path / "all.jsonl").read_bytes().splitlines()


def test_into_the_archive_that_it_came_from(copied: Callable[[], Archive], tmp_path: Path) -> None:
    """Everything is there, also what the vendor has sent, and nothing is written."""
    archive = copied()
    path = exported(archive, tmp_path / "all.jsonl")
    before = dump(archive)
    assert facts(archive.import_files([path])) == {"files": 1, "read": 126, "unchanged": 126}
    assert dump(archive) == before


def dump(archive: Archive) -> list[str]:
    """All that is in the database."""
    connection = sqlite3.connect(archive.directory / "archive.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()
