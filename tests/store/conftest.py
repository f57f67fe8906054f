"""What the tests of the store start from: an empty database with one source."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.conversations import AT

from convarchive.store import database, mirror


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with an empty database."""
    database.create(tmp_path)
    return tmp_path


@pytest.fixture
def connection(directory: Path) -> Iterator[sqlite3.Connection]:
    """For writing; the source is ``ayra``."""
    opened = database.connect(directory, write=True)
    with database.transaction(opened):
        mirror.add_source(opened, "ayra", "ayra", AT)
    yield opened
    opened.close()
