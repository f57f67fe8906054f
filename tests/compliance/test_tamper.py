"""Whatever is changed behind the program's back is found, and named; what isn't is on a list."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.compliance.tampering import columns, flip, kinds, tables, unguarded, verified

from convarchive import Archive
from convarchive.compliance.verify import BOOKKEEPING, KINDS
from convarchive.sandbox import Sandbox
from convarchive.store import ledger, merkle

COLUMNS = columns()
"""Every one that there is; a new one is among them by itself."""


def is_bookkeeping(table: str, column: str) -> bool:
    """Whether it is said that nobody vouches for it."""
    return bool({f"{table}.*", f"{table}.{column}"} & BOOKKEEPING.keys())


PROTECTED: dict[str, list[str]] = defaultdict(list)
for _table, _column in COLUMNS:
    if not is_bookkeeping(_table, _column) and _table != "meta":
        PROTECTED[_table].append(_column)


def test_every_table_of_evidence_has_a_row(prepared: Path) -> None:
    """So there is something to flip a bit of; two tables hold only what is under way."""
    connection = sqlite3.connect(prepared / "archive.db")
    empty = {
        table
        for table in tables(connection)
        if connection.execute(f'SELECT 1 FROM "{table}"').fetchone() is None
    }
    connection.close()
    assert empty <= {
        "alert_matches", "budgets", "doomed_recordings", "index_queue", "ledger_nodes", "pending",
        "problems",
    }  # fmt: skip


def test_every_column_is_protected_or_said_not_to_be() -> None:
    """The list names only what there is, with a reason each."""
    names = {f"{table}.{column}" for table, column in COLUMNS}
    whole = {f"{table}.*" for table, _ in COLUMNS}
    for name, why in BOOKKEEPING.items():
        assert name in names | whole or name.startswith("meta."), name
        assert len(why) > 10, name


@pytest.mark.slow
@pytest.mark.parametrize("table", PROTECTED)
def test_a_bit_of_any_column(prepared: Path, tmp_path: Path, table: str) -> None:
    """A bit that is flipped in any column of any table is found, unless that is on the list."""
    if table == "ledger_nodes":
        pytest.skip("takes 256 entries; test_a_bit_of_a_node has them")
    unseen = []
    for column in PROTECTED[table]:
        copy = Path(shutil.copytree(prepared, tmp_path / column))
        with unguarded(copy) as connection:
            told = flip(connection, table, column)
        report = verified(copy)
        if report.ok:
            unseen.append(f"{table}.{column}: {told}")
        assert kinds(report) <= KINDS.keys()
        shutil.rmtree(copy)
    assert not unseen


def test_a_bit_of_what_is_known_of_the_archive(prepared: Path, tmp_path: Path) -> None:
    """The same for each row of ``meta``, be it the name or the value."""
    connection = sqlite3.connect(prepared / "archive.db")
    names = [name for (name,) in connection.execute("SELECT name FROM meta")]
    connection.close()
    assert {"archive_id", "erasure_key", "verifier_key", "settings_commitment"} <= set(names)
    for name in names:
        if f"meta.{name}" in BOOKKEEPING:
            continue
        for column in ("name", "value"):
            copy = Path(shutil.copytree(prepared, tmp_path / f"{name}-{column}"))
            with unguarded(copy) as connection:
                flip(connection, "meta", column, f"name = '{name}'")
            assert not verified(copy).ok, (name, column)


DROPPED = {
    "conversation_recordings": "row_missing",
    "destroyed_entries": "destruction",
    "disposals": "row_missing",
    "documents": "row_changed",
    "held": "row_missing",
    "holds": "row_missing",
    "access_log": "row_missing",
    "ledger": "ledger_gap",
    "recordings": "row_missing",
    "revisions": "row_missing",
    "sources": "row_missing",
    "sync_windows": "row_missing",
    "tombstones": "row_missing",
    "turns": "projection",
}


@pytest.mark.parametrize("table", DROPPED)
def test_a_row_that_is_gone(spoilt: Path, table: str) -> None:
    """A row that was taken out of any table of evidence is missed."""
    with unguarded(spoilt) as connection:
        row = "SELECT rowid FROM {} LIMIT 1 OFFSET 1"
        key = [each[1] for each in connection.execute(f"PRAGMA table_xinfo({table})") if each[5]]
        names = ", ".join(key)
        (many,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        row = connection.execute(
            f"SELECT {names} FROM {table} LIMIT 1 OFFSET {many // 2}"
        ).fetchone()
        where = " AND ".join(f"{name} = ?" for name in key)
        assert connection.execute(f"DELETE FROM {table} WHERE {where}", row).rowcount == 1
    assert DROPPED[table] in kinds(verified(spoilt))


def test_a_conversation_that_is_gone(spoilt: Path) -> None:
    """Taking out all that there is of a conversation is seen: the ledger still speaks of it."""
    with unguarded(spoilt) as connection:
        (key,) = connection.execute(
            "SELECT key FROM conversations WHERE recording_sha256 IS NULL ORDER BY key LIMIT 1"
        ).fetchone()
        for table in ("turns", "documents", "revisions", "verified", "held"):
            connection.execute(f"DELETE FROM {table} WHERE conversation = ?", (key,))
        connection.execute("DELETE FROM conversations WHERE key = ?", (key,))
    damage = verified(spoilt).damage
    assert ("row_missing", f"conversation {key} revision 1") in {each[:2] for each in damage}


def test_a_conversation_that_nobody_entered(spoilt: Path) -> None:
    """One that was put into the tables beside the program is seen, with bytes or without."""
    with unguarded(spoilt) as connection:
        connection.execute(
            "INSERT INTO conversations SELECT key + 1000, source, id || 'x', "
            + ", ".join(
                row[1]
                for row in connection.execute("PRAGMA table_xinfo(conversations)")
                if row[1] not in ("key", "source", "id")
            )
            + " FROM conversations WHERE recording_sha256 IS NULL LIMIT 1"
        )
    assert "row_unentered" in kinds(verified(spoilt))


def test_a_state_that_nobody_entered(spoilt: Path) -> None:
    """A revision with bytes and no entry of its own is seen, though it names another's entry."""
    with unguarded(spoilt) as connection:
        connection.execute(
            "INSERT INTO revisions SELECT conversation, revision + 1, received_at, fingerprint,"
            " ledger, salt FROM revisions WHERE revision = 1 LIMIT 1"
        )
    assert "row_unentered" in kinds(verified(spoilt))


@pytest.mark.parametrize(
    "table", ["recordings", "holds", "access_log", "sources", "sync_windows", "held"]
)
def test_a_row_that_nobody_entered(spoilt: Path, table: str) -> None:
    """Whatever table it is in."""
    rows: dict[str, str] = {
        "recordings": "SELECT replace(sha256, '1', '2'), bytes, media_type, fetched_at, 0, NULL,"
        " salt FROM recordings LIMIT 1",
        "holds": "SELECT 99, 'x', query, reason, matter, placed_by, placed_at, 1, salt, NULL, NULL,"
        " NULL, NULL, NULL FROM holds LIMIT 1",
        "access_log": "SELECT 99, at, action, user, host, query, format, conversations, 'x', 1,"
        " salt FROM access_log LIMIT 1",
        "sources": "SELECT 'x', kind, added_at, NULL, NULL, NULL FROM sources",
        "sync_windows": "SELECT 99, source, since, until, listed, stored, failed, opened_at,"
        " closed_at FROM sync_windows LIMIT 1",
        "held": "SELECT hold, conversation + 1, since, ledger FROM held WHERE hold = 1",
    }
    with unguarded(spoilt) as connection:
        connection.execute(f"INSERT INTO {table} {rows[table]}")
    assert "row_unentered" in kinds(verified(spoilt))


def newest_checkpoint(directory: Path) -> Path:
    """The file of the one that has seen most."""
    return max((directory / "checkpoints").glob("0*.txt"))


def test_the_tail_cut_off(spoilt: Path) -> None:
    """A ledger that ends early is seen by the checkpoint that has seen more."""
    with unguarded(spoilt) as connection:
        connection.execute(
            "DELETE FROM ledger WHERE position >= (SELECT max(position) FROM ledger)"
        )
    report = verified(spoilt)
    assert "ledger_cut" in kinds(report)
    assert newest_checkpoint(spoilt).name in {Path(each.where).name for each in report.damage}


def test_the_tail_cut_off_with_its_rows(spoilt: Path) -> None:
    """Even if everything that it spoke of is gone as well: only the checkpoint knows."""
    with unguarded(spoilt) as connection:
        (last,) = connection.execute("SELECT max(position) FROM ledger").fetchone()
        connection.execute("DELETE FROM held WHERE ledger = ?", (last,))
        connection.execute("DELETE FROM holds WHERE ledger >= ?", (last - 1,))
        connection.execute("DELETE FROM ledger WHERE position >= ?", (last - 1,))
    assert kinds(verified(spoilt)) == {"ledger_cut"}


def test_an_old_database_under_a_newer_checkpoint(
    spoilt: Path, archive: Archive, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A whole archive of yesterday is whole in itself, and is seen by today's checkpoint."""
    from convarchive.compliance import checkpoints

    archive.sync()
    with archive.writing("test") as connection:
        checkpoints.write(connection, archive.directory)
    old = tmp_path / "old"
    archive.backup(old)
    archive.place_hold("later", query="*", reason="x")
    with archive.writing("test") as connection:
        newer = checkpoints.write(connection, archive.directory)
    assert verified(old).ok
    assert newer.path is not None
    assert kinds(verified(old, checkpoint=newer.path)) == {"ledger_cut"}
    assert verified(archive.directory, checkpoint=newer.path).ok


def test_two_entries_swapped(spoilt: Path) -> None:
    """Each entry is hashed in its place."""
    with unguarded(spoilt) as connection:
        (one,), (two,) = connection.execute(
            "SELECT position FROM ledger WHERE kind = 'revision' ORDER BY position LIMIT 2"
        ).fetchall()
        for was, to in ((one, -1), (two, one), (-1, two)):
            connection.execute("UPDATE ledger SET position = ? WHERE position = ?", (to, was))
    assert kinds(verified(spoilt)) >= {"ledger_rewritten", "row_changed"}


def test_history_rewritten_with_care(spoilt: Path) -> None:
    """Who changes bytes, and makes anew all that is made of them, up to the tree, has all of the
    archive agree with itself, and not with a checkpoint."""
    with unguarded(spoilt) as connection:
        position, salt = connection.execute("SELECT ledger, salt FROM recordings").fetchone()
        connection.execute(
            "UPDATE recordings SET fetched_at = '2020-01-01T00:00:00Z' WHERE ledger = ?",
            (position,),
        )
        row = connection.execute(
            "SELECT sha256, bytes, media_type, fetched_at, stored FROM recordings WHERE ledger = ?",
            (position,),
        ).fetchone()
        names = ("sha256", "bytes", "media_type", "fetched_at", "stored")
        content: dict[str, Any] = dict(zip(names, row, strict=True))
        content["stored"] = bool(content["stored"])
        entry = json.loads(
            connection.execute(
                "SELECT entry FROM ledger WHERE position = ?", (position,)
            ).fetchone()[0]
        )
        entry["commitment"] = ledger.commitment(salt, content)
        connection.execute(
            "UPDATE ledger SET entry = ? WHERE position = ?",
            (ledger.canonical(entry).decode(), position),
        )
    assert kinds(verified(spoilt)) == {"ledger_rewritten"}
    shutil.rmtree(spoilt / "checkpoints")
    assert verified(spoilt).ok


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_bit_of_a_checkpoint(spoilt: Path, at: float) -> None:
    """Its signature does not hold any more, or it is no checkpoint."""
    path = newest_checkpoint(spoilt)
    flip_file(path, at)
    report = verified(spoilt)
    assert "checkpoint" in kinds(report)
    assert f"checkpoints/{path.name}" in {damage.where for damage in report.damage}


def flip_file(path: Path, at: float) -> None:
    """Change a bit in a file."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)


def test_a_bit_of_a_recording(spoilt: Path) -> None:
    """It is named with the conversation that has it."""
    path = next((spoilt / "recordings").rglob("*.wav"))
    flip_file(path, 0.5)
    (damage,) = verified(spoilt).damage
    assert damage.kind == "recording_damaged"
    assert path.stem in damage.where
    assert damage.where.startswith("ayra/")


def test_a_recording_that_is_gone(spoilt: Path) -> None:
    """Its file was removed."""
    next((spoilt / "recordings").rglob("*.wav")).unlink()
    assert kinds(verified(spoilt)) == {"recording_missing"}
    assert kinds(verified(spoilt, quick=True)) == {"recording_missing"}


def test_a_bit_of_any_file_of_the_index(prepared: Path, tmp_path: Path) -> None:
    """Is found: each file of the engine has a sum, and each is looked at."""
    files = [
        path.name
        for path in (prepared / "index").iterdir()
        if path.suffix in (".term", ".pos", ".idx", ".store", ".fast", ".fieldnorm", ".del")
    ]
    assert len(files) >= 6
    for name in files:
        copy = Path(shutil.copytree(prepared, tmp_path / name))
        flip_file(copy / "index" / name, 0.4)
        report = verified(copy)
        # A bit of the engine's own version, behind the sum, only makes that it refuses the index.
        assert {each.where for each in report.damage} & {f"index/{name}", "index"}
        assert {each.where.partition("/")[0] for each in report.damage} == {"index"}


@pytest.mark.parametrize(
    "trigger",
    [
        "ledger_only_grows", "ledger_is_not_changed", "ledger_is_not_shortened",
        "ledger_nodes_are_not_changed", "ledger_nodes_are_not_removed",
    ],
)  # fmt: skip
def test_a_trigger_that_is_gone(spoilt: Path, trigger: str) -> None:
    """What guards the ledger against accidents is part of the archive."""
    connection = sqlite3.connect(spoilt / "archive.db")
    connection.execute(f"DROP TRIGGER {trigger}")
    connection.commit()
    connection.close()
    (damage,) = verified(spoilt).damage
    assert (damage.kind, damage.where) == ("schema", f"trigger {trigger}")


def test_a_trigger_that_was_put_in(spoilt: Path) -> None:
    """It could change what is written."""
    connection = sqlite3.connect(spoilt / "archive.db")
    connection.execute("CREATE TRIGGER x AFTER INSERT ON turns BEGIN DELETE FROM turns; END")
    connection.commit()
    connection.close()
    assert kinds(verified(spoilt)) == {"schema"}


def test_a_bit_of_a_node(tmp_path: Path) -> None:
    """The hashes over 256 neighbours are made anew: one that is changed, lacking or too many."""
    with Archive.create(tmp_path / "archive") as made:
        with made.writing("test") as connection:
            for number in range(600):
                ledger.append(connection, "test", "2026-01-01T00:00:00Z", number=number)
        directory = made.directory
    assert verified(directory).ok
    for statement in (
        "UPDATE ledger_nodes SET hash = randomblob(32) WHERE number = 0",
        "UPDATE ledger_nodes SET number = 7 WHERE number = 1",
        "UPDATE ledger_nodes SET level = 9 WHERE number = 1",
        "DELETE FROM ledger_nodes WHERE number = 1",
        "INSERT INTO ledger_nodes SELECT 16, 0, hash FROM ledger_nodes WHERE number = 0",
    ):
        copy = Path(shutil.copytree(directory, tmp_path / "copy"))
        with unguarded(copy) as connection:
            assert connection.execute(statement).rowcount == 1
        assert kinds(verified(copy)) == {"ledger_node"}, statement
        shutil.rmtree(copy)


def test_the_tree_is_the_one_that_proofs_are_made_of(prepared: Path) -> None:
    """Its root is that which the ledger computes from what it keeps."""
    connection = sqlite3.connect(prepared / "archive.db")
    size = ledger.size(connection)
    report = verified(prepared)
    assert report.ledger.size == size
    assert report.ledger.root == ledger.root(connection, size).hex() != merkle.EMPTY.hex()
    connection.close()
