"""The search index against the tables: its files, which conversations it has, and how many of each
kind.

An index can be made anew from the tables at any time, so that it is missing or behind is a note.
That it answers wrongly is damage: someone may rely on what it does not find.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import printable
from convarchive.index import audit, mark
from convarchive.index.documents import exact, language_tag
from convarchive.store import tombstones
from convarchive.store.database import snapshot

_STRETCH = 10_000
"""Keys at a time."""

_TRIES = 3
_NAMED = 20
"""So many conversations are named; of the others it is said how many they are."""


_WAITING = (
    "SELECT conversation FROM index_queue UNION SELECT conversation FROM tombstones"
    " JOIN disposals USING (disposal) WHERE finished_at IS NULL"
)


class _Moved(Exception):
    """Another process is writing to the index."""


def check(connection: sqlite3.Connection, directory: Path, report: Report, *, quick: bool) -> None:
    """Name what the index has wrong.

    Args:
        connection: To the archive's database.
        directory: The archive's.
        report: Where it is named.
        quick: Leave out the sums of the files.
    """
    if not mark.belongs(connection, directory):
        report.note("There is no search index of this archive; make it: convarchive reindex")
        return
    for _ in range(_TRIES):
        kind = "index_damaged"
        try:
            found = [] if quick else list(audit.damaged(directory))
            if not found:  # what it would answer otherwise says nothing more
                kind = "index_differs"
                with snapshot(connection):
                    found = list(_different(connection, directory, report))
        except (_Moved, FileNotFoundError):
            continue
        except (ValueError, OSError) as error:
            _unreadable(report, error)
            return
        for where, what in found:
            report.add(kind, where, what)
        return
    report.note("The search index was not compared: another process goes on writing to it.")


def _unreadable(report: Report, error: Exception) -> None:
    # The engine writes a lock even to read.
    if "Permission" in str(error) or "Read-only" in str(error):
        report.note("The search index can't be opened where nothing may be written.")
        return
    report.add("index_damaged", mark.DIRECTORY, f"The engine can't read it: {printable(error)}.")


def _different(
    connection: sqlite3.Connection, directory: Path, report: Report
) -> Iterator[tuple[str, str]]:
    before = audit.commit(directory)
    (behind,) = connection.execute(
        "SELECT count(DISTINCT conversation) FROM index_queue"
    ).fetchone()
    unfinished = tombstones.unfinished(connection)
    index = audit.Contents(directory)
    found = [*_keys(connection, index)]
    if not behind and not unfinished:
        found += _counts(connection, index)
    if audit.commit(directory) != before:
        raise _Moved
    if behind:
        report.note(f"The search index is {behind:,} behind; make it anew: convarchive reindex")
    if unfinished:
        report.note(
            "The files can still have something of what was destroyed: that is under way, or was"
            " interrupted, and the next command that writes goes on with it."
        )
    report.checked["indexed"] = index.total()
    yield from found


def _keys(connection: sqlite3.Connection, index: audit.Contents) -> Iterator[tuple[str, str]]:
    """Conversations that only one of the two has, but for those that wait in the queue, or for
    being taken out since they were destroyed."""
    missing: list[int] = []
    beyond: list[int] = []
    (last,) = connection.execute(
        "SELECT max((SELECT coalesce(max(key), 0) FROM conversations),"
        " (SELECT coalesce(max(conversation), 0) FROM tombstones))"
    ).fetchone()
    first = many = 0
    while True:
        stored = [
            key
            for (key,) in connection.execute(
                "SELECT key FROM conversations WHERE key >= ? ORDER BY key LIMIT ?",
                (first, _STRETCH),
            )
        ]
        until = stored[-1] if len(stored) == _STRETCH else max(last, first)
        held = Counter(index.keys(first, until))
        many += sum(held.values())
        waiting = (
            {key for (key,) in connection.execute(_WAITING)} if held.keys() ^ set(stored) else set()
        )
        missing += [key for key in stored if not held[key] and key not in waiting]
        known = set(stored)
        beyond += [
            key for key, times in held.items()
            if key not in waiting and (key not in known or times > 1)
        ]  # fmt: skip
        if len(stored) < _STRETCH:
            break
        first = until + 1
    yield from _named(connection, missing, "The index does not have it.")
    yield from _named(connection, beyond, "The index has it once too often.")
    if many != index.total():
        yield mark.DIRECTORY, f"It has {index.total() - many:,} conversations of no known key."


def _named(connection: sqlite3.Connection, keys: list[int], what: str) -> Iterator[tuple[str, str]]:
    from convarchive.compliance.verify.rows import name_of

    for key in keys[:_NAMED]:
        yield name_of(connection, key), what
    if len(keys) > _NAMED:
        yield mark.DIRECTORY, f"So it is with {len(keys) - _NAMED:,} more: {what}"


def _counts(connection: sqlite3.Connection, index: audit.Contents) -> Iterator[tuple[str, str]]:
    """Values of which the two have different numbers."""
    for field, expected in _expected(connection):
        for value, many in expected.items():
            found = index.count(field, value)
            if found != many:
                yield (
                    f"{mark.DIRECTORY} {field}:{printable(value)}",
                    f"The index finds {found:,}, and the tables have {many:,}.",
                )


def _expected(connection: sqlite3.Connection) -> Iterator[tuple[str, Counter[str]]]:
    for field in ("status", "source"):
        counted: Counter[str] = Counter()
        for value, many in connection.execute(
            f"SELECT {field}, count(*) FROM conversations GROUP BY 1"
        ):
            counted[exact(value)] += many
        yield field, counted
    languages: Counter[str] = Counter()
    for value, many in connection.execute(
        "SELECT language, count(*) FROM conversations WHERE language > '' GROUP BY 1"
    ):
        tag = language_tag(value)
        for each in {tag, tag.partition("-")[0]}:
            languages[each] += many
    yield "language", languages
    flags = connection.execute(
        "SELECT count(recording_sha256), count(deleted_at_source), total(revision > 1)"
        " FROM conversations"
    ).fetchone()
    names = ("has:recording", "is:deleted", "is:changed")
    yield "flag", Counter({name: int(many) for name, many in zip(names, flags, strict=True)})
