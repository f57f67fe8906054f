"""``parquet``: typed columns for data frames and warehouses (https://parquet.apache.org).

A row a conversation, with its turns as a nested list, or a row a turn. Times are timestamps in UTC
with microseconds, durations doubles, topics and keywords lists of texts. What can hold any JSON
(``actions``, ``quality`` …) is JSON in a text, as in the archive's own tables. Compressed with
Zstandard.

Where a time is no time, its column is null, and the text that stood there is in ``untyped``, a JSON
object by column; that is null nearly everywhere. Fractions finer than a microsecond are cut off.

The file describes itself: its metadata has the heading of all manifests under ``convarchive``. The
footer is written last, and only if nothing failed: a file without it can't be opened. Rows pass
through in groups of some megabytes, which take the memory and are what readers skip or read.

pyarrow writes it, which is large and not needed for anything else, so it is an extra:
``convarchive[parquet]``. The bytes are the same for the same version of pyarrow.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeVar

from convarchive.errors import UsageError
from convarchive.export.csv import COLUMNS, TURN_COLUMNS
from convarchive.export.encoding import encode, heading
from convarchive.export.selection import FileFormat, Selection, Sink
from convarchive.model import Conversation, Recording, Turn

_TIMES: Final = ("started_at", "ended_at", "deleted_at_source")
_LISTS: Final = ("topics", "keywords")
_JSON: Final = (
    "actions", "follow_up_tasks", "satisfaction", "integrations", "quality", "network", "errors",
)  # fmt: skip

_TEXT: Final = 250_000
"""Characters that wait as Python's objects until they become columns …"""
_ROW_GROUP: Final = 8_000_000
"""… and bytes of columns that wait until they are written."""

_Row = dict[str, Any]
T = TypeVar("T")


def write(selection: Selection, out: Sink) -> None:
    """A row a conversation.

    Raises:
        UsageError: pyarrow is not installed.
    """
    pa = _pyarrow()
    rows = (_conversation_row(conversation) for _, conversation in selection.conversations())
    _write(pa, _columns(pa), rows, selection, out)


def write_turns(selection: Selection, out: Sink) -> None:
    """A row a turn; a conversation without turns has no row.

    Raises:
        UsageError: pyarrow is not installed.
    """
    pa = _pyarrow()
    _write(pa, _turn_columns(pa), _turn_rows(selection), selection, out)


def _pyarrow() -> ModuleType:
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed.", "",
            "Install it: pip install 'convarchive[parquet]'",
        ) from error  # fmt: skip


def _columns(pa: ModuleType) -> dict[str, Any]:
    return {
        **dict.fromkeys(COLUMNS, pa.string()),
        **dict.fromkeys(_TIMES, _timestamp(pa)),
        **dict.fromkeys(_LISTS, pa.list_(pa.string())),
        "duration": pa.float64(),
        "has_transcript": pa.bool_(),
        "revision": pa.int64(),
        "recording_bytes": pa.int64(),
        "turns": pa.list_(pa.struct(_of_a_turn(pa))),
        "untyped": pa.string(),
    }


def _turn_columns(pa: ModuleType) -> dict[str, Any]:
    started = {"started_at": _timestamp(pa)}
    return {**dict.fromkeys(TURN_COLUMNS, pa.string()), **started, **_of_a_turn(pa)}


def _of_a_turn(pa: ModuleType) -> dict[str, Any]:
    numbers = dict.fromkeys(("start", "end", "confidence"), pa.float64())
    return {**dict.fromkeys(Turn._fields, pa.string()), "position": pa.int64(), **numbers}


def _timestamp(pa: ModuleType) -> Any:
    return pa.timestamp("us", "UTC")


def _conversation_row(conversation: Conversation) -> _Row:
    values = conversation._asdict()
    recording = values.pop("recording") or Recording()
    for name in ("sha256", "bytes", "media_type"):
        values[f"recording_{name}"] = getattr(recording, name)
    for name in _JSON:
        values[name] = None if values[name] is None else _json(values[name])
    for name in _LISTS:
        values[name] = [each if isinstance(each, str) else _json(each) for each in values[name]]
    times = {name: _instant(values[name]) for name in _TIMES}
    odd = {name: values[name] for name in _TIMES if values[name] is not None and not times[name]}
    return {**values, **times, "untyped": _json(odd) if odd else None}


def _json(value: Any) -> str:
    return encode(value).decode()


def _turn_rows(selection: Selection) -> Iterator[_Row]:
    for _, conversation in selection.conversations():
        started_at = _instant(conversation.started_at)
        about = {"source": conversation.source, "id": conversation.id, "started_at": started_at}
        for turn in conversation.turns:
            yield {**about, **turn._asdict()}


def _instant(text: str | None) -> datetime | None:
    """The time; None where it is none, or has no zone."""
    with suppress(ValueError, OverflowError):
        if text and (time := datetime.fromisoformat(text)).tzinfo:
            return time.astimezone(UTC)
    return None


def _write(
    pa: ModuleType, columns: dict[str, Any], rows: Iterable[_Row], selection: Selection, out: Sink
) -> None:
    schema = pa.schema(columns, {"convarchive": encode(heading(selection))})
    with _stream(out) as file:
        writer = pa.parquet.ParquetWriter(file, schema, compression="zstd")
        batches = (
            pa.RecordBatch.from_pylist(some, schema) for some in _chunks(rows, _weight, _TEXT)
        )
        for group in _chunks(batches, lambda batch: int(batch.nbytes), _ROW_GROUP):
            writer.write_table(pa.Table.from_batches(group, schema))
            group.clear()
            pa.default_memory_pool().release_unused()  # which would else be kept
        writer.close()


def _chunks(items: Iterable[T], weight: Callable[[T], int], limit: int) -> Iterator[list[T]]:
    """The items in lists, each ended by the item that brings it to the limit."""
    chunk: list[T] = []
    total = 0
    for item in items:
        chunk.append(item)
        total += weight(item)
        if total >= limit:
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk


def _weight(row: _Row) -> int:
    """Roughly the characters of a row; a turn counts for a hundred more than it says."""
    texts = sum(len(value) for value in row.values() if isinstance(value, str))
    return 100 + texts + sum(100 + len(turn.text) for turn in row.get("turns", ()))


@contextmanager
def _stream(out: Sink) -> Iterator[_Stream]:
    """The sink as a file. When something failed, nothing more is written: pyarrow writes the footer
    of what there is when it lets go, and it would look whole."""
    stream = _Stream(out)
    try:
        yield stream
    except BaseException:
        stream.abandoned = True
        raise


class _Stream(io.RawIOBase):
    abandoned = False

    def __init__(self, out: Sink) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if not self.abandoned:
            self._out.write(bytes(data))
        return len(data)


FORMAT = FileFormat(
    "parquet", "typed columns, a row a conversation, or with --turns a row a turn", write,
    write_turns, grants=frozenset({"recordings"}), binary=True,
)  # fmt: skip
