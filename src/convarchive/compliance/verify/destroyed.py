"""Destroyed conversations: that each entry without content lost it by an erasure or a rule.

An entry that a conversation was destroyed lists the entries that have lost their content with it,
and the table ``destroyed_entries`` says the same.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from convarchive.compliance.verify.accounts import entry_at
from convarchive.compliance.verify.chain import KIND, SETTLED, Chain
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import is_key, printable
from convarchive.compliance.verify.sparse import Sparse
from convarchive.store import evidence, tombstones

_DESTROYED = (evidence.REVISION, evidence.RECORDING, evidence.SOUND)
"""Kinds of entry that lose their content with a conversation."""


def settle(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """Settle what was destroyed, before rows are gone through: behind it there must be none."""
    owner = Sparse("q")
    for position in (*chain.at[tombstones.ERASURE], *chain.at[tombstones.DISPOSAL]):
        fields = _entry(connection, position)
        key, entries = fields.get("conversation"), fields.get("entries")
        if not is_key(key) or not isinstance(entries, list):
            what = "It does not say what was destroyed."
            report.add("destruction", f"ledger entry {position}", what)
            continue
        for each in entries:
            if not _lost(connection, chain, position, key, each):
                what = f"It says that entry {each} was destroyed with it, which can't be."
                report.add("destruction", f"ledger entry {position}", what)
                continue
            chain.kinds[each] |= SETTLED
            owner[each] = key + 1
    _compare(connection, owner, report)
    for source, identifier in connection.execute(
        "SELECT c.source, c.id FROM tombstones AS t JOIN conversations AS c"
        " ON c.key = t.conversation ORDER BY c.key"
    ):
        what = "It has a tombstone, and is there."
        report.add("destruction", printable(f"{source}/{identifier}"), what)


def _lost(connection: sqlite3.Connection, chain: Chain, position: int, key: int, each: Any) -> bool:
    """Whether this entry can have lost its content with this conversation."""
    if not isinstance(each, int) or not 0 <= each < position:
        return False
    if chain.kinds[each] & KIND not in [chain.codes[kind] for kind in _DESTROYED]:
        return False
    return bool(_entry(connection, each).get("conversation", key) == key)


def _compare(connection: sqlite3.Connection, owner: Sparse, report: Report) -> None:
    """The table says the same."""
    many = 0
    for position, key in connection.execute(
        "SELECT position, conversation FROM destroyed_entries ORDER BY position"
    ):
        many += 1
        if owner[position] == key + 1:
            owner[position] = 0
            continue
        what = f"The ledger does not say that it was destroyed with conversation {key}."
        report.add("destruction", f"destroyed entry {position}", what)
    for position, key in owner.items():
        what = f"It was destroyed with conversation {key - 1}, and the table lacks it."
        report.add("destruction", f"destroyed entry {position}", what)
    report.checked["destroyed_entries"] = many


def held(connection: sqlite3.Connection, chain: Chain, report: Report) -> None:
    """What holds protect, as their entries say it."""
    found = 0
    for position in chain.at[evidence.HELD]:
        fields = _entry(connection, position)
        hold, at = fields.get("hold"), fields.get("at")
        keys = fields.get("conversations")
        if not (is_key(hold) and isinstance(keys, list) and all(map(is_key, keys))):
            what = "It does not say what is protected, and by which hold."
            report.add("ledger_entry", f"ledger entry {position}", what)
            continue
        rows = {
            key: (since, entry)
            for key, since, entry in connection.execute(
                "SELECT conversation, since, ledger FROM held WHERE hold = ?"
                " AND conversation IN (SELECT value FROM json_each(?))",
                (hold, json.dumps(keys)),
            )
        }
        found += len(rows)
        for key in keys:
            if key in rows and rows[key] != (at, position):
                what = f"It is not what entry {position} of the ledger says."
                report.add("row_changed", f"held conversation {key} by hold {hold}", what)
            elif key not in rows and not _is_buried(connection, key):
                what = f"Entry {position} of the ledger says that it is protected."
                report.add("row_missing", f"held conversation {key} by hold {hold}", what)
    (many,) = connection.execute("SELECT count(*) FROM held").fetchone()
    if many > found:
        _unentered(connection, report)
    report.checked["held"] = many


def _unentered(connection: sqlite3.Connection, report: Report) -> None:
    for hold, key, position, data in connection.execute(
        "SELECT t.hold, t.conversation, t.ledger, CAST(l.entry AS BLOB) FROM held AS t"
        " LEFT JOIN ledger AS l ON l.position = t.ledger"
    ):
        fields = entry_at(data)
        named = fields.get("kind") == evidence.HELD and fields.get("hold") == hold
        if not named or key not in fields.get("conversations", ()):
            what = f"Entry {position} of the ledger does not say that it is protected."
            report.add("row_unentered", f"held conversation {key} by hold {hold}", what)


def _is_buried(connection: sqlite3.Connection, key: Any) -> bool:
    found = connection.execute("SELECT 1 FROM tombstones WHERE conversation = ?", (key,))
    return found.fetchone() is not None


def _entry(connection: sqlite3.Connection, position: int) -> Any:
    (data,) = connection.execute(
        "SELECT CAST(entry AS BLOB) FROM ledger WHERE position = ?", (position,)
    ).fetchone()
    return entry_at(data)
