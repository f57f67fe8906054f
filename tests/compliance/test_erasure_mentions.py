"""Where else an erased person is mentioned: taken out if it can be, and said if it can't."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import KEPT, PERSON, WRITINGS

from convarchive import Archive
from convarchive.compliance import access, holds
from convarchive.compliance.destruction import Destroyed
from convarchive.sandbox import Sandbox
from convarchive.store import clock
from convarchive.store.database import transaction

Made = tuple[Sandbox, Archive]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("mentions") / "archive")


@pytest.fixture
def archive(mirrored: Made, tmp_path: Path) -> Iterator[Archive]:
    """An archive in which two conversations are of the person who asks to be forgotten."""
    mirrored[1].close()
    with Archive.open(shutil.copytree(mirrored[1].directory, tmp_path / "archive")) as copied:
        yield copied


def erase(archive: Archive) -> Destroyed:
    """Erase the person."""
    return archive.erase(archive.plan_erasure(callers=[PERSON]), reason="Request 17")


def test_words_that_cannot_be_changed_are_told(archive: Archive) -> None:
    """A legal hold on somebody else, and the name of a source."""
    archive.place_hold("smith", ids=[KEPT[0]], reason=f"Called by {WRITINGS[2]}")
    with archive.writing("test") as connection, transaction(connection):
        row = (WRITINGS[0], "files", clock.now())
        connection.execute("INSERT INTO sources (name, kind, added_at) VALUES (?, ?, ?)", row)
    told = [each.partition(" mentions")[0] for each in erase(archive).remains]
    assert told == ["The legal hold 1", "The name of a source"]


def test_a_search_that_was_killed_while_it_was_logged(archive: Archive) -> None:
    """What it left half written has the query in it, and goes; that of another stays."""
    folder = archive.directory / access.DIRECTORY
    folder.mkdir()
    for name, query in (("a", f"caller:{PERSON}"), ("b", "refund")):
        (folder / f".{name}.part").write_text(f'{{"query": "{query}')
    erase(archive)
    assert [path.name for path in folder.iterdir()] == [".b.part"]


def test_a_search_right_before_an_erasure_that_is_killed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits to be logged; who finishes the erasure does not know the number any more."""
    real = holds.take_in_new

    def searched(*args: Any) -> int:
        folder = archive.directory / access.DIRECTORY
        folder.mkdir()
        fields = {
            "at": clock.now(), "action": "search", "user": "u", "host": "h",
            "query": f"caller:{PERSON}", "format": None, "conversations": 1,
        }  # fmt: skip
        (folder / f"20260101T000000.000000Z-1-{'0' * 16}.json").write_text(json.dumps(fields))
        return real(*args)

    class Killed(BaseException):
        pass

    def killed(*_args: Any) -> int:
        raise Killed

    monkeypatch.setattr(holds, "take_in_new", searched)
    monkeypatch.setattr(access, "forget", killed)
    with pytest.raises(Killed):
        erase(archive)
    archive.retry_problems()
    archive.close()
    assert graveyard.traces(archive.directory, [PERSON]) == []
