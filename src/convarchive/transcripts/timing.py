"""Times for turns that have none, or impossible ones.

Vendors give a start and no end, or neither, or an end before the start, or a negative start where
the speech recognition aligned a little too early. Cues need both, so what is missing is derived:
from the neighbours where they are known, else from how long the words take to say. What the vendor
did give is kept, overlaps included; two people do speak at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from convarchive.model import Turn

WORDS_A_SECOND: Final = 2.7
"""Unhurried telephone speech, about 160 words a minute."""

CJK_A_SECOND: Final = 6.0
"""Chinese, Japanese and Korean characters, each about a syllable."""

SHORTEST: Final = 0.5
"""Seconds that a derived span lasts at least, so that it can be read."""

_LONGEST_CALL: Final = 3.6e8
"""Seconds, a hundred thousand hours. What is beyond it is no place in a call: a Unix timestamp."""

_CJK: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


def spans(turns: Sequence[Turn], duration: float | None = None) -> list[tuple[float, float]]:
    """Start and end of each turn, in seconds, rounded to milliseconds; the end is always later.

    * Given times stay as they are, but for negative ones, which become 0, and for those that are
      not finite or from a hundred thousand hours on, which count as missing. So does an end that is
      not after its start.
    * A missing start is the end of the turn before, or the next known start if that is earlier.
    * A missing end is the next known start (for the last turn, the end of the call), but no later
      than the words take to say, and no less than half a second after the start.

    Args:
        turns: In the order of the transcript.
        duration: Of the call, in seconds.
    """
    limits = _limits(turns, duration)
    result: list[tuple[float, float]] = []
    last_start = last_end = 0.0
    for turn, limit in zip(turns, limits, strict=True):
        start = sane(turn.start)
        if start is None:
            start = min(last_end, limit) if limit >= last_start else last_end
        end = sane(turn.end)
        if end is None or end <= start:
            end = _derived_end(turn, start, limit)
        result.append((start, end))
        last_start, last_end = start, end
    return result


def sane(seconds: float | None) -> float | None:
    """The time in milliseconds' precision, or None where it is no place in a call."""
    if seconds is None or not math.isfinite(seconds) or seconds >= _LONGEST_CALL:
        return None
    return round(max(seconds, 0.0), 3)


def speaking_time(text: str) -> float:
    """Seconds that it takes to say this, roughly."""
    rest, characters = (text, 0) if text.isascii() else _CJK.subn(" ", text)
    return len(rest.split()) / WORDS_A_SECOND + characters / CJK_A_SECOND


def clock(seconds: float, point: str = ".") -> str:
    """``HH:MM:SS.mmm``, with as many digits for the hours as it takes, at least two."""
    rest, milliseconds = divmod(round(seconds * 1000), 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{milliseconds:03}"


def _limits(turns: Sequence[Turn], duration: float | None) -> list[float]:
    """For each turn the next start that is known, which a derived time should not pass."""
    ahead = sane(duration)
    limit = ahead or math.inf
    limits: list[float] = []
    for turn in reversed(turns):
        limits.append(limit)
        start = sane(turn.start)
        limit = limit if start is None else start
    return limits[::-1]


def _derived_end(turn: Turn, start: float, limit: float) -> float:
    room = limit - start if limit > start else math.inf
    return round(start + max(SHORTEST, min(room, speaking_time(turn.text))), 3)
