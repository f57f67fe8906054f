"""Who speaks in a made-up call, for how long, and in which words.

* Turns a call: 4, 16, 38 at the 5th, 50th and 95th percentile.
* Words a turn: 2, 8, 19 at the 10th, 50th and 90th; the agent's turns are 30 % longer.
* Numbers come in words, and in groups of digits as the recognition splits them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random
from typing import Final, NamedTuple

from convarchive.sandbox.scenarios import DIGITS, Scenario
from convarchive.sandbox.speech import word_count
from convarchive.sandbox.vocabulary import words


class Line(NamedTuple):
    """A turn that is yet to be put into words."""

    speaker: str
    words: int
    fixed: str = ""
    """What is said, where that is no matter of chance."""


def lines(status: str, scenario: Scenario, chance: Callable[[], float]) -> list[Line]:
    """Who speaks, in which order, and how many words each time."""
    count = _TURNS[int(chance() * 1000)]
    if status == "abandoned":
        count = 0 if chance() < 0.7 else 1
    elif status != "completed":
        count = max(1, count // 3)
    made = list(_opening(scenario)[:count])
    agent = False
    for _ in range(count - 2):
        if chance() > 0.06:
            agent = not agent
        length = (_AGENT_WORDS if agent else _CUSTOMER_WORDS)[int(chance() * 1000)]
        made.append(Line("agent" if agent else "customer", length))
    return made


@cache
def _opening(scenario: Scenario) -> tuple[Line, Line]:
    greeting, problem = scenario.greeting, scenario.problem
    return (
        Line("agent", word_count(greeting), greeting),
        Line("customer", word_count(problem), problem),
    )


def texts(lines: Sequence[Line], language: str, random: Random) -> Iterator[str]:
    """The turns in words: as many as each says, the first with a capital, a mark at the end."""
    chance = random.random
    pool = words(sum(line.words for line in lines if not line.fixed), language, random)
    drawn = 0
    for _, count, fixed in lines:
        if fixed:
            yield fixed
            continue
        said = pool[drawn : drawn + count]
        drawn += count
        kind = chance()
        if kind < 0.08 and count > 3:
            number = _number(language, min(count - 1, 7), chance)
            said[-len(number) :] = number
        if count > 9:
            said[count // 2] += ","
        text = " ".join(said)
        yield f"{text[0].upper()}{text[1:]}{'?' if kind > 0.82 else '.'}"


def _number(language: str, most: int, chance: Callable[[], float]) -> list[str]:
    """A number as it is said, digit by digit, or as it is written down, in groups."""
    if chance() < 0.5:
        digits = DIGITS[language]
        return [digits[int(chance() * 10)] for _ in range(most)]
    return [f"{int(chance() * 1000):03}" for _ in range(min(most, 3))]


def _table(points: Sequence[tuple[float, int]], share: float = 1.0) -> tuple[int, ...]:
    """A thousand values, evenly likely, with these quantiles times ``share``, at least 1 each."""
    return tuple(
        max(1, round(share * _quantile(points, (step + 0.5) / 1000))) for step in range(1000)
    )


def _quantile(points: Sequence[tuple[float, int]], chance: float) -> float:
    """The value below which this share of all values lies."""
    above = bisect_right(points, chance, key=lambda point: point[0])
    (left, low), (right, high) = points[above - 1], points[above]
    return low + (high - low) * (chance - left) / (right - left)


_LONGER: Final = 1.3
"""How much longer the turns of agents are than those of customers."""

_TURNS: Final = _table(((0.0, 2), (0.05, 4), (0.5, 16), (0.95, 38), (1.0, 80)))
"""How many turns a call may have; between the quantiles the distribution is even."""

_WORDS: Final = ((0.0, 1), (0.1, 2), (0.5, 8), (0.9, 19), (1.0, 48))
_AGENT_WORDS: Final = _table(_WORDS, 2 * _LONGER / (1 + _LONGER))
_CUSTOMER_WORDS: Final = _table(_WORDS, 2 / (1 + _LONGER))
"""How many words a turn may have."""
