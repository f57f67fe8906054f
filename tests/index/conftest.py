"""Conversations made by hand, stored without a vendor and indexed for real."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from convarchive import Archive
from convarchive.index import writer
from convarchive.model import Conversation, Turn
from convarchive.store import clock, mirror, recordings
from convarchive.store.database import transaction
from convarchive.store.ingest import Received, ingest
from convarchive.store.recordings import Sound

Call = Callable[..., Conversation]
Shelve = Callable[..., Archive]


def _call(id: str, *lines: str, **fields: object) -> Conversation:  # noqa: A002
    spoken = [line.partition(": ") for line in lines]
    turns = tuple(Turn(at, role, role, text) for at, (role, _, text) in enumerate(spoken))
    known: dict[str, object] = {
        "source": "ayra",
        "status": "completed",
        "started_at": "2026-01-15T10:00:00Z",
        "has_transcript": bool(turns),
        "turns": turns,
    }
    return Conversation(id=id, **(known | fields))  # type: ignore[arg-type]


def _store(archive: Archive, *conversations: Conversation) -> None:
    at = clock.now()
    received = [
        Received(one, hashlib.sha256(repr(one).encode()).hexdigest(), (("detail", b"{}"),), at)
        for one in conversations
    ]
    with archive.writing("test") as connection, transaction(connection):
        for source in {one.source for one in conversations}:
            mirror.add_source(connection, source, "ayra", at)
        for one, outcome in zip(conversations, ingest(connection, received), strict=True):
            if one.recording:
                sound = Sound(hashlib.sha256(one.id.encode()).hexdigest(), 1234, "audio/wav")
                recordings.attach(connection, outcome.key, sound, at)
            if one.deleted_at_source:
                mirror.mark_deleted(connection, one.source, one.id, one.deleted_at_source)


@pytest.fixture(scope="session")
def call() -> Call:
    """``call("c1", "customer: I was charged twice", language="en")``, a completed call."""
    return _call


@pytest.fixture(scope="session")
def store() -> Callable[..., None]:
    """``store(archive, *conversations)``: stored, and queued for the index."""
    return _store


@pytest.fixture(scope="session")
def catch_up() -> Callable[[Archive], int]:
    """Indexes what the queue of an archive holds."""

    def caught_up(archive: Archive) -> int:
        with archive.writing("test") as connection:
            return writer.catch_up(connection, archive.directory)

    return caught_up


@pytest.fixture(scope="session")
def shelve(
    tmp_path_factory: pytest.TempPathFactory, catch_up: Callable[[Archive], int]
) -> Iterator[Shelve]:
    """``shelve(*conversations)``: a new archive that holds them, indexed."""
    opened: list[Archive] = []

    def shelved(*conversations: Conversation) -> Archive:
        archive = Archive.create(tmp_path_factory.mktemp("shelf") / "archive")
        opened.append(archive)
        _store(archive, *conversations)
        catch_up(archive)
        return archive

    yield shelved
    for archive in opened:
        archive.close()


@pytest.fixture(scope="session")
def ids() -> Callable[..., set[str]]:
    """``ids(archive, query)``: the ids of all that match."""

    def found(archive: Archive, query: str) -> set[str]:
        return {hit.conversation.id for hit in archive.search(query, limit=0).hits}

    return found
