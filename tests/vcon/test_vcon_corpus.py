"""Real calls, and those of the demo, all the way to a vCon and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.test_corpus import payload
from tests.vcon.standard import CORPUS, wrongs

from convarchive import Archive
from convarchive.model import Conversation
from convarchive.sources.ayra import normalise
from convarchive.vcon import pieces, read, write


@pytest.fixture(scope="module")
def corpus() -> list[Conversation]:
    """The collection's calls, as a vendor would give them."""
    if not CORPUS.exists():
        pytest.skip("the collection of real conversations is not here")
    with CORPUS.open(encoding="utf-8") as lines:
        payloads = [payload(json.loads(line), at) for at, line in enumerate(lines)]
    assert len(payloads) > 100
    return [normalise("ayra", {"detail": json.dumps(one).encode()}) for one in payloads]


def without_link(one: Conversation) -> Conversation:
    """A conversation without what expires."""
    known = one.recording if one.recording and one.recording.sha256 else None
    return one._replace(recording=known and known._replace(url=None))


def demo(archive: Archive) -> Iterator[tuple[Conversation, Any]]:
    """The demo's calls with the vendor's documents."""
    for key, one in archive.conversations(archive.keys()):
        yield one, archive.documents(key)


def test_real_calls_pass_schema_and_rules(corpus: list[Conversation]) -> None:
    """All of them."""
    for one in corpus:
        assert wrongs(json.loads(b"".join(pieces(write(one))))) == [], one.id


def test_real_calls_come_back(corpus: list[Conversation]) -> None:
    """Field by field, all turns with them."""
    for one in corpus:
        assert read("x", b"".join(pieces(write(one)))).conversation == without_link(one)
    assert sum(len(one.turns) for one in corpus) > 2_500


def test_the_demos_calls_pass_schema_and_rules(synced: Archive) -> None:
    """All of them, those that never came about with their reasons."""
    seen = set()
    for one, documents in demo(synced):
        vcon = json.loads(b"".join(pieces(write(one, documents))))
        assert wrongs(vcon) == [], one.id
        seen.add((vcon["dialog"][0]["type"], vcon["dialog"][0].get("disposition")))
    assert {("recording", None), ("incomplete", "no-answer"), ("incomplete", "busy")} <= seen


def test_the_demos_calls_come_back(synced: Archive) -> None:
    """Field by field, with the vendor's bytes."""
    count = 0
    for one, documents in demo(synced):
        came = read("x", b"".join(pieces(write(one, documents))))
        assert came.conversation == without_link(one)
        assert list(came.documents) == list(documents)
        count += 1
    assert count == 126
