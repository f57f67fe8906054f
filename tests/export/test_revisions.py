"""Every state that was seen, where that is wished for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from convarchive.errors import UsageError
from convarchive.export import FORMATS, Selection, Wishes, export
from convarchive.export.selection import State
from convarchive.model import Conversation

Select = Callable[..., Selection]

ABLE = {"jsonl", "json", "raw"}


@pytest.fixture
def changed(select: Select, call: Conversation) -> Selection:
    """A conversation with two states before the newest, and one without."""

    def earlier(key: int, revision: int) -> Iterator[State]:
        assert key == 1 or revision == 1
        for number in range(1, revision):
            state = call._replace(revision=number, summary=f"As of {number}", recording=None)
            yield state, [("detail", b"%d" % number)]

    calls = (call._replace(revision=3), call._replace(id="other", revision=1))
    documents = {1: [("detail", b"3"), ("transcript", b"[]")], 2: [("detail", b"1")]}
    return replace(
        select(*calls, documents=documents), earlier=earlier, wishes=Wishes(revisions=True)
    )


def test_jsonl_has_a_record_for_each(changed: Selection, tmp_path: Path) -> None:
    """The oldest first, numbered; the last line counts the records, the first the conversations."""
    export(changed, "jsonl", tmp_path / "x")
    first, *states, last = map(json.loads, (tmp_path / "x").read_bytes().splitlines())
    assert [(each["id"], each["revision"]) for each in states] == [
        ("conv_8f2kq1", 1), ("conv_8f2kq1", 2), ("conv_8f2kq1", 3), ("other", 1)
    ]  # fmt: skip
    assert [each["summary"] for each in states[:2]] == ["As of 1", "As of 2"]
    assert (first["count"], first["revisions"], last["count"]) == (2, "all", 4)


def test_json_has_the_same(changed: Selection, tmp_path: Path) -> None:
    """In its one list."""
    export(changed, "jsonl", tmp_path / "lines")
    export(changed, "json", tmp_path / "document")
    lines = [json.loads(line) for line in (tmp_path / "lines").read_bytes().splitlines()]
    document = json.loads((tmp_path / "document").read_text())
    assert document["conversations"] == lines[1:-1]
    assert (document["count"], document["revisions"]) == (2, "all")


def test_raw_has_the_bytes_of_each(changed: Selection, tmp_path: Path) -> None:
    """Numbered in the name, the newest as well."""
    export(changed, "raw", tmp_path / "out")
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.json")}
    del files["manifest.json"]
    assert files == {
        "conv_8f2kq1.r1.detail.json": b"1",
        "conv_8f2kq1.r2.detail.json": b"2",
        "conv_8f2kq1.r3.detail.json": b"3",
        "conv_8f2kq1.r3.transcript.json": b"[]",
        "other.r1.detail.json": b"1",
    }


def test_the_newest_alone_is_as_before(changed: Selection, tmp_path: Path) -> None:
    """Nothing says anything of revisions, and no earlier one is asked for."""
    newest = replace(changed, wishes=Wishes())
    export(newest, "jsonl", tmp_path / "x")
    export(newest, "raw", tmp_path / "out")
    assert b"revisions" not in (tmp_path / "x").read_bytes()
    assert (tmp_path / "out" / "conv_8f2kq1.detail.json").read_bytes() == b"3"


@pytest.mark.parametrize("fmt", ["csv", "parquet", "text", "srt", "vtt", "markdown", "html"])
def test_other_formats_have_no_place_for_them(fmt: str, changed: Selection, tmp_path: Path) -> None:
    """The error names those that do."""
    assert {name for name, made in FORMATS.items() if "revisions" in made.grants} >= ABLE
    with pytest.raises(UsageError, match="jsonl, json, raw"):
        export(changed, fmt, tmp_path / "out")
