"""What a terminal shows: safe text of a known width, dates, durations, sizes.

Everything that a caller or a vendor has said goes through `one_line`: control characters become
visible, so that a transcript can't drive the terminal.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TextIO

import click

from convarchive.model import Conversation
from convarchive.transcripts.plain import plain

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BREAKS = str.maketrans("\n\t\u2028\u2029\v\f\r", "       ")


def columns(stream: TextIO | None = None) -> int:
    """How wide the screen is; wide, where the output is no terminal and nothing need be cut."""
    if not (stream or sys.stdout).isatty():
        return 10_000
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns


def one_line(text: str) -> str:
    """Text that is safe to show, in one line, each character in the place of one."""
    return plain(text.translate(_BREAKS), show_bidi=True)


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, columns: int) -> str:
    """The text, with an ellipsis for what does not fit."""
    if width(text) <= columns:
        return text
    kept, taken = [], 1
    for character in text:
        taken += _width(character)
        if taken > columns:
            break
        kept.append(character)
    return "".join(kept) + "…" if columns > 0 else ""


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text in exactly so many columns."""
    text = cut(text, columns)
    space = " " * (columns - width(text))
    return space + text if right else text + space


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        rest = word
        if line and width(line) + 1 + width(rest) <= columns:
            line = f"{line} {rest}"
            continue
        if line:
            lines.append(line)
        while width(rest) > columns:
            piece = rest[: max(1, _forth(rest, 0, columns))]
            lines.append(piece)
            rest = rest[len(piece) :]
        line = rest
    return [*lines, line] if line or not lines else lines


def filled(parts: Sequence[str], gap: str, columns: int) -> list[str]:
    """The parts with a gap between, in as few lines as have room for them, none of them broken."""
    lines: list[str] = []
    for part in parts:
        if lines and width(f"{lines[-1]}{gap}{part}") <= columns:
            lines[-1] += f"{gap}{part}"
        else:
            lines.append(cut(part, columns))
    return lines


def highlighted(text: str, marks: Sequence[tuple[int, int]], columns: int) -> str:
    """One line of a text around its first mark, all marks between ‹ and › and in colour."""
    safe = one_line(text)
    start, end = _window(safe, marks, columns)
    parts = ["…" if start else ""]
    at = start
    for first, last in marks:
        if last <= start or first >= end:
            continue
        parts += [safe[at : max(first, at)], _mark(safe[max(first, at) : min(last, end)])]
        at = min(last, end)
    return "".join([*parts, safe[at:end], "…" if end < len(safe) else ""])


def when(instant: str | None, zone: tzinfo | None) -> str:
    """A time as ``15 Jan 2026 10:42``."""
    if instant is None:
        return "no date"
    moment = datetime.fromisoformat(instant).astimezone(zone)
    month = _MONTHS[moment.month - 1]
    return f"{moment.day:2} {month} {moment.year} {moment.hour:02}:{moment.minute:02}"


def clock(seconds: float | None) -> str:
    """A duration or a place in a call as ``4:07`` or ``1:02:03``."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(number: int) -> str:
    """Bytes as ``61 GB``."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return (
                f"{amount:.0f} {unit}"
                if amount >= 10 or unit == "bytes"
                else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:,.1f} TB"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 conversation``, ``1,204 conversations``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def outcome(conversation: Conversation) -> str:
    """How it ended: the outcome where there is one, else the status, and whether it is gone."""
    ended = one_line(conversation.outcome or "") or conversation.status.replace("_", " ")
    if conversation.status in ("failed", "abandoned") and conversation.outcome:
        ended = conversation.status
    return f"{ended}, deleted at source" if conversation.deleted_at_source else ended


def _window(text: str, marks: Sequence[tuple[int, int]], columns: int) -> tuple[int, int]:
    """Which characters to show, so that the first mark is among them."""
    # Every mark takes two more columns, an ellipsis on either side one.
    if width(text) + 2 * len(marks) <= columns:
        return 0, len(text)
    first, last = marks[0] if marks else (0, 0)
    room = columns - 2 - 2 * len(marks[:3])
    start = 0
    if width(text[:last]) > room:
        start = _back(text, first, max(0, min(columns // 3, room - width(text[first:last]))))
        space = text.find(" ", start, first)
        start = start if space == -1 else space + 1
    end = _forth(text, start, room)
    if end == len(text):
        start = _back(text, end, room)
    return start, end


def _back(text: str, at: int, room: int) -> int:
    """As many characters before this one as there is room for."""
    while at > 0 and _width(text[at - 1]) <= room:
        at -= 1
        room -= _width(text[at])
    return at


def _forth(text: str, at: int, room: int) -> int:
    """As many characters from this one on as there is room for."""
    while at < len(text) and _width(text[at]) <= room:
        room -= _width(text[at])
        at += 1
    return at


def _mark(text: str) -> str:
    return click.style(f"‹{text}›", fg="magenta", bold=True)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
