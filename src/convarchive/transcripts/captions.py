"""What SubRip and WebVTT have in common when they are read: lines, and where a cue begins.

Files from elsewhere are rarely as their format wants them. A cue therefore begins at every line
that is a timing, whatever stands around it: with a comma or a point before the milliseconds, with
or without hours, numbers, blank lines, settings. What follows up to the next cue is its text. No
input is an error; one without a timing has no cues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from convarchive.model import Turn
from convarchive.transcripts.roles import role_of
from convarchive.transcripts.text import labelled
from convarchive.transcripts.timing import sane

_BREAK: Final = re.compile(r"\r\n|\r|\n")
"""As files have them; U+2028 and the like are part of what was said."""

_TIME: Final = r"(?:([0-9]{1,6}):)?([0-9]{1,3}):([0-9]{1,2})(?:[.,]([0-9]{1,3}))?"
_TIMING: Final = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")


class Caption(NamedTuple):
    """A cue as it stands in the file."""

    start: float
    """Seconds from the start of the call."""
    end: float | None
    """None where it would be before the start."""
    lines: list[str]
    """Of its text, with markup; none of them is blank."""


def captions(text: str, *, named: bool = False, comments: Sequence[str] = ()) -> list[Caption]:
    """The cues of a file, in its order.

    Args:
        text: All of it, with or without a byte order mark.
        named: Whether a cue can have any name; else it is a number.
        comments: Words that begin a block, after a blank line, that is no part of any cue.
    """
    lines = _BREAK.split(text.removeprefix("\ufeff"))
    timings = [(at, found) for at, line in enumerate(lines) if (found := _TIMING.fullmatch(line))]
    # Where each cue begins, its number or name included; behind the last one nothing does.
    heads = [_head(lines, at, named=named) for at, _ in timings] + [len(lines)]
    cues = []
    for (at, timing), following in zip(timings, heads[1:], strict=True):
        start, end = _seconds(*timing.groups()[:4]), _seconds(*timing.groups()[4:])
        kept = _kept(lines[at + 1 : following], comments)
        cues.append(Caption(start, end if end >= start else None, kept))
    return cues


def is_timing(line: str) -> bool:
    """Whether a line says from when to when a cue is shown."""
    return _TIMING.fullmatch(line) is not None


def by_label(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Speaker and words, anew for each line that begins with a speaker (``Customer: …``)."""
    spoken: list[tuple[str, list[str]]] = []
    for line in lines:
        speaker, words = labelled(line)
        if speaker or not spoken:
            spoken.append((speaker, [words]))
        else:
            spoken[-1][1].append(words)
    return [(speaker, "\n".join(words)) for speaker, words in spoken] or [("", "")]


def turns(spoken: Iterable[tuple[Caption, Iterable[tuple[str, str]]]]) -> list[Turn]:
    """A turn for each speaker of each cue, with the cue's times."""
    said = ((cue, speaker, words) for cue, each in spoken for speaker, words in each)
    return [
        Turn(position, speaker, role_of(speaker), words, cue.start, cue.end)
        for position, (cue, speaker, words) in enumerate(said)
    ]


def _head(lines: Sequence[str], at: int, *, named: bool) -> int:
    """The line in which the cue of this timing begins.

    That is the line above, if it is a number that is not all that the cue before it says, or a name
    that stands alone.
    """
    above = lines[at - 1].strip() if at else ""
    if not above or is_timing(above):
        return at
    before = lines[at - 2] if at > 1 else ""
    numbered = above.isdecimal() and not is_timing(before)
    return at - 1 if numbered or (named and not before.strip()) else at


def _kept(lines: Iterable[str], comments: Sequence[str]) -> list[str]:
    kept, after_blank, in_comment = [], False, False
    for line in lines:
        if not line.strip():
            after_blank, in_comment = True, False
            continue
        in_comment = in_comment or (after_blank and line.split()[0] in comments)
        after_blank = False
        if not in_comment:
            kept.append(line.strip())
    return kept


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return sane(float(f"{whole}.{fraction or 0}")) or 0.0
