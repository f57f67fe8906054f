"""The database itself: SQLite's own checks, and whether its schema is as it was made."""

from __future__ import annotations

import contextlib
import sqlite3

from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import printable
from convarchive.store import schema

_MOST = 100
"""So many complaints of SQLite are passed on."""

_Objects = dict[tuple[str, str], str]


def check(connection: sqlite3.Connection, report: Report, *, quick: bool) -> None:
    """Let SQLite look for damage, and compare the schema with that of a fresh archive."""
    pragma = "quick_check" if quick else "integrity_check"
    for (said,) in connection.execute(f"PRAGMA {pragma}({_MOST})"):
        if said != "ok":
            report.add("database", "archive.db", f"SQLite says: {printable(said)}.")
    broken: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        broken[table, parent] = broken.get((table, parent), 0) + 1
    for (table, parent), many in broken.items():
        report.add("reference", table, f"Rows whose {parent} is not there: {many:,}.")
    _compare(_objects(connection), _fresh(), report)


def _compare(found: _Objects, made: _Objects, report: Report) -> None:
    for (kind, name), text in made.items():
        where = f"{kind} {name}"
        if (kind, name) not in found:
            report.add("schema", where, "It is missing.")
        elif found[kind, name] != text:
            report.add("schema", where, "It is another than the one that was made.")
    for kind, name in found.keys() - made.keys():
        where = f"{kind} {printable(name)}"
        if kind == "trigger":  # it may change what is written
            report.add("schema", where, "This program has not made it.")
        else:
            report.note(f"The {where} was made by another program.")


def _objects(connection: sqlite3.Connection) -> _Objects:
    """Every table, index, trigger and view, by its SQL without white space; but for the list of
    migrations, which the library for them makes."""
    return {
        (kind, name): "".join((text or "").split())
        for kind, name, text in connection.execute(
            # What ANALYZE has left says how to look something up, and not what is found.
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4'))"
            " AND NOT (type != 'trigger' AND tbl_name = '_sqlite_migrations')"
        )
    }


def _fresh() -> _Objects:
    """Those of a new archive."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.draw(connection)
        return _objects(connection)
