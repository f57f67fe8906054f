"""Calls made up by the hundred thousand: each is a function of its number, none is held.

They are shaped like real ones, so that sizes, speeds and rankings measured on them mean something:

* turns a call: 4, 16, 38 at the 5th, 50th and 95th percentile;
* words a turn: 2, 8, 19 at the 10th, 50th and 90th; the agent's are 30 % longer;
* words by a Zipf law, of which there are ever more the more is said (`vocabulary`);
* 2.6 to 2.9 words a second, short gaps, some overlaps (`speech`);
* numbers in words, and in groups of digits as the recognition splits them.

Most end well; a few fail, are abandoned, or go on still. The item of the list is the first part of
the making of a call, before any word is chosen, and costs a quarter of the whole.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from random import Random
from typing import Any, Final, NamedTuple

from convarchive.sandbox.parameters import iso, microseconds
from convarchive.sandbox.payloads import FIELDS, message
from convarchive.sandbox.scenarios import (
    ABANDONMENTS,
    CALLERS,
    DIGITS,
    ENGLISH,
    FAILURES,
    SCENARIOS,
    Scenario,
)
from convarchive.sandbox.speech import spoken, word_count
from convarchive.sandbox.tones import tones
from convarchive.sandbox.vocabulary import words

_LONGER: Final = 1.3
"""How much longer the turns of agents are than those of customers."""

_BEGIN: Final = microseconds("2025-12-01T08:00:00Z") // 1_000_000
_END: Final = microseconds("2026-11-20T12:00:00Z") // 1_000_000
"""The first call and the last, Unix seconds."""

_TWINS: Final = 97
"""Every so many calls two begin in the same second."""

_IDS: Final = 36**12
_STEP: Final = 2_862_933_555_777_941_759
_BACK: Final = pow(_STEP, -1, _IDS)
_ID: Final = re.compile(r"conv_[0-9a-z]{12}")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class _Line(NamedTuple):
    """A turn that is yet to be put into words."""

    speaker: str
    words: int
    fixed: str = ""
    """What is said, where that is no matter of chance."""


class _Draft(NamedTuple):
    """A call before it is put into words."""

    item: dict[str, Any]
    language: str
    lines: list[_Line]
    times: list[tuple[float, float]]
    random: Random


class Generator:
    """So many calls over a year; same count and seed, same calls.

    Args:
        count: How many.
        seed: Which ones.
    """

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._seed = seed
        self._shift = Random(seed).randrange(_IDS)  # noqa: S311 - nothing here is a secret
        self._running = count - min(5, count // 20)

    def __len__(self) -> int:
        return self._count

    def id(self, number: int) -> str:
        """``conv_`` and twelve letters or digits that look like chance and can be turned back."""
        code, text = (number * _STEP + self._shift) % _IDS, ""
        for _ in range(12):
            code, digit = divmod(code, 36)
            text += _DIGITS[digit]
        return f"conv_{text}"

    def number(self, conversation_id: str) -> int | None:
        """The number of the call with this id, if it is one of ours."""
        if not _ID.fullmatch(conversation_id):
            return None
        code = int(conversation_id[:4:-1], 36)
        number = (code - self._shift) * _BACK % _IDS
        return number if number < self._count else None

    def start(self, number: int) -> int:
        """Unix seconds: even over the year, now and then the second of the call before."""
        if number % _TWINS == _TWINS - 1:
            number -= 1
        # Two thirds of a step apart at most, so that the order of numbers is that of starts.
        jitter = (number * 2_654_435_761 >> 7) % 1000 / 1500
        return _BEGIN + int((number + jitter) * (_END - _BEGIN) / max(1, self._count))

    def item(self, number: int) -> dict[str, Any]:
        """The call without its transcript."""
        return self._draft(number).item

    def payload(self, number: int) -> dict[str, Any]:
        """The call, whole."""
        item, language, lines, times, random = self._draft(number)
        if not lines:
            return {**item, "transcript": None}
        texts = _texts(lines, language, random)
        messages = [
            message(position, line.speaker, text, time, random.random())
            for position, (line, text, time) in enumerate(zip(lines, texts, times, strict=True))
        ]
        count = sum(line.words for line in lines)
        transcript = {"language": language, "word_count": count, "messages": messages}
        return {**item, "transcript": transcript}

    def recording(self, name: str) -> bytes | None:
        """The sound of the call whose recording has this name."""
        number = self.number(name.removesuffix(".wav"))
        if number is None or self.item(number)["recording"] != name:
            return None
        return tones(Random(name))  # noqa: S311

    def _draft(self, number: int) -> _Draft:
        random = Random(self._seed << 40 | number)  # noqa: S311
        chance = random.random
        first, last = (0, ENGLISH) if chance() < 0.9 else (ENGLISH, len(SCENARIOS))
        scenario = SCENARIOS[first + int(chance() * (last - first))]
        status = "in_progress" if number >= self._running else _status(chance())
        lines = _lines(status, scenario, chance)
        times = list(spoken([(line.words, None) for line in lines], chance))
        item = dict.fromkeys(FIELDS)
        item.update(self._metadata(number, status, scenario, times, chance))
        item.update(_told(status, scenario, chance))
        return _Draft(item, scenario.language, lines, times, random)

    def _metadata(
        self,
        number: int,
        status: str,
        scenario: Scenario,
        times: list[tuple[float, float]],
        chance: Callable[[], float],
    ) -> dict[str, Any]:
        start, conversation_id = self.start(number), self.id(number)
        duration = math.ceil(max(begin + length for begin, length in times)) if times else 0
        recorded = status == "completed" and chance() < 0.1
        return {
            "id": conversation_id,
            "agent_id": scenario.agent_id,
            "status": status,
            "start_time": iso(start),
            "end_time": None if status == "in_progress" else iso(start + duration),
            "duration": duration,
            "caller_number": None if chance() < 0.03 else _caller(scenario.language, chance),
            "language": scenario.language,
            "voice_platform": "vapi" if chance() < 0.6 else "retell",
            "recording": f"{conversation_id}.wav" if recorded else None,
        }


def _status(chance: float) -> str:
    if chance < 0.9:
        return "completed"
    return "failed" if chance < 0.95 else "abandoned"


def _caller(language: str, chance: Callable[[], float]) -> str:
    digits = {"#": "0123456789", "N": "23456789"}
    sets = (digits.get(character, character) for character in CALLERS[language])
    return "".join(choices[int(chance() * len(choices))] for choices in sets)


def _told(status: str, scenario: Scenario, chance: Callable[[], float]) -> dict[str, Any]:
    """What analysis, outcomes and the network have to say about a call of this status."""
    quality = {"mos": round(4.5 - 1.2 * chance() ** 2, 1), "latency_ms": int(450 + 700 * chance())}
    if status == "abandoned":
        reason = ABANDONMENTS[int(chance() * len(ABANDONMENTS))]
        return {**_NOTHING, "abandonment_reason": reason}
    if status == "failed":
        code, text, reason = FAILURES[int(chance() * len(FAILURES))]
        errors = [{"code": code, "message": text}]
        return {**_NOTHING, "errors": errors, "failure_reason": reason, "quality": quality}
    topics, mood = list(scenario.topics), chance()
    sentiment = "positive" if mood < 0.4 else "neutral" if mood < 0.8 else "negative"
    if status == "in_progress":
        return {**_NOTHING, "topics": topics[:1], "sentiment": sentiment, "quality": quality}
    outcome = scenario.outcomes[int(chance() * len(scenario.outcomes))]
    ticket = f"TCK-{int(10_000 + 90_000 * chance())}"
    return {
        "summary": scenario.summary,
        "sentiment": sentiment,
        "topics": topics,
        "keywords": list(scenario.keywords),
        "satisfaction": {"score": 5 - int(mood * 5), "resolved_first_contact": chance() < 0.7},
        "intent": scenario.intent,
        "outcome": outcome,
        "actions": [{"type": "ticket_created", "ticket": ticket}],
        "follow_up_tasks": [{"title": "Call back"}] if outcome == "callback_scheduled" else [],
        "integrations": {"tickets": [{"system": "zendesk", "id": ticket}]},
        "quality": quality,
        "network": {"codec": "opus" if chance() < 0.5 else "pcmu"},
        "errors": [],
    }


_NOTHING: Final[dict[str, Any]] = {
    field: [] for field in ("topics", "keywords", "actions", "follow_up_tasks", "errors")
}
"""What there is a list of, but nothing in it."""


def _lines(status: str, scenario: Scenario, chance: Callable[[], float]) -> list[_Line]:
    """Who speaks, in which order, and how many words each time."""
    count = _TURNS[int(chance() * 1000)]
    if status == "abandoned":
        count = 0 if chance() < 0.7 else 1
    elif status != "completed":
        count = max(1, count // 3)
    lines = list(_opening(scenario)[:count])
    agent = False
    for _ in range(count - 2):
        if chance() > 0.06:
            agent = not agent
        words = (_AGENT_WORDS if agent else _CUSTOMER_WORDS)[int(chance() * 1000)]
        lines.append(_Line("agent" if agent else "customer", words))
    return lines


@cache
def _opening(scenario: Scenario) -> tuple[_Line, _Line]:
    greeting, problem = scenario.greeting, scenario.problem
    return (
        _Line("agent", word_count(greeting), greeting),
        _Line("customer", word_count(problem), problem),
    )


def _texts(lines: Iterable[_Line], language: str, random: Random) -> Iterator[str]:
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


_TURNS: Final = _table(((0.0, 2), (0.05, 4), (0.5, 16), (0.95, 38), (1.0, 80)))
"""How many turns a call may have; between the quantiles the distribution is even."""

_WORDS: Final = ((0.0, 1), (0.1, 2), (0.5, 8), (0.9, 19), (1.0, 48))
_AGENT_WORDS: Final = _table(_WORDS, 2 * _LONGER / (1 + _LONGER))
_CUSTOMER_WORDS: Final = _table(_WORDS, 2 / (1 + _LONGER))
"""How many words a turn may have."""
