"""The ledger: it grows at its end and nowhere else, and its proofs are those of the whole tree."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.conversations import AT, call, received, texts

from convarchive.store import database, evidence, ledger, merkle
from convarchive.store.ingest import ingest

TEXTS = texts(max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
"""What contents are made of: JSON without fractions."""


def fill(connection: sqlite3.Connection, size: int) -> None:
    """Append until there are so many entries."""
    with database.transaction(connection):
        for number in range(ledger.size(connection), size):
            ledger.append(connection, "test", AT, number=number)


def leaves(connection: sqlite3.Connection) -> list[bytes]:
    """The hashes of all entries."""
    return [merkle.leaf_hash(entry.data) for entry in ledger.read(connection)]


def plain_root(hashes: list[bytes]) -> bytes:
    """Section 2.1 of RFC 6962, as it is written there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else merkle.EMPTY
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + plain_root(hashes[:split]) + plain_root(hashes[split:])).digest()


# Entries


def test_it_begins_with_the_archive(directory: Path, connection: sqlite3.Connection) -> None:
    """The first entry names it, and commits to the key that hashes ids."""
    first = next(ledger.read(connection)).fields
    meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    key = bytes.fromhex(meta["erasure_key"])
    assert (first["kind"], first["id"]) == ("archive", meta["archive_id"])
    assert first["erasure_key_sha256"] == sha256(key).hexdigest()


def test_positions_count_from_zero(connection: sqlite3.Connection) -> None:
    """And go on where the ledger ends."""
    size = ledger.size(connection)
    with database.transaction(connection):
        assert [ledger.append(connection, "test", AT) for _ in range(3)] == [
            size, size + 1, size + 2,
        ]  # fmt: skip
    assert [entry.position for entry in ledger.read(connection)] == list(range(size + 3))
    assert [entry.position for entry in ledger.read(connection, 1, 3)] == [1, 2]


def test_kind_and_time_are_columns(connection: sqlite3.Connection) -> None:
    """They are read from the entry itself."""
    with database.transaction(connection):
        at = ledger.append(connection, "test", AT, b=1, a="é")
    row = connection.execute("SELECT entry, kind, at FROM ledger WHERE position = ?", (at,))
    text = f'{{"a":"é","at":"{AT}","b":1,"kind":"test"}}'
    assert row.fetchone() == (text, "test", AT)


@pytest.mark.parametrize("data", [b"[]", b"1", b"", b"{", b"\xff"])
def test_what_is_no_entry_is_told(data: bytes) -> None:
    """As an error, whatever stands there."""
    with pytest.raises(ValueError, match=r"."):
        _ = ledger.Entry(0, data).fields


@given(st.dictionaries(TEXTS, PLAIN, max_size=5), st.randoms(use_true_random=False))
def test_there_is_one_way_to_write_it(content: dict[str, Any], dice: Any) -> None:
    """Canonical JSON does not depend on the order of the keys, and is what json writes as well."""
    items = list(content.items())
    dice.shuffle(items)
    written = ledger.canonical(content)
    assert ledger.canonical(dict(items)) == written
    assert json.loads(written) == content
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert written == plain.encode()


@given(st.binary(min_size=16, max_size=16), st.dictionaries(TEXTS, PLAIN, max_size=4))
def test_a_commitment_is_plain_sha256(salt: bytes, content: dict[str, Any]) -> None:
    """Of salt and canonical JSON; another salt makes another one."""
    made = ledger.commitment(salt, content)
    assert made == sha256(salt + ledger.canonical(content)).hexdigest()
    assert made != ledger.commitment(bytes([salt[0] ^ 1]) + salt[1:], content)


def test_equal_contents_have_different_commitments(connection: sqlite3.Connection) -> None:
    """Since each has a salt of its own, of 128 bits."""
    with database.transaction(connection):
        made = [
            evidence.commit_sound(connection, evidence.sound_content("ab", 1, None, AT, True), AT)
            for _ in range(2)
        ]
    said = [next(ledger.read(connection, at)).fields["commitment"] for at, _ in made]
    assert said[0] != said[1]
    assert [len(salt) for _, salt in made] == [16, 16]


# What the database refuses


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET entry = '{}' WHERE position = 0",
        "UPDATE ledger SET position = 99 WHERE position = 0",
        "UPDATE OR REPLACE ledger SET position = 1 WHERE position = 0",
        "UPDATE OR IGNORE ledger SET entry = '{}'",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE position = (SELECT max(position) FROM ledger)",
        "INSERT INTO ledger (position, entry) VALUES (0, '{}')",
        "INSERT INTO ledger (position, entry) VALUES (-1, '{}')",
        "INSERT INTO ledger (position, entry) VALUES (9999, '{}')",
        "INSERT INTO ledger (entry) VALUES ('{}')",
        "INSERT OR REPLACE INTO ledger (position, entry) VALUES (0, '{}')",
        "REPLACE INTO ledger (position, entry) VALUES (0, '{}')",
        "INSERT INTO ledger (position, entry) VALUES (0, '1') ON CONFLICT DO UPDATE SET entry = 2",
        "UPDATE ledger_nodes SET hash = x'00'",
        "UPDATE OR REPLACE ledger_nodes SET number = 1 WHERE number = 0",
        "DELETE FROM ledger_nodes",
        "INSERT INTO ledger_nodes VALUES (8, 0, x'00')",
        "INSERT OR REPLACE INTO ledger_nodes VALUES (8, 0, x'00')",
        "INSERT INTO ledger_nodes VALUES (8, 0, x'00') ON CONFLICT DO UPDATE SET hash = x'00'",
    ],
)
def test_what_was_written_stays(connection: sqlite3.Connection, statement: str) -> None:
    """No statement changes an entry or a node, takes one away or puts one between."""
    fill(connection, 600)
    before = connection.execute("SELECT * FROM ledger").fetchall()
    nodes = connection.execute("SELECT * FROM ledger_nodes").fetchall()
    assert len(nodes) == 2
    with pytest.raises(sqlite3.IntegrityError, match="the ledger"):
        connection.execute(statement)
    assert connection.execute("SELECT * FROM ledger").fetchall() == before
    assert connection.execute("SELECT * FROM ledger_nodes").fetchall() == nodes


# Trees over tiles


@pytest.fixture
def small(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A ledger of 300 entries whose kept nodes are over 4 of the level below: four levels of them,
    as with 256 in a ledger of four thousand million."""
    monkeypatch.setattr(ledger, "_TILE", 2)
    connection = database.connect(directory, write=True)
    fill(connection, 300)
    yield connection
    connection.close()


def test_small_tiles_are_all_kept(small: sqlite3.Connection) -> None:
    """Each full stretch of four has its node."""
    kept = small.execute("SELECT level, count(*) FROM ledger_nodes GROUP BY level").fetchall()
    assert kept == [(2, 75), (4, 18), (6, 4), (8, 1)]


def test_kept_nodes_change_no_root_and_no_proof(small: sqlite3.Connection) -> None:
    """For every size and every fifth position, and every seventh earlier size."""
    hashes = leaves(small)

    @cache
    def plain_node(level: int, number: int) -> bytes:
        return plain_root(hashes[number << level : (number + 1) << level])

    for size in range(301):
        assert ledger.root(small, size) == merkle.root(size, plain_node)
        for position in range(size % 5, size, 5):
            path = ledger.inclusion(small, position, size)
            assert path == merkle.inclusion(position, size, plain_node)
        for old in range(size % 7, size, 7):
            path = ledger.consistency(small, old, size)
            assert path == merkle.consistency(old, size, plain_node)


@pytest.mark.parametrize(("level", "number"), [(0, 300), (1, 150), (3, 37), (8, 1), (20, 0)])
def test_a_node_without_all_of_its_entries_is_an_error(
    small: sqlite3.Connection, level: int, number: int
) -> None:
    """There is no hash of a subtree that is not complete."""
    with pytest.raises(ValueError, match="has not all"):
        ledger.node(small, level, number)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A ledger of 65,538 entries."""
    directory = tmp_path_factory.mktemp("large")
    database.create(directory)
    connection = database.connect(directory, write=True)
    fill(connection, 65_538)
    yield connection
    connection.close()


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537])
def test_the_root_at_the_borders_of_tiles(large: sqlite3.Connection, size: int) -> None:
    """Is that of RFC 6962, and the last entry and the first are shown to be in the tree."""
    hashes = leaves(large)[:size]
    root = plain_root(hashes)
    assert ledger.root(large, size) == root
    for position in {0, size // 2, size - 1}:
        path = ledger.inclusion(large, position, size)
        assert merkle.includes(hashes[position], position, size, path, root)
    old = max(size - 2, 1)
    proof = ledger.consistency(large, old, size)
    assert merkle.extends(old, size, plain_root(hashes[:old]), root, proof)


def test_one_node_over_65536(large: sqlite3.Connection) -> None:
    """There are 256 of the level below, and they are of the right levels."""
    kept = large.execute("SELECT level, count(*) FROM ledger_nodes GROUP BY level").fetchall()
    assert kept == [(8, 256), (16, 1)]


def test_a_lost_node_is_made_anew(connection: sqlite3.Connection) -> None:
    """Nodes are a convenience: without them a proof is the same, and the ledger goes on."""
    fill(connection, 520)
    root, path = ledger.root(connection, 515), ledger.inclusion(connection, 300, 515)
    connection.execute("DROP TRIGGER ledger_nodes_are_not_removed")
    connection.execute("DELETE FROM ledger_nodes")
    assert (ledger.root(connection, 515), ledger.inclusion(connection, 300, 515)) == (root, path)
    fill(connection, 770)
    kept = connection.execute("SELECT level, number FROM ledger_nodes").fetchall()
    assert kept == [(8, 2)]


# Together with the change


def test_a_change_that_fails_leaves_no_entry(connection: sqlite3.Connection) -> None:
    """The entry goes with the transaction."""
    size = ledger.size(connection)

    def failing() -> None:
        with database.transaction(connection):
            ingest(connection, [received(call("conv_1"))])
            assert ledger.size(connection) == size + 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert ledger.size(connection) == size
    assert connection.execute("SELECT count(*) FROM revisions").fetchone() == (0,)


_DOOMED = """
import os, signal, sqlite3, sys
from tests.store.conversations import call, received
from convarchive.store import database
from convarchive.store.ingest import ingest

directory, fatal = sys.argv[1], int(sys.argv[2])
connection = database.connect(directory, write=True)
seen = 0

def about_to(statement):
    global seen
    seen += 1
    if seen == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

connection.set_trace_callback(about_to)
for name in ("conv_a", "conv_b"):
    with database.transaction(connection):
        ingest(connection, [received(call(name))])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_entry_and_change_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    """Killed before any statement of two transactions, each revision has its entry, and each entry
    its revision, which is what it commits to."""
    states, killed = set(), 0
    for fatal in range(1, 100):
        directory = tmp_path / f"archive_{fatal}"
        directory.mkdir()
        database.create(directory)
        connection = database.connect(directory, write=True)
        connection.execute("INSERT INTO sources (name, kind, added_at) VALUES ('ayra', 'ayra', '')")
        connection.close()
        command = [sys.executable, "-c", _DOOMED, str(directory), str(fatal)]
        ended = subprocess.run(command, cwd=Path(__file__).parents[2])
        states.add(_checked(directory))
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        killed += 1
    assert killed > 10
    assert states == {0, 1, 2}


def _checked(directory: Path) -> int:
    """How many revisions there are, of which each is sound."""
    connection = database.connect(directory)
    said = {
        entry.position: entry.fields["commitment"]
        for entry in ledger.read(connection)
        if entry.fields["kind"] == "revision"
    }
    rows = connection.execute(
        "SELECT ledger, salt, conversation, source, id, r.revision, received_at, r.fingerprint"
        " FROM revisions AS r JOIN conversations ON conversation = key"
    ).fetchall()
    for position, salt, key, *rest in rows:
        documents = connection.execute(
            "SELECT name, sha256, bytes FROM documents WHERE conversation = ?", (key,)
        )
        content = evidence.revision_content(key, *rest, documents.fetchall())
        assert said.pop(position) == ledger.commitment(salt, content)
    assert not said
    connection.close()
    return len(rows)


def test_the_ledger_names_nobody(connection: sqlite3.Connection) -> None:
    """No id of a conversation and no number is in it, only keys and commitments."""
    with database.transaction(connection):
        ingest(connection, [received(call("conv_secret", caller_number="+15550104477"))])
    whole = b"".join(entry.data for entry in ledger.read(connection))
    assert re.search(rb"conv_secret|5550104477", whole) is None
    assert b'"kind":"revision"' in whole
