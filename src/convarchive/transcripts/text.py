"""Plain text, one line a turn: ``[00:00:05] Customer: I was charged twice``.

`write` makes the form that Ayra documents. `read` takes that, and what comes from elsewhere: stamps
in round brackets or with fractions or as a range, speakers with a number, stamps after the speaker,
long turns that go on over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from convarchive.model import Turn
from convarchive.transcripts.cues import NO_WORDS
from convarchive.transcripts.plain import one_line
from convarchive.transcripts.roles import label, role_of
from convarchive.transcripts.timing import clock, sane

_TIME: Final = r"(?:[0-9]{1,5}:[0-5]?[0-9]|[0-9]{1,3}):[0-5][0-9](?:[.,][0-9]{1,3})?"
_STAMP: Final = rf"[\[(]\s*({_TIME})(?:\s*(?:-->|→|[-–])\s*({_TIME}))?\s*[\])]"
_NAME: Final = r"[^\W_][\w.'’/#-]*"
_LABEL: Final = rf"({_NAME}(?:[ \t]+[\w.'’/#-]+){{0,2}})"
_COLON: Final = r"[ \t]*(?::(?=\s|$)|：)"

_STAMP_FIRST: Final = re.compile(rf"{_STAMP}\s*(?:[-–:]\s+)?(?:{_LABEL}{_COLON})?(.*)", re.DOTALL)
_LABEL_FIRST: Final = re.compile(rf"{_LABEL}(?:[ \t]*{_STAMP})?{_COLON}(.*)", re.DOTALL)

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""Line breaks as files have them; U+2028 and the like are part of what was said."""


class _Line(NamedTuple):
    """A line taken apart; ``text`` alone where it carries no mark of a new turn."""

    text: str
    """As it stands in the line, the line break that ends it included."""
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
    """The turns of a transcript in plain text.

    A turn begins at a line with a stamp (``[00:00:05]``, ``[00:05]``, ``(0:05)``,
    ``[0:05 - 0:09]``) or with a speaker: up to three words before a colon, the first of them not in
    lower case, or a role in lower case (``user:``, ``caller 2:``). Other lines belong to the turn
    above. In a text without a single stamp or speaker, every line is a turn.

    Stamps, speakers and the white space around a turn are taken off. What is left is the text of
    the turn to the character, line breaks within it included. The role is guessed from the speaker
    (`role_of`), ``other`` where there is none.
    """
    lines = [_taken_apart(line) for line in _LINE.findall(text.removeprefix("\ufeff"))]
    unmarked = not any(line.marked for line in lines)
    groups: list[list[_Line]] = []
    for line in lines:
        if line.marked or unmarked or not groups:
            groups.append([line])
        else:
            groups[-1].append(line)
    spoken = (group for group in groups if group[0].marked or any(map(_has_words, group)))
    return [_turn(position, group) for position, group in enumerate(spoken)]


def labelled(line: str) -> tuple[str, str]:
    """The speaker that a line begins with, empty where there is none, and what is said in it."""
    found = _LABEL_FIRST.fullmatch(line.strip())
    if found and found[2] is None and _names_someone(found[1]):
        return found[1], found[4].strip()
    return "", line.strip()


def _line(turn: Turn, stamps: bool, labels: bool) -> str:
    start = sane(turn.start) if stamps else None
    parts = (
        f"[{clock(int(start))[:-4]}]" if start is not None else "",
        f"{label(turn.speaker, turn.role)}:" if labels else "",
        one_line(turn.text),
    )
    return " ".join(part for part in parts if part)


def _taken_apart(line: str) -> _Line:
    begun = line.lstrip()
    if found := _STAMP_FIRST.fullmatch(begun):
        start, end, speaker, text = found.groups()
    elif (found := _LABEL_FIRST.fullmatch(begun)) and _names_someone(found[1]):
        speaker, start, end, text = found.groups()
    else:
        return _Line(line, marked=False)
    return _Line(text, speaker or "", _seconds(start), _seconds(end))


def _names_someone(words: str) -> bool:
    """Whether what stands before a colon is a speaker, and not the middle of a sentence."""
    if not words[0].islower():
        return True
    first, *others = words.split()
    return role_of(first) != "other" and all(word.isdecimal() for word in others)


def _has_words(line: _Line) -> bool:
    return bool(line.text.strip())


def _seconds(time: str | None) -> float | None:
    """``1:02:03.5`` as seconds."""
    if time is None:
        return None
    seconds = 0.0
    for part in time.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return sane(seconds)


def _turn(position: int, lines: Sequence[_Line]) -> Turn:
    first = lines[0]
    text = "".join(line.text for line in lines).strip()
    backwards = first.start is not None and first.end is not None and first.end < first.start
    end = None if backwards else first.end
    return Turn(position, first.speaker, role_of(first.speaker), text, first.start, end)
