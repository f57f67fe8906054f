"""Placing and releasing legal holds, and keeping those with a query up to what matches it.

A query is kept as it was understood when the hold was placed: saved searches are written out, and
dates that count from now, as ``since:30d``, are the instants that they were. So nothing that is
edited, and no time that passes, makes a hold protect less. What comes to match later joins it,
after each sync, import and rebuild, and right before anything is destroyed; nothing ever leaves it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from convarchive import query as language
from convarchive.compliance import who
from convarchive.errors import ConvarchiveError, IndexUnusable, UsageError
from convarchive.opened import Opened
from convarchive.query import tree
from convarchive.store import clock, holds, naming
from convarchive.store.database import transaction
from convarchive.store.holds import Hold, Placing

_LONGEST_NAME = 100
_LONGEST_TEXT = 10_000


def add(
    opened: Opened,
    name: str,
    *,
    query: str | None = None,
    ids: Sequence[str] = (),
    reason: str,
    matter: str | None = None,
    by: str | None = None,
) -> Hold:
    """Place a hold on what matches a query, now and later, and on conversations that are named.

    Args:
        opened: The archive.
        name: What it is called; unique among active holds.
        query: Its matches; ``*`` for everything.
        ids: Conversations by their names.
        reason: Why.
        matter: The case that it belongs to.
        by: Who places it; else the user and the machine.

    Raises:
        UsageError: The name is taken, or something is missing or won't do.
        QueryError: The query is not understood.
        NotFound: There is no conversation of one of the ids.
        IndexUnusable: What matches can't be known; nothing is placed.
        ArchiveBusy: Another process is writing.
    """
    if query is None and not ids:
        raise UsageError("The hold would protect nothing.", "", "Give --query or --id.")
    understood = None if query is None else _understood(opened, query)
    placing = Placing(
        _checked("name", name), understood, _checked("reason", reason),
        None if matter is None else _checked("matter", matter),
        _checked("placer", by or who.me()), clock.now(),
    )  # fmt: skip
    return _place(opened, placing, ids)


def _place(opened: Opened, placing: Placing, ids: Sequence[str]) -> Hold:
    """Place a hold with all of its members, or not at all."""
    with opened.writing("hold add") as connection:
        keys = {naming.find(connection, each) for each in ids}
        if placing.query is not None:
            keys |= _matches(connection, opened.directory, placing.query)
        with transaction(connection):
            hold = holds.place(connection, placing)
            holds.take_in(connection, hold, keys, placing.placed_at)
        return next(each for each in holds.active(connection) if each.hold == hold)


def release(opened: Opened, name: str, *, reason: str | None = None, by: str | None = None) -> Hold:
    """Release the active hold of this name; what other holds protect stays protected.

    Raises:
        NotFound: There is no such hold.
        UsageError: The reason, or who it is, won't do.
        ArchiveBusy: Another process is writing.
    """
    why = None if reason is None else _checked("reason", reason)
    whom = _checked("releaser", by or who.me())
    with opened.writing("hold release") as connection, transaction(connection):
        return holds.release(connection, name, reason=why, by=whom, at=clock.now())


def take_in_new(connection: sqlite3.Connection, directory: Path) -> int:
    """Let what has come to match the query of an active hold join it; how many that are.

    Call it right before anything is destroyed, too, and go on only if it succeeds: where the index
    can't be brought up to date, or asked, nobody knows what is protected.

    Args:
        connection: To the archive's database, for writing, outside of a transaction.
        directory: Of the archive.

    Raises:
        ConvarchiveError: What matches can't be known; the holds are as they were.
    """
    asked = [hold for hold in holds.active(connection) if hold.query is not None]
    found = [(hold, _matches(connection, directory, hold.query or "", hold)) for hold in asked]
    at = clock.now()
    with transaction(connection):
        return sum(holds.take_in(connection, hold.hold, keys, at) for hold, keys in found)


def _matches(
    connection: sqlite3.Connection, directory: Path, query: str, hold: Hold | None = None
) -> set[int]:
    """The keys of all that match a query in canonical form, for sure."""
    from convarchive.index import writer
    from convarchive.index.reader import Reader
    from convarchive.store import unindexed

    try:
        writer.catch_up(connection, directory)
        if unindexed.length(connection):
            raise IndexUnusable("The search index lacks conversations.")
        return set(Reader(connection, directory).keys(_read(query)))
    except ConvarchiveError as error:
        if hold is None:
            raise
        raise ConvarchiveError(
            f"It cannot be known what the hold {hold.name!r} protects.",
            f"{error.what} {error.why}".strip(),
            error.hint,
        ) from error


def _read(query: str) -> tree.Node:
    """A query in canonical form; there is no date in it that counts from now."""
    return language.parse(query, now=datetime.now(UTC), zone=UTC)


def _understood(opened: Opened, query: str) -> str:
    """A query in canonical form, for a hold."""
    if not query.strip():
        raise UsageError(
            "The query is empty.", "", "For a hold on everything write: --query '*'"
        )  # fmt: skip
    node = opened.parse(query)
    if any(each == tree.Flag("is", "held") for each in _parts(node)):
        raise UsageError(
            "A hold cannot ask for is:held.", "What it protects would depend on itself."
        )
    text = language.to_text(node)
    if _read(text) != node:
        raise UsageError("This query cannot be kept as it was meant.", f"It reads back as: {text}")
    return text


def _parts(node: tree.Node) -> Iterator[tree.Node]:
    """A node and all below it."""
    yield node
    match node:
        case tree.And(children) | tree.Or(children):
            for child in children:
                yield from _parts(child)
        case tree.Not(child) | tree.Within(_, child):
            yield from _parts(child)


def _checked(what: str, text: str) -> str:
    """A text without space around it."""
    text = text.strip()
    if not text:
        raise UsageError(f"The {what} of a hold cannot be empty.")
    if len(text) > (_LONGEST_NAME if what == "name" else _LONGEST_TEXT):
        raise UsageError(f"The {what} of a hold is too long.")
    if any(not each.isprintable() and each != "\n" for each in text) or (
        what == "name" and "\n" in text
    ):
        raise UsageError(f"The {what} of a hold has characters that cannot be shown.")
    return text
