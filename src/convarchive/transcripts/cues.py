"""What SubRip and WebVTT have in common: one cue a turn, in the order of time.

Both formats are lines with blank lines between, and both have readers that look for ``-->`` to find
where a cue begins. A text that holds a blank line, a number and a time code would forge a cue. So a
text becomes one line, and ``-->`` becomes ``→``.

A turn without words still gets a cue, with ``…`` for its text: readers drop cues that are empty,
and then their count would no longer be that of the turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from convarchive.model import Turn
from convarchive.transcripts.plain import one_line
from convarchive.transcripts.roles import label
from convarchive.transcripts.timing import spans

NO_WORDS: Final = "…"


class Cue(NamedTuple):
    """What is shown from one moment to another."""

    start: float
    """Seconds from the start of the call, to the millisecond."""
    end: float
    """Later than ``start``."""
    name: str
    """Of the speaker; never empty."""
    text: str
    """One line without control characters; never empty."""


def cues(turns: Sequence[Turn], duration: float | None = None) -> list[Cue]:
    """A cue for each turn, by start; WebVTT wants them so, and players of SubRip expect it."""
    timed = zip(turns, spans(turns, duration), strict=True)
    made = [Cue(start, end, _name(turn), _text(turn)) for turn, (start, end) in timed]
    return sorted(made, key=attrgetter("start"))


def _name(turn: Turn) -> str:
    return _no_arrow(label(turn.speaker, turn.role)) or "Other"


def _text(turn: Turn) -> str:
    return _no_arrow(one_line(turn.text)) or NO_WORDS


def _no_arrow(line: str) -> str:
    return line.replace("-->", "→")
