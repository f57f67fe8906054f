r"""``csv``: for spreadsheets and data frames; a row a conversation, or a row a turn.

RFC 4180: commas, CRLF, double quotes, UTF-8 without a byte order mark (which most readers take for
a part of the first column's name). Texts are always in quotes and numbers never are, so a
spreadsheet that splits at semicolons leaves texts whole, too. A missing value is an empty cell.
Lists and objects (``topics``, ``actions``, ``quality`` …) are JSON, since a topic can hold any
separator that one might think of.

**Formulas.** A spreadsheet runs a cell that begins with ``=``, ``+``, ``-``, ``@``, tab, CR, LF or
NUL, some also one with their wide forms ``＝＋－＠``, and callers choose what they say. Such a text
gets a single quote in front, ``'+15550104477``; so does one in which only single quotes come before
such a character. Numbers in columns of numbers stay as they are. To get the true text back, take
one quote away from every cell that matches ``^'+[=+\-@＝＋－＠\t\r\n\0]``. The JSON formats need
none of this.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from convarchive.export.encoding import encode
from convarchive.export.selection import FileFormat, Selection, Sink
from convarchive.model import Conversation, Turn, record

COLUMNS: Final = (
    *(name for name in Conversation._fields if name not in {"recording", "turns"}),
    "recording_sha256", "recording_bytes", "recording_media_type", "turns",
)  # fmt: skip
"""Of a row a conversation; ``turns`` is how many there are."""

TURN_COLUMNS: Final = ("source", "id", "started_at", *Turn._fields)
"""Of a row a turn, the first three being the conversation's."""

_FORMULA: Final = re.compile(r"'*[=+\-@＝＋－＠\t\r\n\0]")


def write(selection: Selection, out: Sink) -> None:
    """A row a conversation, with `COLUMNS`."""
    rows = (_conversation_row(conversation) for _, conversation in selection.conversations())
    _write(out, COLUMNS, rows)


def write_turns(selection: Selection, out: Sink) -> None:
    """A row a turn, with `TURN_COLUMNS`; a conversation without turns has no row."""
    _write(out, TURN_COLUMNS, _turn_rows(selection))


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if _FORMULA.match(text) else text


def _conversation_row(conversation: Conversation) -> list[Any]:
    values = record(conversation._replace(turns=()))
    recording = values["recording"] or {}
    for name in ("sha256", "bytes", "media_type"):
        values[f"recording_{name}"] = recording.get(name)
    values["turns"] = len(conversation.turns)
    return [values[name] for name in COLUMNS]


def _turn_rows(selection: Selection) -> Iterator[tuple[Any, ...]]:
    for _, conversation in selection.conversations():
        for turn in conversation.turns:
            yield (conversation.source, conversation.id, conversation.started_at, *turn)


def _write(out: Sink, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    writer = csv.writer(_Encoder(out), quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])


class _Encoder(NamedTuple):
    """What the csv module writes to: rows of text, passed on in UTF-8."""

    out: Sink

    def write(self, row: str) -> None:
        self.out.write(row.encode())


def _cell(value: Any) -> str | float | int:
    """What the writer puts in quotes if it is a text, and writes as it is if it is a number."""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value if math.isfinite(value) else ""
    return encode(value).decode() if value else ""


FORMAT = FileFormat(
    "csv", "a row a conversation, or with --turns a row a turn", write, write_turns,
    grants=frozenset({"recordings"}),
)  # fmt: skip
