"""One document, streamed, that any JSON parser reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from convarchive.export import Selection, export
from convarchive.model import Conversation

Select = Callable[..., Selection]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_is_one_valid_document(
    count: int, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """With its schema, the query, the count, and as many conversations."""
    calls = [call._replace(id=str(n)) for n in range(count)]
    export(select(*calls, query='say "hi"'), "json", tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_bytes())
    assert document["schema"] == "convarchive.export/1"
    assert document["query"] == 'say "hi"'
    assert document["count"] == count
    assert [c["id"] for c in document["conversations"]] == [str(n) for n in range(count)]


def test_the_conversations_are_those_of_jsonl(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """To the byte, a line each."""
    export(select(call, call), "json", tmp_path / "x.json")
    export(select(call, call), "jsonl", tmp_path / "x.jsonl")
    in_json = (tmp_path / "x.json").read_bytes().split(b"\n")[1:3]
    assert [line.rstrip(b",") for line in in_json] == (
        (tmp_path / "x.jsonl").read_bytes().split(b"\n")[1:3]
    )
