"""Between the model's tuples and the tables' columns: one list of columns, read both ways."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from convarchive.model import Conversation, Recording, Turn

PLAIN = (
    "source", "id", "status", "started_at", "ended_at", "duration", "agent_id", "caller_number",
    "language", "summary", "sentiment", "intent", "outcome", "failure_reason",
    "abandonment_reason", "platform",
)  # fmt: skip
"""Columns that hold a field of `Conversation` as it is."""

LISTS = ("topics", "keywords", "actions", "follow_up_tasks")
"""Columns that hold a tuple as a JSON array."""

VALUES = ("satisfaction", "integrations", "quality", "network", "errors")
"""Columns that hold any JSON value; a missing one is NULL."""

PROJECTED = (*PLAIN, *LISTS, *VALUES, "has_transcript", "turn_count", "offers_recording")
"""Every column that is made from the vendor's bytes alone, in the order of `project`."""

_READ = f"""
SELECT key, {", ".join(f"c.{name}" for name in (*PLAIN, *LISTS, *VALUES))}, has_transcript,
       revision, deleted_at_source, recording_sha256, r.bytes, r.media_type
FROM conversations AS c LEFT JOIN recordings AS r ON r.sha256 = c.recording_sha256
"""

_TURNS = (
    'SELECT position, speaker, role, text, start, "end", confidence FROM turns'
    " WHERE conversation = ? ORDER BY position"
)

_BATCH = 25
"""Conversations in memory at a time. With 200 it takes half as long again: they leave the cache."""

_PAGE = 100
"""As many as fit on a screen."""

_MOST = 2**63 - 1  # that SQLite can count


_LISTS_AT = Conversation._fields.index(LISTS[0])
"""`Conversation` has its fields in the order of `PLAIN`, `LISTS` and `VALUES`."""


def project(conversation: Conversation) -> tuple[Any, ...]:
    """The values of `PROJECTED`."""
    return (
        *conversation[: len(PLAIN)],
        *map(_dump, conversation[_LISTS_AT : _LISTS_AT + len(LISTS) + len(VALUES)]),
        conversation.has_transcript,
        len(conversation.turns),
        conversation.recording is not None and conversation.recording.url is not None,
    )


def same(
    connection: sqlite3.Connection, key: int, conversation: Conversation, *, offer: bool = True
) -> bool:
    """Whether the rows of this key are those of this conversation.

    Args:
        connection: To the archive's database.
        key: Of what is stored.
        conversation: To be compared.
        offer: Whether it counts that the vendor offers a recording; exports do not tell.
    """
    columns = PROJECTED if offer else PROJECTED[:-1]
    stored = connection.execute(
        f"SELECT {', '.join(columns)} FROM conversations WHERE key = ?", (key,)
    ).fetchone()
    turns = connection.execute(
        "SELECT * FROM turns WHERE conversation = ? ORDER BY position", (key,)
    ).fetchall()
    told = project(conversation)[: len(columns)]
    return stored == told and turns == list(turn_rows(key, conversation.turns))


def turn_rows(key: int, turns: Iterable[Turn]) -> Iterator[tuple[Any, ...]]:
    """Rows of the table ``turns``."""
    return ((key, *turn) for turn in turns)


def read(
    connection: sqlite3.Connection, keys: Sequence[int], *, turns: bool = True
) -> Iterator[tuple[int, Conversation]]:
    """The conversations of these keys, in this order, a bounded number in memory at a time.

    Keys that are not in the archive are left out.
    """
    load = _loader(len(keys))
    for at in range(0, len(keys), _BATCH):
        batch = keys[at : at + _BATCH]
        found = _read_batch(connection, batch, load, turns=turns)
        yield from ((key, found[key]) for key in batch if key in found)


_Load = Callable[[str], Any]


def _loader(count: int) -> _Load:
    """What reads JSON: msgspec is ten times as fast, but takes longer to import than a page."""
    if count <= _PAGE:
        return json.loads
    import msgspec.json

    return msgspec.json.decode


def _read_batch(
    connection: sqlite3.Connection, keys: Sequence[int], load: _Load, *, turns: bool
) -> dict[int, Conversation]:
    marks = ",".join("?" * len(keys))
    found = connection.execute(f"{_READ} WHERE key IN ({marks})", keys).fetchall()
    return {row[0]: _conversation(row, _spoken(connection, row[0], turns), load) for row in found}


_turn = functools.partial(tuple.__new__, Turn)
"""``Turn._make`` without the check of the length: half of an export is turns."""


def _spoken(connection: sqlite3.Connection, key: int, wanted: bool) -> tuple[Turn, ...]:
    return tuple(map(_turn, connection.execute(_TURNS, (key,)))) if wanted else ()


def _conversation(row: tuple[Any, ...], turns: tuple[Turn, ...], load: _Load) -> Conversation:
    lists = 1 + len(PLAIN)
    values = lists + len(LISTS)
    rest = values + len(VALUES)
    has_transcript, revision, deleted_at, sha256, size, media_type = row[rest:]
    fields = (
        *row[1:lists],
        *(() if text == "[]" else tuple(load(text)) for text in row[lists:values]),
        *(None if text is None else load(text) for text in row[values:rest]),
        Recording(None, sha256, size, media_type) if sha256 else None,
        bool(has_transcript),
        turns,
        revision,
        deleted_at,
    )
    return Conversation._make(fields)


def _dump(value: Any) -> str | None:
    if value is None:
        return None
    return "[]" if value == () else _encoder()(value).decode()


@functools.cache
def _encoder() -> Callable[[Any], bytes]:
    """Asked for nine times a conversation, and not at all by a search, which starts without it."""
    import msgspec.json

    return msgspec.json.Encoder().encode


_ORDERS = {
    "newest": "rtrim(started_at, 'Z') DESC, key",
    "oldest": "rtrim(started_at, 'Z'), key",
    "longest": "duration DESC, rtrim(started_at, 'Z') DESC, key",
    "export": "rtrim(started_at, 'Z'), source, id",
}


def keys(connection: sqlite3.Connection, order: str, limit: int = 0, offset: int = 0) -> list[int]:
    """The keys of all conversations in an order: newest, oldest, longest, export."""
    found = connection.execute(
        f"SELECT key FROM conversations ORDER BY {_ORDERS[order]} LIMIT ? OFFSET ?",
        (min(limit, _MOST) or _MOST, min(offset, _MOST)),
    )
    return [row[0] for row in found]


def count(connection: sqlite3.Connection) -> int:
    """How many conversations there are."""
    (found,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
    return int(found)
