"""What the tamper tests do: an archive that has a row in every table of evidence, and hands that
change one thing of it behind the program's back."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from convarchive import Archive
from convarchive.compliance import checkpoints
from convarchive.compliance.verify import Options, Report
from convarchive.sandbox import Sandbox
from convarchive.store import schema
from convarchive.sync.engine import Options as Sync


def prepare(archive: Archive, sandbox: Sandbox) -> None:
    """Let everything happen that leaves a row: two revisions, a deletion, a recording and one that
    was replaced, holds, an erasure, accesses, checkpoints, a verification."""
    archive.sync()
    _checkpoint(archive)
    with_sound = [call.id for call in archive.list("has:recording", limit=0)]
    silent = [call.id for call in archive.list("-has:recording", limit=0)]
    sandbox.upstream.put((sandbox.upstream.get(silent[0]) or {}) | {"summary": "Changed."})
    sandbox.upstream.remove(with_sound[0])
    sandbox.upstream.remove(silent[1])
    archive.sync(options=Sync(full=True))
    archive.place_hold("released", ids=[silent[2]], reason="a reason", matter="M 1", by="Ann")
    archive.release_hold("released", reason="it is over", by="Ben")
    archive.place_hold("active", query="*", reason="another", matter="M 2", by="Ann")
    settings = archive.directory / "convarchive.toml"
    settings.write_text("access_log = true\n" + settings.read_text(encoding="utf-8"), "utf-8")
    for action in ("search", "show", "export"):
        archive.note_access(action, "refund", conversations=3, form="jsonl")
    archive.release_hold("active", reason="so that something can be erased", by="Ben")
    for name in (silent[3], with_sound[1]):
        archive.erase(archive.plan_erasure([name]), reason="asked for", by="Eve")
    archive.place_hold("again", ids=[silent[4]], reason="a third", matter="M 3", by="Ann")
    _checkpoint(archive)
    report = archive.verify()
    assert report.ok, report.damage
    assert not report.notes


def _checkpoint(archive: Archive) -> None:
    with archive.writing("checkpoint") as connection:
        checkpoints.write(connection, archive.directory)


def verified(directory: Path, **options: Any) -> Report:
    """What a verification of it brings up."""
    return Archive(directory).verify(Options(remember=False, **options))


def kinds(report: Report) -> set[str]:
    """The kinds of its damage."""
    return {damage.kind for damage in report.damage}


def columns() -> list[tuple[str, str]]:
    """Every table and column that an archive has, from the schema itself; but for what SQLite
    makes of others."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrations().apply(Database(connection))
        return [
            (table, column)
            for table in tables(connection)
            for _, column, _, _, _, _, hidden in connection.execute(
                f'PRAGMA table_xinfo("{table}")'
            )
            if not hidden
        ]


def tables(connection: sqlite3.Connection) -> list[str]:
    """Every table that holds something by itself."""
    return sorted(
        name
        for schema_name, name, kind, *_ in connection.execute("PRAGMA table_list")
        if schema_name == "main" and kind == "table" and not name.startswith("sqlite_")
    )


@contextlib.contextmanager
def unguarded(directory: Path) -> Iterator[sqlite3.Connection]:
    """The database without triggers, checks and foreign keys; the triggers are put back."""
    connection = sqlite3.connect(directory / "archive.db", isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("PRAGMA ignore_check_constraints=ON")
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in guards:
            connection.execute(sql)


def flip(connection: sqlite3.Connection, table: str, column: str, where: str = "TRUE") -> str:
    """Change a bit of this column in one row, the one in the middle of those that have a value; how
    it was and is."""
    key = [row[1] for row in connection.execute(f'PRAGMA table_xinfo("{table}")') if row[5]]
    named = ", ".join(f'"{name}"' for name in key or ["rowid"])
    value = (
        f'CASE typeof("{column}") WHEN \'text\' THEN CAST("{column}" AS BLOB) ELSE "{column}" END'
    )
    rows = connection.execute(
        f'SELECT typeof("{column}"), {value}, {named} FROM "{table}" WHERE {where}'
        f' ORDER BY "{column}" IS NULL, {named}'
    ).fetchall()
    there = [row for row in rows if row[1] is not None and row[1] != b""]
    assert rows, f"no row of {table} can be changed"
    kind, before, *this = there[len(there) // 2] if there else rows[0]
    given = "CAST(? AS TEXT)" if kind == "text" else "?"
    condition = " AND ".join(f'"{name}" = ?' for name in key or ["rowid"])
    for bit in (0, 20):  # a key that differs in the lowest bit may be another's
        after = _flipped(kind, before, bit, table, column, connection)
        with contextlib.suppress(sqlite3.IntegrityError):
            done = connection.execute(
                f'UPDATE "{table}" SET "{column}" = {given} WHERE {condition}', (after, *this)
            )
            assert done.rowcount == 1
            return f"{before!r} -> {after!r}"
    raise AssertionError(f"{table}.{column} can't be changed")


def _flipped(
    kind: str, value: Any, bit: int, table: str, column: str, connection: sqlite3.Connection
) -> Any:
    if kind == "null":
        (declared,) = connection.execute(
            "SELECT type FROM pragma_table_xinfo(?) WHERE name = ?", (table, column)
        ).fetchone()
        return {"TEXT": "x", "BLOB": b"x"}.get(declared, 1)
    if kind == "integer":
        return value ^ (1 << bit)
    if kind == "real":
        (number,) = struct.unpack("<Q", struct.pack("<d", value))
        return struct.unpack("<d", struct.pack("<Q", number ^ (1 << (bit + 20))))[0]
    changed = bytearray(value)
    changed[(len(changed) // 2 + bit) % len(changed)] ^= 1
    return bytes(changed)
