"""Verifying while another process destroys: what goes meanwhile is neither damaged nor left out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import PERSON
from tests.compliance.tampering import kinds, verified

from convarchive import Archive
from convarchive.compliance import destruction
from convarchive.compliance.verify import choice, sounds
from convarchive.errors import Unfinished
from convarchive.sandbox import Sandbox
from convarchive.store import recordings

Made = tuple[Sandbox, Archive]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("meanwhile") / "archive")


@pytest.fixture
def archive(mirrored: Made, tmp_path: Path) -> Iterator[Archive]:
    """An archive in which two conversations are of the person who asks to be forgotten."""
    mirrored[1].close()
    with Archive.open(shutil.copytree(mirrored[1].directory, tmp_path / "archive")) as copied:
        yield copied


def test_a_recording_that_goes(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row was read before its file was looked for, and both are gone by now."""
    monkeypatch.setattr(destruction, "_PATIENCE", 50)  # verifying is a reader in the way
    listen, erased = sounds._listen, []

    def erase_first(*args: Any) -> tuple[str, str]:
        if not erased:
            erased.append(archive.plan_erasure(callers=[PERSON]))
            with pytest.raises(Unfinished):
                archive.erase(erased[0], reason="Request 17")
        return listen(*args)

    monkeypatch.setattr(sounds, "_listen", erase_first)
    report = verified(archive.directory)
    assert erased
    assert report.damage == []


def test_a_recording_that_should_be_there(archive: Archive) -> None:
    """Nobody has destroyed it, so that is damage still."""
    shutil.rmtree(archive.directory / recordings.DIRECTORY)
    assert set(kinds(verified(archive.directory))) == {"recording_missing"}


def test_conversations_that_go(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not said to be left for the next time."""
    batches = choice.batches

    def erased(*args: Any) -> Iterator[list[int]]:
        archive.erase(archive.plan_erasure(callers=[PERSON]), reason="Request 17")
        return batches(*args)

    monkeypatch.setattr(choice, "batches", erased)
    report = verified(archive.directory)
    assert (report.damage, report.left, report.complete) == ([], 0, True)
