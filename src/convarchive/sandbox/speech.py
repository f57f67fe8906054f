"""When each turn was said, for transcripts that do not tell.

People on the phone say 2.6 to 2.9 words a second, leave a short gap before they answer, and now and
then begin before the other has finished. Deterministic: the same chance, the same times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from convarchive.transcripts.timing import WORDS_A_SECOND, speaking_time

SLOWEST: Final = 2.6
FASTEST: Final = 2.9

_OVERLAPS: Final = 0.12
"""The share of turns that begin before the one before has ended."""

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:['’.-][^\W_]+)*")


def spoken(
    turns: Iterable[tuple[float, tuple[float, float] | None]], chance: Callable[[], float]
) -> Iterator[tuple[float, float]]:
    """Start and length of each turn, in seconds with two digits.

    Args:
        turns: How many words each has, and start and end where they are known.
        chance: Gives numbers from 0 to 1, two for each turn.
    """
    clock = 0.4 + 0.6 * chance()
    for words, given in turns:
        pace = SLOWEST + (FASTEST - SLOWEST) * chance()
        start, end = given or (clock, clock + max(words, 1) / pace)
        # Cut rather than rounded, which in Python costs as much as all the rest.
        yield int(start * 100) / 100, int((end - start) * 100) / 100
        gap = chance()
        if gap < _OVERLAPS:
            clock = end - min(0.1 + 4 * gap, (end - start) / 2)
        else:
            clock = end + 0.15 + 0.9 * gap * gap


def effort(text: str) -> float:
    """How many English words this takes the time of; Chinese and Japanese go by characters."""
    return speaking_time(text) * WORDS_A_SECOND


def word_count(text: str) -> int:
    """Words as a transcript counts them; each Chinese, Japanese or Korean character is one."""
    return len(_WORD.findall(text))
