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
from bisect import bisect_right
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from convarchive.sandbox.parameters import iso, microseconds
from convarchive.sandbox.payloads import FIELDS, message, transcript_of
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

_TURNS: Final = ((0.0, 2), (0.05, 4), (0.5, 16), (0.95, 38), (1.0, 80))
_WORDS: Final = ((0.0, 1), (0.1, 2), (0.5, 8), (0.9, 19), (1.0, 48))
"""Quantiles; between them the distribution is even."""

_AGENT: Final = 2 * 1.3 / 2.3
_CUSTOMER: Final = 2 - _AGENT
"""How much longer than the average the turns of each are."""

_BEGIN: Final = microseconds("2025-12-01T08:00:00Z") // 1_000_000
_END: Final = microseconds("2026-11-20T12:00:00Z") // 1_000_000
"""The first call and the last, Unix seconds."""

_TWINS: Final = 97
"""Every so many calls two begin in the same second."""

_IDS: Final = 36**12
_STEP: Final = 2_862_933_555_777_941_759
_BACK: Final = pow(_STEP, -1, _IDS)
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
    scenario: Scenario
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
        text = conversation_id.removeprefix("conv_")
        if len(text) != 12 or not all(letter in _DIGITS for letter in text):
            return None
        number = (int(text[::-1], 36) - self._shift) * _BACK % _IDS
        return number if number < self._count and self.id(number) == conversation_id else None

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
        item, scenario, lines, times, random = self._draft(number)
        chance = random.random
        messages = [
            message(position, line.speaker, _text(line, scenario.language, chance), time, chance())
            for position, (line, time) in enumerate(zip(lines, times, strict=True))
        ]
        transcript = transcript_of(scenario.language, messages) if messages else None
        return {**item, "transcript": transcript}

    def recording(self, name: str) -> bytes | None:
        """The sound of the call whose recording has this name."""
        number = self.number(name.removesuffix(".wav"))
        if number is None or self.item(number)["recording"] != name:
            return None
        return tones(self._random(number, "sound"))

    def _random(self, number: int, what: str = "") -> Random:
        return Random(f"{self._seed} {number} {what}")  # noqa: S311

    def _draft(self, number: int) -> _Draft:
        random = self._random(number)
        chance = random.random
        first, last = (0, ENGLISH) if chance() < 0.9 else (ENGLISH, len(SCENARIOS))
        scenario = SCENARIOS[first + int(chance() * (last - first))]
        status = "in_progress" if number >= self._running else _status(chance())
        lines = _lines(status, scenario, chance)
        times = list(spoken([(line.words, None) for line in lines], chance))
        item = dict.fromkeys(FIELDS)
        item.update(self._metadata(number, status, scenario, times, chance))
        item.update(_told(status, scenario, chance))
        return _Draft(item, scenario, lines, times, random)

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
    count = round(_quantile(_TURNS, chance()))
    if status == "abandoned":
        count = 0 if chance() < 0.7 else 1
    elif status != "completed":
        count = max(1, count // 3)
    fixed = (("agent", scenario.greeting), ("customer", scenario.problem))
    lines = [_Line(speaker, word_count(text), text) for speaker, text in fixed[:count]]
    speaker = "customer"
    for _ in range(count - 2):
        if chance() > 0.06:
            speaker = "customer" if speaker == "agent" else "agent"
        share = _AGENT if speaker == "agent" else _CUSTOMER
        lines.append(_Line(speaker, max(1, round(share * _quantile(_WORDS, chance())))))
    return lines


def _quantile(points: Sequence[tuple[float, int]], chance: float) -> float:
    """The value below which this share of all values lies."""
    above = bisect_right(points, chance, key=lambda point: point[0])
    (left, low), (right, high) = points[above - 1], points[above]
    return low + (high - low) * (chance - left) / (right - left)


def _text(line: _Line, language: str, chance: Callable[[], float]) -> str:
    """A turn in words: as many as it says, the first with a capital, a mark at the end."""
    if line.fixed:
        return line.fixed
    said = words(line.words, language, chance)
    if line.words > 3 and chance() < 0.08:
        number = _number(language, min(line.words - 1, 7), chance)
        place = 1 + int(chance() * (line.words - len(number)))
        said[place : place + len(number)] = number
    if line.words > 9:
        said[line.words // 2] += ","
    mark = "?" if chance() < 0.18 else "."
    return f"{said[0][0].upper()}{said[0][1:]} {' '.join(said[1:])}".rstrip() + mark


def _number(language: str, most: int, chance: Callable[[], float]) -> list[str]:
    """A number as it is said, digit by digit, or as it is written down, in groups."""
    if chance() < 0.5:
        digits = DIGITS[language]
        return [digits[int(chance() * 10)] for _ in range(most)]
    return [f"{int(chance() * 1000):03}" for _ in range(min(most, 3))]
