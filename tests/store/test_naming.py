"""Which conversation is meant by a name."""

from __future__ import annotations

import sqlite3

import pytest
from tests.store.conversations import call, received

from convarchive.errors import NotFound
from convarchive.store import naming
from convarchive.store.ingest import ingest

STORED = [
    ("ayra", "conv_abc123"), ("ayra", "conv_abd456"), ("ayra", "x"), ("other", "x"),
    ("other", "conv_é%_x"), ("other", "ayra/y"), ("ayra", "conv_abc1234567"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def stored(connection: sqlite3.Connection) -> None:
    """Conversations of two sources, some of them with the same id."""
    connection.execute("INSERT INTO sources (name, kind, added_at) VALUES ('other', 'ayra', '')")
    ingest(connection, (received(call(each, source=source)) for source, each in STORED))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv_abc123", ("ayra", "conv_abc123")),
        ("conv_abd", ("ayra", "conv_abd456")),
        ("conv_abc1234", ("ayra", "conv_abc1234567")),
        ("ayra/x", ("ayra", "x")),
        ("other/x", ("other", "x")),
        ("other/ayra/y", ("other", "ayra/y")),
        ("ayra/y", ("other", "ayra/y")),
        ("conv_é", ("other", "conv_é%_x")),
    ],
)
def test_names(connection: sqlite3.Connection, name: str, expected: tuple[str, str]) -> None:
    """Its id, ``SOURCE/ID``, or the beginning of its id; the whole id goes before a beginning."""
    key = naming.find(connection, name)
    found = connection.execute("SELECT source, id FROM conversations WHERE key = ?", (key,))
    assert found.fetchone() == expected


@pytest.mark.parametrize("name", ["", "c", "conv_", "nobody", "ayra/", "ayra/z", "%", "______"])
def test_nobody(connection: sqlite3.Connection, name: str) -> None:
    """A name that fits none says so, and five letters are no beginning."""
    with pytest.raises(NotFound, match="There is no conversation"):
        naming.find(connection, name)


@pytest.mark.parametrize(("name", "candidates"), [("x", "ayra/x, other/x"), ("conv_a", "abd456")])
def test_several(connection: sqlite3.Connection, name: str, candidates: str) -> None:
    """A name that fits several names them."""
    with pytest.raises(NotFound, match="more than one") as caught:
        naming.find(connection, name)
    assert candidates in str(caught.value)
