"""Plain text, one line a turn: ``[00:00:05] Customer: I was charged twice``.

`write` makes the form that Ayra documents. `read` takes that, and what comes from elsewhere: stamps
in round brackets or with fractions or as a range, speakers with a number, stamps after the speaker,
long turns that go on over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from convarchive.model import Turn
from convarchive.transcripts.cues import NO_WORDS
from convarchive.transcripts.plain import one_line
from convarchive.transcripts.roles import label, role_of
from convarchive.transcripts.timing import clock, sane

_TIME: Final = r"(?:\d+:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_STAMP: Final = rf"[\[(]\s*({_TIME})(?:\s*(?:-->|→|[-–])\s*({_TIME}))?\s*[\])]"
_NAME: Final = r"[^\W_][\w.'’/#-]*"
_LABEL: Final = rf"({_NAME}(?:[ \t]+[\w.'’/#-]+){{0,2}})"
_COLON: Final = r"[ \t]*(?::(?=\s|$)|：)"

_STAMP_FIRST: Final = re.compile(rf"{_STAMP}\s*[-–:]?\s*(?:{_LABEL}{_COLON})?(.*)", re.DOTALL)
_LABEL_FIRST: Final = re.compile(rf"{_LABEL}(?:[ \t]*{_STAMP})?{_COLON}(.*)", re.DOTALL)


class _Line(NamedTuple):
    """A line taken apart; ``text`` alone where it carries no mark of a new turn."""

    text: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    marked: bool = True


def write(
    turns: Sequence[Turn], *, include_timestamps: bool = True, speaker_labels: bool = True
) -> str:
    """One line a turn, the time in whole seconds, rounded down; no stamp where there is no time.

    Line breaks in a text become spaces. A line that would be empty holds ``…`` instead.
    """
    lines = (_line(turn, include_timestamps, speaker_labels) for turn in turns)
    return "".join(f"{line or NO_WORDS}\n" for line in lines)


def read(text: str) -> list[Turn]:
    """The turns of a transcript in plain text; nothing of it is dropped.

    A turn begins at a line with a stamp (``[00:00:05]``, ``[00:05]``, ``(0:05)``, ``[0:05 - 0:09]``)
    or with a speaker: up to three words before a colon, the first not in lower case. Other lines
    belong to the turn above. In a text without a single stamp or speaker, every line is a turn.
    The role is guessed from the speaker (`role_of`), ``other`` where there is none.
    """
    lines = [_taken_apart(line) for line in _lines(text)]
    turns: list[Turn] = []
    unmarked = not any(line.marked for line in lines)
    for line in lines:
        if line.marked or unmarked or not turns:
            turns.append(_turn(len(turns), line))
        else:
            above = turns[-1]
            turns[-1] = above._replace(text=f"{above.text} {line.text}".strip())
    return turns


def _line(turn: Turn, stamps: bool, labels: bool) -> str:
    start = sane(turn.start) if stamps else None
    parts = (
        f"[{clock(int(start))[:-4]}]" if start is not None else "",
        f"{label(turn.speaker, turn.role)}:" if labels else "",
        one_line(turn.text),
    )
    return " ".join(part for part in parts if part)


def _lines(text: str) -> Iterator[str]:
    for line in text.removeprefix("\ufeff").splitlines():
        if stripped := line.strip():
            yield stripped


def _taken_apart(line: str) -> _Line:
    if found := _STAMP_FIRST.fullmatch(line):
        start, end, speaker, text = found.groups()
    elif (found := _LABEL_FIRST.fullmatch(line)) and not line[0].islower():
        speaker, start, end, text = found.groups()
    else:
        return _Line(line, marked=False)
    return _Line(text.strip(), speaker or "", _seconds(start), _seconds(end))


def _seconds(time: str | None) -> float | None:
    """``1:02:03.5`` as seconds."""
    if time is None:
        return None
    seconds = 0.0
    for part in time.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return sane(seconds)


def _turn(position: int, line: _Line) -> Turn:
    end = line.end if line.end is None or line.start is None or line.end >= line.start else None
    role = role_of(line.speaker)
    return Turn(position, line.speaker, role, line.text, line.start, end)
