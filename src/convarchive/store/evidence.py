"""What the ledger says of what is stored: which content each kind of entry commits to.

The same functions write an entry and, years later, check it against the tables, so a column that is
in none of them is not protected.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from convarchive.store import ledger

Content = dict[str, Any]

REVISION = "revision"
"""A state of a conversation was received; commits to `revision_content`."""
SOUND = "sound"
"""The bytes of a recording, or that they are not here; commits to `sound_content`."""
RECORDING = "recording"
"""A conversation has a recording; commits to `recording_content`."""
DELETED = "deleted_at_source"
"""The vendor has a conversation no more."""
BACK = "back_at_source"
"""The vendor has it again."""
SOURCE = "source"
"""A source was added, or got another kind."""
WINDOW = "window"
"""A stretch of time was listed whole; says all columns of its row in ``sync_windows``."""
HOLD = "hold"
"""A legal hold was placed; commits to `HOLD_COLUMNS` of its row."""
RELEASE = "release"
"""It was released; commits to `RELEASE_COLUMNS` of its row."""
HELD = "held"
"""It protects these conversations from now on, by their keys."""
ACCESS = "access"
"""Somebody searched or read; commits to `ACCESS_COLUMNS` of a row of ``access_log``."""
EXPORT = "export"
"""Somebody took conversations away; commits to the same."""
FORGOTTEN = "forgotten"
"""The content and salt of these entries were emptied, as what was said there must be forgotten;
says what of each is left, by `left_commitment`."""


def revision_content(
    conversation: int,
    source: str,
    identifier: str,
    revision: int,
    received_at: str,
    fingerprint: str,
    documents: Iterable[tuple[str, str, int]],
) -> Content:
    """A state of a conversation, with name, SHA-256 and length of each of its documents."""
    return {
        "conversation": conversation,
        "source": source,
        "id": identifier,
        "revision": revision,
        "received_at": received_at,
        "fingerprint": fingerprint,
        "documents": sorted(documents),
    }


def sound_content(
    sha256: str, size: int, media_type: str | None, fetched_at: str, stored: bool
) -> Content:
    """A row of ``recordings``."""
    return {
        "sha256": sha256,
        "bytes": size,
        "media_type": media_type,
        "fetched_at": fetched_at,
        "stored": bool(stored),
    }


def recording_content(conversation: int, sha256: str, received_at: str) -> Content:
    """A row of ``conversation_recordings``."""
    return {"conversation": conversation, "sha256": sha256, "received_at": received_at}


SOURCE_COLUMNS = ("name", "source_kind", "added_at")

WINDOW_COLUMNS = (
    "id", "source", "since", "until", "listed", "stored", "failed", "opened_at", "closed_at",
)  # fmt: skip

HOLD_COLUMNS = ("hold", "name", "query", "reason", "matter", "placed_by", "placed_at")

RELEASE_COLUMNS = ("hold", "released_at", "released_by", "release_reason")

ACCESS_COLUMNS = (
    "at", "action", "user", "host", "query", "format", "conversations", "token",
)  # fmt: skip

_MOST = 1_000
"""Keys or positions in an entry."""


def commit_revision(
    connection: sqlite3.Connection, content: Content, at: str, replaces: int | None = None
) -> tuple[int, bytes]:
    """Write down a state; ``replaces`` is the entry for bytes of it that were lost."""
    names = {name: content[name] for name in ("conversation", "revision")}
    return _commit(connection, REVISION, content, at, replaces, **names)


def commit_sound(
    connection: sqlite3.Connection, content: Content, at: str, replaces: int | None = None
) -> tuple[int, bytes]:
    """Write down the bytes of a recording; ``replaces`` is the entry that said less of them."""
    return _commit(connection, SOUND, content, at, replaces)


def commit_recording(
    connection: sqlite3.Connection,
    content: Content,
    at: str,
    replaces: int | None = None,
    salt: bytes | None = None,
) -> tuple[int, bytes]:
    """Write down that a conversation has a recording; the last such entry is the one it has.

    Of one that it has again ``replaces`` is the entry that said so first. Content and salt are the
    same, so that everybody sees that the commitment is.
    """
    names = {"conversation": content["conversation"]}
    return _commit(connection, RECORDING, content, at, replaces, salt, **names)


def commit_hold(connection: sqlite3.Connection, content: Content, at: str) -> tuple[int, bytes]:
    """Write down a hold that is placed: its `HOLD_COLUMNS`."""
    return _commit(connection, HOLD, content, at, None, hold=content["hold"])


def commit_release(connection: sqlite3.Connection, content: Content, at: str) -> tuple[int, bytes]:
    """Write down that a hold is released: its `RELEASE_COLUMNS`."""
    return _commit(connection, RELEASE, content, at, None, hold=content["hold"])


def commit_access(
    connection: sqlite3.Connection, kind: str, content: Content, at: str
) -> tuple[int, bytes]:
    """Write down an access (`ACCESS` or `EXPORT`): its `ACCESS_COLUMNS`."""
    return _commit(connection, kind, content, at, None)


def note_held(
    connection: sqlite3.Connection, hold: int, keys: Sequence[int], at: str
) -> Iterator[tuple[int, int]]:
    """Write down that a hold protects conversations; each key with the position of its entry."""
    for start in range(0, len(keys), _MOST):
        part = keys[start : start + _MOST]
        position = ledger.append(connection, HELD, at, hold=hold, conversations=list(part))
        yield from ((key, position) for key in part)


def note_forgotten(
    connection: sqlite3.Connection, left: Sequence[tuple[int, Content]], at: str
) -> None:
    """Write down that nobody can know any more what these entries commit to, and what is left.

    Args:
        connection: Within the transaction that empties the rows.
        left: Positions of entries, each with the content of its row as it is now.
        at: When.
    """
    (key,) = connection.execute("SELECT value FROM meta WHERE name = 'erasure_key'").fetchone()
    for start in range(0, len(left), _MOST):
        part = left[start : start + _MOST]
        commitments = [left_commitment(bytes.fromhex(key), *each) for each in part]
        positions = [position for position, _ in part]
        ledger.append(connection, FORGOTTEN, at, entries=positions, left=commitments)


def left_commitment(key: bytes, position: int, content: Content) -> str:
    """What a forgotten entry commits to from then on: what is left in its row.

    The salt is of the archive's secret key, and not in the row: there none says that it was
    emptied.
    """
    return ledger.commitment(hmac.digest(key, b"left %d" % position, "sha256"), content)


def _commit(
    connection: sqlite3.Connection,
    kind: str,
    content: Content,
    at: str,
    replaces: int | None,
    salt: bytes | None = None,
    **names: Any,
) -> tuple[int, bytes]:
    """Append an entry that commits to a content; its position, and the salt."""
    salt = salt or ledger.salt()
    if replaces is not None:
        names["replaces"] = replaces
    commitment = ledger.commitment(salt, content)
    return ledger.append(connection, kind, at, commitment=commitment, **names), salt


def note_deleted(connection: sqlite3.Connection, key: int, deleted_at: str, at: str) -> None:
    """Write down that the vendor has a conversation no more."""
    ledger.append(connection, DELETED, at, conversation=key, deleted_at=deleted_at)


def note_back(connection: sqlite3.Connection, key: int, at: str) -> None:
    """Write down that the vendor has it again."""
    ledger.append(connection, BACK, at, conversation=key)


def note_source(connection: sqlite3.Connection, row: tuple[str, str, str], at: str) -> None:
    """Write down a source as it is now: name, kind, and when it was added."""
    ledger.append(connection, SOURCE, at, **dict(zip(SOURCE_COLUMNS, row, strict=True)))


def note_window(connection: sqlite3.Connection, row: tuple[Any, ...], at: str) -> None:
    """Write down a row of ``sync_windows``."""
    ledger.append(connection, WINDOW, at, **dict(zip(WINDOW_COLUMNS, row, strict=True)))
