"""What the tests of the sync start from: an empty account and an empty archive of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import Listener, Shelf

from convarchive import Archive
from convarchive.sandbox import Sandbox
from convarchive.store import clock, database, mirror


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox without a conversation; the key is in the environment."""
    with Sandbox(count=0) as running:
        monkeypatch.setenv(KEY_VARIABLE, running.key)
        yield running


@pytest.fixture
def mirrored(tmp_path: Path, account: Sandbox) -> Iterator[Archive]:
    """An empty archive whose source is that account."""
    with make_archive(tmp_path / "mirrored", account.base_url) as made:
        yield made


@pytest.fixture
def shelf() -> Shelf:
    """An empty one, three to a page."""
    return Shelf()


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listener]:
    """Mirrors shelves into an empty database."""
    directory = tmp_path / "listener"
    directory.mkdir()
    database.create(directory)
    connection = database.connect(directory, write=True)
    with database.transaction(connection):
        mirror.add_source(connection, "ayra", "ayra", clock.now())
    yield Listener(connection, directory)
    connection.close()
