"""Whoever has the disk writes entries that fit, behind the newest checkpoint, to explain what they
did to what is before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.compliance.tampering import kinds, unguarded, verified

from convarchive.store import evidence, ledger, tombstones
from convarchive.store.ingest import pack, unpack

AT = "2099-01-01T00:00:00.000000Z"


def put(connection: sqlite3.Connection, **fields: Any) -> int:
    """An entry at the end."""
    return ledger.append(connection, fields.pop("kind"), fields.pop("at", AT), **fields)


def one(connection: sqlite3.Connection, statement: str, *values: Any) -> Any:
    """A row."""
    return connection.execute(statement, values).fetchone()


def test_another_beginning(spoilt: Path) -> None:
    """A ledger is of one archive."""
    with unguarded(spoilt) as connection:
        put(connection, kind="archive", id="x", erasure_key_sha256="y")
    (damage,) = verified(spoilt).damage
    assert (damage.kind, damage.what) == (
        "ledger_entry",
        "It says that another ledger begins here.",
    )


def test_an_entry_without_a_time(spoilt: Path) -> None:
    """Every entry says when."""
    with unguarded(spoilt) as connection:
        connection.execute(
            "INSERT INTO ledger (position, entry)"
            """ SELECT max(position) + 1, '{"kind":"x"}' FROM ledger"""
        )
    assert kinds(verified(spoilt)) == {"ledger_entry"}


def test_an_entry_of_an_earlier_time(spoilt: Path) -> None:
    """A clock can be put back, so it is no damage; it is said."""
    with unguarded(spoilt) as connection:
        position = put(connection, kind="x", at="2020-01-01T00:00:00.000000Z")
        put(connection, kind="x")
    report = verified(spoilt)
    assert report.ok
    (note,) = report.notes
    assert f"{position} (2020-01-01T00:00:00.000000Z)." in note


def test_a_state_replaced_by_that_of_another(spoilt: Path) -> None:
    """A conversation can't go by having its entry replaced by that of one which never was."""
    with unguarded(spoilt) as connection:
        key, new, was, source, identifier, received_at, fingerprint, name, body = one(
            connection,
            "SELECT key, key + 1000, r.ledger, source, id, received_at, r.fingerprint, d.name, body"
            " FROM conversations AS c JOIN revisions AS r ON r.conversation = key"
            " JOIN documents AS d ON d.conversation = key WHERE c.revision = 1"
            " AND recording_sha256 IS NULL",
        )
        forged = unpack(body).replace(identifier.encode(), b"conv_forged")
        told = (sha256(forged).hexdigest(), len(forged))
        for table in ("turns", "documents", "revisions", "held", "verified"):
            connection.execute(
                f"UPDATE {table} SET conversation = ? WHERE conversation = ?", (new, key)
            )
        connection.execute(
            "UPDATE documents SET body = ? WHERE conversation = ?", (pack(forged), new)
        )
        connection.execute(
            "UPDATE documents SET sha256 = ?, bytes = ? WHERE conversation = ?", (*told, new)
        )
        connection.execute(
            "UPDATE conversations SET key = ?, id = 'conv_forged' WHERE key = ?", (new, key)
        )
        content = evidence.revision_content(
            new, source, "conv_forged", 1, received_at, fingerprint, [(name, *told)]
        )
        connection.execute(
            "UPDATE revisions SET ledger = ?, salt = ? WHERE conversation = ?",
            (*evidence.commit_revision(connection, content, AT, replaces=was), new),
        )
    said = [each.what for each in verified(spoilt).damage if each.kind == "ledger_entry"]
    assert said == [f"It replaces entry {was}, which is of another conversation."]


def test_a_state_replaced(spoilt: Path) -> None:
    """Bytes that were lost and came again can't be compared with those that were lost, so it is
    said of which states that is so."""
    with unguarded(spoilt) as connection:
        key, was, source, identifier, received_at, fingerprint = one(
            connection,
            "SELECT key, ledger, source, id, received_at, r.fingerprint FROM conversations AS c"
            " JOIN revisions AS r ON r.conversation = key WHERE c.revision = 1",
        )
        documents = connection.execute(
            "SELECT name, sha256, bytes FROM documents WHERE conversation = ?", (key,)
        ).fetchall()
        content = evidence.revision_content(
            key, source, identifier, 1, received_at, fingerprint, documents
        )
        position, salt = evidence.commit_revision(connection, content, AT, replaces=was)
        connection.execute(
            "UPDATE revisions SET ledger = ?, salt = ? WHERE conversation = ?",
            (position, salt, key),
        )
    report = verified(spoilt)
    assert report.ok
    (note,) = report.notes
    assert f"{source}/{identifier} revision 1 (entry {position})" in note


def test_a_recording_replaced_by_another(spoilt: Path) -> None:
    """A conversation that has a recording again has the same one."""
    with unguarded(spoilt) as connection:
        key, was, other = one(
            connection,
            "SELECT l.conversation, l.ledger, o.sha256 FROM conversation_recordings AS l"
            " JOIN conversation_recordings AS o ON o.sha256 != l.sha256",
        )
        content = evidence.recording_content(key, other, AT)
        position, salt = evidence.commit_recording(connection, content, AT, replaces=was)
        connection.execute(
            "UPDATE conversation_recordings SET sha256 = ?, received_at = ?, ledger = ?, salt = ?"
            " WHERE ledger = ?",
            (other, AT, position, salt, was),
        )
        connection.execute(
            "UPDATE conversations SET recording_sha256 = ? WHERE key = ?", (other, key)
        )
    (damage,) = verified(spoilt).damage
    assert damage.what == f"It replaces entry {was}, which is of another recording."


@pytest.mark.parametrize("behind", [0, 1])
def test_replaced_by_itself_or_by_what_is_before_it(spoilt: Path, behind: int) -> None:
    """Only an earlier entry can be replaced."""
    with unguarded(spoilt) as connection:
        put(connection, kind="sound", commitment="x", replaces=ledger.size(connection) + behind)
        put(connection, kind="sound", commitment="x")
    assert kinds(verified(spoilt)) == {"ledger_entry", "row_missing"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE holds SET reason = 'a forged reason' WHERE hold = 1",
        "UPDATE holds SET placed_by = 'somebody else' WHERE hold = 1",
        "UPDATE holds SET release_reason = 'forged' WHERE hold = 1",
        "UPDATE holds SET released_by = 'somebody else' WHERE hold = 1",
        "UPDATE access_log SET query = 'forged' WHERE entry = 1",
        "UPDATE access_log SET user = 'somebody else' WHERE entry = 1",
    ],
)
def test_what_is_left_of_what_was_forgotten(spoilt: Path, statement: str) -> None:
    """Who placed a hold and who searched stays protected when the rest is emptied, and nothing can
    be written where it was emptied."""
    with unguarded(spoilt) as connection:
        from convarchive.store import accesses, holds

        assert holds.forget(connection, ["a reason"]) == [1]
        assert accesses.forget(connection, ["refund"]) == 3
    assert verified(spoilt).ok
    with unguarded(spoilt) as connection:
        assert connection.execute(statement).rowcount == 1
    assert kinds(verified(spoilt)) == {"row_changed"}


def test_a_state_taken_back_by_an_erasure(spoilt: Path) -> None:
    """A tombstone explains that a conversation is gone as a whole, and not that it is what it was
    before."""
    with unguarded(spoilt) as connection:
        key, position = one(
            connection, "SELECT conversation, ledger FROM revisions WHERE revision = 2"
        )
        for table in ("documents", "revisions"):
            connection.execute(
                f"DELETE FROM {table} WHERE conversation = ? AND revision = 2", (key,)
            )
        run = tombstones.Disposal(99, tombstones.ERASURE, AT, "x", "x", "[]", 1, 0, 0)
        tombstones.begin(connection, run)
        stone = tombstones.Tombstone(key, 99, "ayra", "00", None, None)
        tombstones.bury(connection, tombstones.ERASURE, AT, stone, [position])
        tombstones.finish(connection, 99, AT)
    said = [each.what for each in verified(spoilt).damage if each.kind == "destruction"]
    assert said == ["It has a tombstone, and is there."]


HUGE = 1 << 70

WEIRD: dict[str, dict[str, Any]] = {
    "a kind that is a list": {"kind": ["revision"]},
    "a held key that is too large": {"kind": "held", "hold": 1, "conversations": [HUGE]},
    "a held key that is a list": {"kind": "held", "hold": 1, "conversations": [[1]]},
    "a hold that is too large": {"kind": "held", "hold": HUGE, "conversations": [1]},
    "a hold that is an object": {"kind": "held", "hold": {}, "conversations": [1]},
    "a conversation that is too large": {"kind": "revision", "conversation": HUGE},
    "a conversation that is an object": {"kind": "revision", "conversation": {"a": []}},
    "an erased key that is too large": {"kind": "erasure", "conversation": HUGE, "entries": [3]},
    "erased entries of all sorts": {
        "kind": "erasure", "conversation": 1, "entries": [HUGE, {}, [], None, -1, 1.5, True],
    },
    "forgotten entries of all sorts": {
        "kind": "forgotten", "entries": [HUGE, {}, [], None, -1, 1.5, True],
    },
    "more left than forgotten": {"kind": "forgotten", "entries": [], "left": ["x"]},
    "replaces an object": {"kind": "revision", "replaces": {}},
    "replaces too much": {"kind": "sound", "replaces": HUGE},
    "a window that is too large": {"kind": "window", "id": HUGE},
    "a window that is an object": {"kind": "window", "id": {}},
    "a source that is an object": {"kind": "source", "name": {}},
    "a key that is an object": {"kind": "key", "verifier_key": {}},
    "settings that are an object": {"kind": "settings", "commitment": {}},
}  # fmt: skip


@pytest.mark.parametrize("fields", WEIRD.values(), ids=WEIRD.keys())
def test_an_entry_that_says_something_absurd(spoilt: Path, fields: dict[str, Any]) -> None:
    """It is named, and breaks nothing off."""
    with unguarded(spoilt) as connection:
        entry = ledger.canonical({"at": AT, **fields}).decode()
        connection.execute(
            "INSERT INTO ledger (position, entry) SELECT max(position) + 1, ? FROM ledger", (entry,)
        )
    report = verified(spoilt)
    assert report.damage
    assert report.complete


def test_a_trigger_whose_name_is_like_that_of_a_statistic(spoilt: Path) -> None:
    """Only what ANALYZE leaves is let pass."""
    connection = sqlite3.connect(spoilt / "archive.db")
    connection.execute("ANALYZE")
    connection.commit()
    assert verified(spoilt).ok
    connection.execute(
        "CREATE TRIGGER sqliteXstat_1 AFTER INSERT ON turns BEGIN DELETE FROM turns; END"
    )
    connection.commit()
    connection.close()
    assert kinds(verified(spoilt)) == {"schema"}


def newest(directory: Path) -> Path:
    """The newest checkpoint."""
    return max((directory / "checkpoints").glob("0*.txt"))


@pytest.mark.parametrize(
    "place",
    [
        newest,
        lambda directory: newest(directory).with_suffix(".tsr"),
        lambda directory: directory / "checkpoints" / "verifier-key.txt",
    ],
    ids=["checkpoint", "time stamp", "verifier key"],
)
def test_a_directory_instead_of_a_file(spoilt: Path, place: Callable[[Path], Path]) -> None:
    """It can't be read, which is damage."""
    path = place(spoilt)
    path.unlink(missing_ok=True)
    path.mkdir()
    (damage,) = verified(spoilt).damage
    assert (damage.kind, damage.where) == ("checkpoint", f"checkpoints/{path.name}")


def test_a_schema_that_is_no_text(spoilt: Path) -> None:
    """What SQLite says of damage quotes some of it, and need not be UTF-8."""
    connection = sqlite3.connect(spoilt / "archive.db")
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute(
        "UPDATE sqlite_master SET name = CAST(x'6c65e1' AS TEXT), sql = 'CREATE TABLE ('"
        " WHERE name = 'verified'"
    )
    connection.commit()
    connection.close()
    assert "database" in kinds(verified(spoilt))
