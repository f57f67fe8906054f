"""What the ledger says in plain, against the tables: the archive's name, its sources and windows,
marks of deletion, which recording a conversation has, the settings."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

from convarchive import settings
from convarchive.compliance.verify.accounts import entry_at
from convarchive.compliance.verify.chain import SETTLED, Chain
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import printable
from convarchive.store import evidence, inception, ledger

_NAMED = 5
"""So many entries are named; of the others it is said how many they are."""


def compare(connection: sqlite3.Connection, directory: Path, chain: Chain, report: Report) -> None:
    """Name every row that says something else than the ledger."""
    meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    _start(meta, chain, report)
    _key(meta, chain, report)
    _settings(directory, meta, chain, report)
    _sources(connection, chain, report)
    _windows(connection, chain, report)
    _marks(connection, chain, report)


def times(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """Note entries that name an earlier time than one before them: the clock was put back, or
    somebody has written them later than they say."""
    if not chain.back:
        return
    said = ", ".join(
        f"{position} ({printable(_entry(connection, position).get('at'))})"
        for position in chain.back[:_NAMED]
    )
    more = f" and {len(chain.back) - _NAMED:,} more" if len(chain.back) > _NAMED else ""
    report.note(
        f"Entries of the ledger name a time before that of an earlier entry: {said}{more}."
        " The clock was put back, or they were written later than they say."
    )


def _start(meta: dict[str, str], chain: Chain, report: Report) -> None:
    """The first entry says whose ledger it is."""
    first = chain.first
    if first.get("kind") != inception.ARCHIVE:
        report.add("ledger_start", "ledger entry 0", "It does not say whose ledger this is.")
        return
    if first.get("id") != meta.get("archive_id"):
        report.add("ledger_start", "meta archive_id", "It is not the one that the ledger names.")
    key = meta.get("erasure_key", "")
    try:
        hashed = sha256(bytes.fromhex(key)).hexdigest()
    except ValueError:
        hashed = ""
    # Upper and lower case say the same, and only one of them was written.
    if hashed != first.get("erasure_key_sha256") or key != key.lower():
        report.add(
            "ledger_start", "meta erasure_key",
            "It is not the one whose hash the ledger has, so the erased would not be known again.",
        )  # fmt: skip


def _key(meta: dict[str, str], chain: Chain, report: Report) -> None:
    said = chain.newest.get("key", {}).get("verifier_key")
    if said != meta.get("verifier_key"):
        what = "It is not the verifier key of the ledger's newest entry about keys."
        report.add("row_changed", "meta verifier_key", what)


def _settings(directory: Path, meta: dict[str, str], chain: Chain, report: Report) -> None:
    """The newest entry about the settings, what was kept of it, and the file as it is now."""
    newest = chain.newest.get("settings", {}).get("commitment")
    if meta.get("settings_commitment") != newest:
        what = "It is not what the ledger's newest entry about the settings says."
        report.add("row_changed", "meta settings_commitment", what)
        return
    try:
        text = (directory / settings.FILE).read_bytes()
    except OSError:
        text = b""
    content = {"text": text.decode(errors="backslashreplace")}
    try:
        salt = bytes.fromhex(meta.get("settings_salt", ""))
    except ValueError:
        salt = b""
    if newest is not None and newest != ledger.commitment(salt, content):
        report.note(f"{settings.FILE} was changed since the archive was last written to.")


def _sources(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    left = dict(chain.sources)
    for row in connection.execute("SELECT name, kind, added_at FROM sources"):
        said = left.pop(row[0], None)
        where = f"source {printable(row[0])}"
        if said is None:
            report.add("row_unentered", where, "No entry of the ledger says that it was added.")
        elif tuple(said.get(name) for name in evidence.SOURCE_COLUMNS) != row:
            report.add("row_changed", where, "The ledger's newest entry says something else of it.")
    for name in left:
        report.add("row_missing", f"source {name}", "The ledger says that it was added.")
    report.checked["sources"] = len(chain.sources)


def _windows(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    columns = ", ".join(evidence.WINDOW_COLUMNS)
    many = 0
    for row in connection.execute(f"SELECT {columns} FROM sync_windows"):
        many += 1
        where, position = f"window {row[0]}", chain.window[row[0]] - 1
        if position < 0:
            report.add("row_unentered", where, "No entry of the ledger says that it was listed.")
            continue
        chain.kinds[position] |= SETTLED
        said = _entry(connection, position)
        if tuple(said.get(name) for name in evidence.WINDOW_COLUMNS) != row:
            what = f"It is not what entry {position} of the ledger says."
            report.add("row_changed", where, what)
        elif row[4] != row[5] + row[6]:
            what = f"Listed are {row[4]}, and stored and failed {row[5] + row[6]}."
            report.add("row_changed", where, what)
    report.checked["sync_windows"] = many


def _marks(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """Of each conversation: whether it is deleted at the source, and which recording it has."""
    for key, source, identifier, deleted_at, sha, link in connection.execute(
        "SELECT key, source, id, deleted_at_source, recording_sha256, l.ledger"
        " FROM conversations LEFT JOIN conversation_recordings AS l"
        "   ON l.conversation = key AND l.sha256 = recording_sha256"
    ):
        newest = chain.deleted[key]
        said = _entry(connection, newest - 1).get("deleted_at") if newest else None
        if said != deleted_at:
            report.add(
                "row_changed",
                printable(f"{source}/{identifier}"),
                f"It is marked as deleted at the source: {printable(deleted_at)};"
                f" by the ledger: {printable(said)}.",
            )
        has = chain.recording[key]
        if link != (has - 1 if has else None) or (link is None and sha is not None):
            report.add(
                "row_changed",
                printable(f"{source}/{identifier}"),
                f"It has the recording {printable(sha)}; the ledger names another one.",
            )


def _entry(connection: sqlite3.Connection, position: int) -> Any:
    (data,) = connection.execute(
        "SELECT CAST(entry AS BLOB) FROM ledger WHERE position = ?", (position,)
    ).fetchone()
    return entry_at(data)
