"""Entries against rows: behind each entry there is the row, or what became of it, and no row is
there that was not entered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from convarchive.compliance.verify.chain import FORGOTTEN, KIND, SETTLED, Chain
from convarchive.compliance.verify.registry import REGISTRY, Behind
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import commits, left_of, name_of, printable
from convarchive.store import evidence

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def entry_at(data: bytes | None) -> Mapping[str, Any]:
    """What an entry says; nothing where there is none that can be read."""
    try:
        return _decode(data) if data else {}
    except (msgspec.MsgspecError, ValueError):
        return {}


def settle(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """Go through all rows that have entries, and name those that don't fit, and those that are
    missing."""
    for behind in REGISTRY:
        many = 0
        for row in _rows(connection, behind):
            _check(connection, chain, behind, row, report)
            many += 1
        report.checked[behind.table] = max(many, report.checked[behind.table])


def superseded(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """Judge of the entries that replace an older one: each can only be of the same thing.

    What a recording is named by does not change, and a conversation that has it again is what it
    was. Of a state whose bytes were lost it can't be seen that those that came again say the same:
    that is noted.
    """
    again: list[str] = []
    sounds = 0
    for position in chain.superseding:
        new = _entry(connection, position)
        old = _entry(connection, new["replaces"])
        names = [name for name in ("conversation", "revision") if old.get(name) != new.get(name)]
        if new["kind"] == evidence.RECORDING and old.get("commitment") != new.get("commitment"):
            names.append("recording")
        if names:
            what = f"It replaces entry {new['replaces']}, which is of another {names[0]}."
            report.add("ledger_entry", f"ledger entry {position}", what)
        elif new["kind"] == evidence.REVISION:
            again.append(f"{_subject(connection, position)} (entry {position})")
        sounds += new["kind"] == evidence.SOUND
    if again:
        more = f" and {len(again) - _NAMED:,} more" if len(again) > _NAMED else ""
        report.note(
            "The bytes of these states were lost and came again later, and are vouched for as of"
            f" then: {', '.join(again[:_NAMED])}{more}."
        )
    if sounds:
        report.note(f"Recordings whose sound came later than their SHA-256: {sounds:,}.")


def missing(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """Name what entries speak of and is not there; after everything that is there was settled."""
    names = {code: kind for kind, code in chain.codes.items()}
    for position, code in chain.kinds.items():
        if not code & SETTLED:
            what = f"Entry {position} of the ledger says that it was stored: {names[code & KIND]}."
            report.add("row_missing", _subject(connection, position), what)


_NAMED = 5
"""So many are named; of the others it is said how many they are."""


def _rows(connection: sqlite3.Connection, behind: Behind) -> Iterator[tuple[Any, ...]]:
    salt = behind.salt if behind.content else "NULL"
    entry = "CAST(l.entry AS BLOB)" if behind.content else "NULL"
    join = f" LEFT JOIN ledger AS l ON l.position = t.{behind.position}" if behind.content else ""
    columns = ", ".join(f't."{name}"' for name in behind.columns)
    return connection.execute(
        f"SELECT t.{behind.position}, {salt}, {entry}, {columns}"
        f" FROM {behind.table} AS t{join} WHERE {behind.only}"
    )


def _check(
    connection: sqlite3.Connection,
    chain: Chain,
    behind: Behind,
    row: tuple[Any, ...],
    report: Report,
) -> None:
    position, salt, data, *values = row
    code = chain.kinds[position] if isinstance(position, int) and position >= 0 else 0
    allowed = [chain.codes[kind] for kind in behind.kinds]
    if code & (KIND | SETTLED) not in allowed:
        what = _no_entry(position, bool(code & SETTLED))
        report.add("row_unentered", _where(connection, behind, values), what)
        return
    chain.kinds[position] = code | SETTLED
    if behind.content is None:
        return
    fields = entry_at(data)
    named = dict(zip(behind.columns, values, strict=True))
    fits = all(fields.get(name) == named[name] for name in behind.named)
    content = behind.content(*values)
    if code & FORGOTTEN and salt is None:
        emptied = all(named[name] is None for name in behind.emptied)
        left = left_of(connection, position, content)
        fits = fits and emptied and chain.left[position] == left
    else:
        fits = fits and commits(fields, salt, content)
    if not fits:
        report.add(
            "row_changed",
            _where(connection, behind, values),
            f"It is not what entry {position} of the ledger commits to.",
        )


def _no_entry(position: Any, settled: bool) -> str:
    if position is None:
        return "No entry of the ledger says that it was stored."
    why = "of something else or superseded" if settled else "of another kind or not there"
    return f"Entry {position} of the ledger, which it names, is {why}."


def _where(connection: sqlite3.Connection, behind: Behind, values: list[Any]) -> str:
    named = {name: printable(v) for name, v in zip(behind.columns, values, strict=True)}
    if "conversation" in behind.columns:
        key = values[behind.columns.index("conversation")]
        named["conversation"] = name_of(connection, key)
    return behind.where.format_map(named)


def _subject(connection: sqlite3.Connection, position: int) -> str:
    """What an entry is about, as far as it says."""
    fields = _entry(connection, position)
    parts = [name_of(connection, fields["conversation"])] if "conversation" in fields else []
    parts += [f"revision {fields['revision']}"] if "revision" in fields else []
    parts += [f"window {fields['id']}"] if fields.get("kind") == "window" else []
    return " ".join(parts) or f"ledger entry {position}"


def _entry(connection: sqlite3.Connection, position: int) -> Mapping[str, Any]:
    (data,) = connection.execute(
        "SELECT CAST(entry AS BLOB) FROM ledger WHERE position = ?", (position,)
    ).fetchone()
    return entry_at(data)
