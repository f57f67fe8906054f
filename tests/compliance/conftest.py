"""What tests of the evidence start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from convarchive import Archive


@pytest.fixture
def key_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data directory of this test alone."""
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    return home


@pytest.fixture
def signed(tmp_path: Path, key_home: Path) -> Iterator[Archive]:
    """An empty archive with a key."""
    with Archive.create(tmp_path / "archive") as archive:
        yield archive


def grow(archive: Archive, entries: int = 1) -> None:
    """Put something into the ledger."""
    from convarchive.store import clock, ledger
    from convarchive.store.database import transaction

    with archive.writing("test") as connection, transaction(connection):
        for number in range(entries):
            ledger.append(connection, "test", clock.now(), number=number)
