"""Storing what comes from files: it adds to the record, and never stands before a vendor's own.

A file can be an old copy, a view that says less, or somebody's edit, and nothing in it says so for
sure. So these rules decide, in this order:

* A state that the archive has had already, be it an earlier one, is nothing new. So the same file
  can be imported any number of times, and an old one never brings an old state back.
* What came from the vendor itself is left as it is; a file that says something else is *kept out*.
* A transcript is a view, and is kept out where there is more than a transcript.
* A state that is numbered, as in our own exports, takes its number: behind the newest, or, if it is
  older, in the history alone. Any other is the newest.
"""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

from convarchive.store import clock, evidence, rows, tombstones, unindexed
from convarchive.store.ingest import Received, add, add_revision, add_state

VIEWS: Final = ("srt", "text", "vtt")
"""Documents that are transcripts and tell nothing else of a call."""


class Fate(enum.Enum):
    """What became of a conversation from a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT_VENDORS = "differs from what the vendor sent; kept ours"
    KEPT_FULLER = "is a transcript, and more than that is stored; kept ours"
    ERASED = "was erased here, and stays so"
    KEPT_FIRST = "differs from what another file of this import says; kept that"


class Adopted(NamedTuple):
    """A conversation from a file, and what became of it."""

    fate: Fate
    key: int
    """Of the conversation; 0 where it was erased."""
    vendors: bool = False
    """What is stored of it came from the vendor itself."""


def adopt(connection: sqlite3.Connection, received: Received, *, again: bool = False) -> Adopted:
    """Store a conversation as the rules of this module say; call it within a transaction.

    Args:
        connection: To the archive's database.
        received: With the ``revision`` that it has had elsewhere, or 0 where that is not known.
        again: Another file of the same import has named it already; it may only say the same.
    """
    conversation = received.conversation
    known = connection.execute(
        "SELECT key, revision FROM conversations WHERE source = ? AND id = ?",
        (conversation.source, conversation.id),
    ).fetchone()
    if known is None and tombstones.erased(connection, conversation.source, [conversation.id]):
        return Adopted(Fate.ERASED, 0)
    if known is None:
        key = add(connection, received, max(conversation.revision, 1))
        _mark_deleted(connection, key, conversation.deleted_at_source)
        return Adopted(Fate.NEW, key)
    key, newest = known
    vendors = _came_from_vendor(connection, key)
    later = conversation.revision > newest and not vendors
    if not later and _had(connection, key, received):
        changed = not vendors and _mark_deleted(connection, key, conversation.deleted_at_source)
        return Adopted(Fate.CHANGED if changed else Fate.UNCHANGED, key, vendors)
    kept = _kept(connection, key, newest, received, vendors=vendors, again=again)
    if kept is not None:
        return Adopted(kept, key, vendors)
    if _is_free(connection, key, conversation.revision, newest):
        add_state(connection, key, conversation.revision, received)
    else:
        add_revision(connection, key, max(conversation.revision, newest + 1), received)
        _mark_deleted(connection, key, conversation.deleted_at_source)
    return Adopted(Fate.CHANGED, key)


def _had(connection: sqlite3.Connection, key: int, received: Received) -> bool:
    """Whether this is what is shown, or one of the states before."""
    found = connection.execute(
        "SELECT 1 FROM revisions WHERE conversation = ? AND fingerprint = ?",
        (key, received.fingerprint),
    ).fetchone()
    return found is not None or rows.same(connection, key, received.conversation, offer=False)


def _kept(
    connection: sqlite3.Connection,
    key: int,
    newest: int,
    received: Received,
    *,
    vendors: bool,
    again: bool,
) -> Fate | None:
    """Why it stays out, if it does."""
    if vendors:
        return Fate.KEPT_VENDORS
    if not _is_view(name for name, _ in received.documents):
        return None
    names = connection.execute(
        "SELECT name FROM documents WHERE conversation = ? AND revision = ?", (key, newest)
    )
    if not _is_view(name for (name,) in names):
        return Fate.KEPT_FULLER
    return Fate.KEPT_FIRST if again else None


def _is_view(names: Iterable[str]) -> bool:
    return any(name in VIEWS for name in names)


def _came_from_vendor(connection: sqlite3.Connection, key: int) -> bool:
    """Only a sync lists what there is, and fetches details of it."""
    found = connection.execute(
        "SELECT 1 FROM conversations AS c JOIN listings USING (source, id)"
        " JOIN documents AS d ON d.conversation = c.key AND d.revision = c.revision"
        " WHERE c.key = ? AND d.name = 'detail'",
        (key,),
    ).fetchone()
    return found is not None


def _is_free(connection: sqlite3.Connection, key: int, number: int, newest: int) -> bool:
    """Whether this is the number of an earlier state, and no such state is here."""
    return (
        0 < number < newest
        and not connection.execute(
            "SELECT 1 FROM revisions WHERE conversation = ? AND revision = ?", (key, number)
        ).fetchone()
    )


def _mark_deleted(connection: sqlite3.Connection, key: int, at: str | None) -> bool:
    """Take over that a vendor has deleted it, whether that is news; a mark is never taken off."""
    if at is None:
        return False
    marked = connection.execute(
        "UPDATE conversations SET deleted_at_source = ?"
        " WHERE key = ? AND deleted_at_source IS NULL",
        (at, key),
    ).rowcount
    if marked:
        evidence.note_deleted(connection, key, at, clock.now())
        unindexed.add(connection, key)
    return bool(marked)
