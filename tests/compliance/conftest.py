"""What tests of the evidence start from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import make_archive

from convarchive import Archive, settings
from convarchive.sandbox import Sandbox
from convarchive.store import clock, ledger
from convarchive.store.database import transaction


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
    with archive.writing("test") as connection, transaction(connection):
        for number in range(entries):
            ledger.append(connection, "test", clock.now(), number=number)


def call(vendor: Sandbox) -> None:
    """There is one more conversation."""
    name = f"conv_new_{len(vendor.upstream)}"
    vendor.upstream.put({"id": name, "status": "completed", "start_time": clock.now()})


def sign(archive: Archive, **given: str) -> None:
    """Write settings into the table ``[signing]``."""
    for name, value in given.items():
        settings.put(archive.directory, "signing", name, value)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Three conversations."""
    with Sandbox(count=3) as running:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", running.key)
        yield running


@pytest.fixture
def mirror(tmp_path: Path, key_home: Path, vendor: Sandbox) -> Iterator[Archive]:
    """An archive of them that is still empty."""
    with make_archive(tmp_path / "mirror", vendor.base_url) as archive:
        yield archive


def tamper(archive: Archive, *statements: str) -> None:
    """Do to the database what its triggers forbid."""
    with sqlite3.connect(archive.directory / "archive.db") as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = triggers.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()
