"""The lossless form, by the shapes that scripts read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convarchive.export import Selection, export
from convarchive.export.encoding import encode, encode_record
from convarchive.model import Conversation, Turn, record

Select = Callable[..., Selection]


def lines(path: Path) -> list[dict[str, Any]]:
    """The records, by a strict parser."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    text = path.read_bytes().decode()
    return [json.loads(line, parse_constant=refuse) for line in text.removesuffix("\n").split("\n")]


def test_a_manifest_the_conversations_and_a_closing_line(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """In this order, and the counts agree."""
    export(select(call, call._replace(id="b"), query="refund"), "jsonl", tmp_path / "x.jsonl")
    first, *conversations, last = lines(tmp_path / "x.jsonl")
    assert (first["record"], first["schema"]) == ("manifest", "convarchive.export/1")
    assert (first["query"], first["count"]) == ("refund", 2)
    assert [(c["record"], c["id"]) for c in conversations] == [
        ("conversation", "conv_8f2kq1"),
        ("conversation", "b"),
    ]
    assert (last["record"], last["count"]) == ("complete", 2)


def test_the_checksum_is_of_all_bytes_before_the_last_line(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Line breaks included, so that ``head -n -1 | sha256sum`` agrees."""
    export(select(call), "jsonl", tmp_path / "x.jsonl")
    before, _, last = (tmp_path / "x.jsonl").read_bytes().removesuffix(b"\n").rpartition(b"\n")
    assert json.loads(last)["sha256"] == hashlib.sha256(before + b"\n").hexdigest()


def test_the_record_is_whole(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Text comes back to the character, the signed URL does not, and what is no number is null."""
    export(select(call), "jsonl", tmp_path / "x.jsonl")
    found = lines(tmp_path / "x.jsonl")[1]
    assert found["turns"][1]["text"] == call.turns[1].text
    assert found["topics"] == ["billing", "refund; partial"]
    assert found["recording"] == {"sha256": "ab" * 32, "bytes": 1234, "media_type": "audio/wav"}
    assert found["quality"] == {"jitter": None}
    assert set(found) == {"record", *Conversation._fields}


def test_nothing_found_is_a_valid_export(select: Select, tmp_path: Path) -> None:
    """A manifest and a closing line, with a count of 0."""
    export(select(query="nothing"), "jsonl", tmp_path / "x.jsonl")
    assert [line["record"] for line in lines(tmp_path / "x.jsonl")] == ["manifest", "complete"]


@pytest.mark.parametrize("fmt", ["jsonl", "json", "csv"])
def test_the_same_again_is_the_same_bytes(
    fmt: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Nothing of the time, the machine or the path is in the file."""
    for name in ("first", "second"):
        export(select(call, call), fmt, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@given(st.text(max_size=80))
def test_any_text_survives(text: str) -> None:
    """Controls, line separators and characters beyond the first plane; in one line of UTF-8."""
    line = encode({"text": text, "turn": Turn(0, "", "other", text)})
    assert b"\n" not in line
    assert json.loads(line)["text"] == text
    assert line.decode().isascii() or not text.isascii()


def test_the_text_is_not_escaped_more_than_it_must_be() -> None:
    """A reader of the file sees the language that was spoken."""
    assert encode({"é": "我 —"}).decode() == '{"é":"我 —"}'


def test_a_line_is_the_record(call: Conversation) -> None:
    """The faster way to write it gives the same bytes."""
    for each in (call, call._replace(turns=())):
        assert encode_record(each) == encode(record(each))
