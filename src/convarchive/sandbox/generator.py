"""Calls made up by the hundred thousand: each is a function of its number, none is held.

They are shaped like real ones, so that sizes, speeds and rankings measured on them mean something:
in how many turns they have and how long these are (`talk`), in which words are said how often
(`vocabulary`), and in how fast (`speech`). Most end well; a few fail, are abandoned, or go on.

The item of the list is the first part of the making of a call, before any word is chosen, and costs
a third of the whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple

from convarchive.sandbox import talk
from convarchive.sandbox.parameters import iso, microseconds
from convarchive.sandbox.payloads import FIELDS, message
from convarchive.sandbox.scenarios import (
    ABANDONMENTS,
    CALLERS,
    ENGLISH,
    FAILURES,
    SCENARIOS,
    Scenario,
)
from convarchive.sandbox.speech import spoken
from convarchive.sandbox.tones import tones

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


class _Draft(NamedTuple):
    """A call before it is put into words."""

    item: dict[str, Any]
    language: str
    lines: list[talk.Line]
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
        texts = talk.texts(lines, language, random)
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
        lines = talk.lines(status, scenario, chance)
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
