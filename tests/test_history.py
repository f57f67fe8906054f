"""Every state of a conversation that was seen is kept, and can be read and compared."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive, settings
from convarchive.errors import DamageFound, NotFound
from convarchive.sandbox import Sandbox
from convarchive.settings import SourceSettings
from convarchive.store.ingest import pack
from convarchive.sync.engine import Options

FULL = Options(full=True)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of calls of which the vendor changed the first twice after it was first seen."""
    directory = tmp_path_factory.mktemp("history") / "archive"
    with Sandbox(count=10) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AYRA_API_KEY", sandbox.key)
        archive = Archive.create(directory)
        settings.add_source(
            directory, SourceSettings("ayra", "ayra", sandbox.base_url, "AYRA_API_KEY")
        )
        archive.sync()
        name = sandbox.upstream.ids()[0]
        change(sandbox, name, summary="Refunded in the end.", outcome="refunded")
        archive.sync(options=FULL)
        transcript = (sandbox.upstream.get(name) or {})["transcript"]
        transcript["messages"][1]["text"] += " (corrected)"
        del transcript["messages"][-1]
        change(sandbox, name, transcript=transcript, topics=["nothing"])
        archive.sync(options=FULL)
    with archive:
        yield archive


@pytest.fixture(scope="module")
def name(changed: Archive) -> str:
    """The id of that call."""
    return changed.list(sort="oldest")[0].id


def change(sandbox: Sandbox, name: str, **fields: Any) -> None:
    """The vendor has changed the call."""
    sandbox.upstream.put((sandbox.upstream.get(name) or {}) | fields)


@pytest.fixture
def copy(changed: Archive, tmp_path: Path) -> Iterator[Archive]:
    """A copy of that archive, to be spoilt."""
    changed.backup(tmp_path / "copy")
    with Archive.open(tmp_path / "copy") as archive:
        yield archive


def test_one_state(changed: Archive) -> None:
    """What was seen once has one revision, without changes."""
    other = changed.list()[0].id
    (only,) = changed.history(other)
    ((_, body),) = changed.documents(changed.find(other))
    assert (only.number, only.changes) == (1, ())
    assert only.bytes == len(body)
    assert only.sha256 == hashlib.sha256(body).hexdigest()
    assert only.received_at.startswith("20")
    assert only.received_at.endswith("Z")


def test_every_state(changed: Archive, name: str) -> None:
    """The oldest first, each with the hash and the size of the bytes that came."""
    revisions = changed.history(name)
    assert [one.number for one in revisions] == [1, 2, 3]
    assert [one.received_at for one in revisions] == sorted(one.received_at for one in revisions)
    for revision in revisions:
        ((_, body),) = changed.documents(changed.find(name), revision.number)
        assert revision.sha256 == hashlib.sha256(body).hexdigest()
        assert revision.bytes == len(body)


def test_what_changed(changed: Archive, name: str) -> None:
    """Fields, before and after; of turns how many there are, and how many of them differ."""
    first, second, third = changed.history(name)
    assert first.changes == ()
    assert {one.field for one in second.changes} == {"summary", "outcome"}
    outcome = next(one for one in second.changes if one.field == "outcome")
    assert (outcome.before, outcome.after) == (changed.show(name, 1).outcome, "refunded")
    assert {one.field for one in third.changes} == {"topics", "turns"}
    count = len(changed.show(name, 1).turns)
    turns = next(one for one in third.changes if one.field == "turns")
    assert turns.before == f"{count} turns, 2 of them only here"
    assert turns.after == f"{count - 1} turns, 1 of them only here"


def test_earlier_states_are_read_again(changed: Archive, name: str) -> None:
    """Each revision is shown as it was; the newest is what is shown without a number."""
    first, second, third = (changed.show(name, number) for number in (1, 2, 3))
    assert [one.revision for one in (first, second, third)] == [1, 2, 3]
    assert first.outcome != second.outcome == third.outcome == "refunded"
    assert first.turns == second.turns != third.turns
    assert third.turns[1].text.endswith(" (corrected)")
    assert changed.show(name)._replace(recording=None) == third._replace(recording=None)


def test_earlier_words_are_not_found(changed: Archive, name: str) -> None:
    """The search is for what a conversation is now; that it has changed can be asked for."""
    assert changed.count(f"id:{name} summary:refunded") == 1
    assert changed.count(f"id:{name} -outcome:refunded") == 0
    assert [one.id for one in changed.list("is:changed")] == [name]


@pytest.mark.parametrize("number", [0, 4, -1, 10**18])
def test_states_that_never_were(changed: Archive, name: str, number: int) -> None:
    """There is no such revision, and that is said."""
    with pytest.raises(NotFound, match=f"no revision {number}"):
        changed.show(name, number)


def test_a_transcript_that_came_apart(copy: Archive, name: str) -> None:
    """Of several documents the first, by name, is the one whose hash is told."""
    key = copy.find(name)
    detail = json.dumps({"data": {"id": name, "status": "completed"}}).encode()
    for number in range(20):
        transcript = json.dumps({"data": {"messages": [{"text": f"line {number}"}]}}).encode()
        with copy.writing("test") as connection:
            connection.execute(
                "DELETE FROM documents WHERE conversation = ? AND revision = 3", (key,)
            )
            connection.executemany(
                f"INSERT INTO documents VALUES ({key}, 3, ?, ?, ?, ?)",
                [
                    (kind, hashlib.sha256(body).hexdigest(), len(body), pack(body))
                    for kind, body in (("transcript", transcript), ("detail", detail))
                ],
            )
        last = copy.history(name)[-1]
        assert last.sha256 == hashlib.sha256(detail).hexdigest()
        assert last.bytes == len(detail) + len(transcript)
        assert [kind for kind, _ in copy.documents(key)] == ["detail", "transcript"]
        assert copy.show(name, 3).turns[0].text == f"line {number}"


def test_damaged_bytes_are_never_shown(copy: Archive, name: str) -> None:
    """A bit that has flipped in the stored bytes is damage, wherever it is, and no other answer."""
    key = copy.find(name)
    whole = copy.documents(key)
    with copy.writing("test") as connection:
        (body,) = connection.execute(
            "SELECT body FROM documents WHERE conversation = ?", (key,)
        ).fetchone()
        chance = random.Random(1)
        found = 0
        for at in [*range(12), *(chance.randrange(len(body)) for _ in range(40))]:
            flipped = bytearray(body)
            flipped[at] ^= 1 << chance.randrange(8)
            connection.execute(
                "UPDATE documents SET body = ? WHERE conversation = ?", (bytes(flipped), key)
            )
            try:
                assert copy.documents(key) == whole
            except DamageFound:
                found += 1
    assert found > 40
    with pytest.raises(DamageFound, match="are damaged"):
        copy.history(name)
