"""From an object of ``data/conversations`` to what the API says about that call.

The files hold what a person can write: who said what. The API tells more: when each turn was said
and how sure the recognition was, how long the call took, how many words there were. That is derived
here, always the same for the same conversation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Final

from convarchive.sandbox.parameters import iso, microseconds
from convarchive.sandbox.speech import effort, spoken, word_count

FIELDS: Final = (
    "id",
    "agent_id",
    "status",
    "start_time",
    "end_time",
    "duration",
    "caller_number",
    "language",
    "summary",
    "recording_url",
    "sentiment",
    "topics",
    "keywords",
    "satisfaction",
    "intent",
    "outcome",
    "actions",
    "follow_up_tasks",
    "integrations",
    "voice_platform",
    "quality",
    "network",
    "errors",
    "failure_reason",
    "abandonment_reason",
)
"""What a conversation has beside its transcript, in the order of the documentation."""

ANALYTICS: Final = ("sentiment", "topics", "keywords", "satisfaction", "intent")
"""What ``include_analytics=false`` leaves out."""


def payload(written: dict[str, Any]) -> dict[str, Any]:
    """What the API says, with the name of the recording's file under ``recording``.

    Args:
        written: An object of a file in ``data/conversations``; ``turns`` are lists of speaker and
            text, and start and end in seconds where they are known.

    Raises:
        KeyError, ValueError: It lacks its id or its start, or the start is no time.
    """
    seconds = microseconds(written["start_time"]) // 1_000_000
    transcript = _transcript(written)
    duration: float | None = written.get("duration")
    if transcript:
        duration = _lasted(transcript["messages"])
    running = duration is None or written["status"] == "in_progress"
    return {
        **{field: written.get(field) for field in FIELDS},
        "end_time": None if running else iso(seconds + math.ceil(duration or 0)),
        "duration": duration,
        "recording": written.get("recording"),
        "transcript": transcript,
    }


def message(
    position: int, speaker: str, text: str, time: tuple[float, float], chance: float
) -> dict[str, Any]:
    """One turn of a transcript; ``time`` is start and length in seconds."""
    return {
        "id": f"msg_{position + 1:03}",
        "speaker": speaker,
        "text": text,
        "timestamp": time[0],
        "duration": time[1],
        "confidence": int(990 - 160 * chance * chance) / 1000,
    }


def _transcript(written: dict[str, Any]) -> dict[str, Any] | None:
    turns: Sequence[Sequence[Any]] = written.get("turns") or ()
    if not turns:
        return None
    random = Random(written["id"])  # noqa: S311 - nothing here is a secret
    times = spoken(_efforts(turns), random.random)
    messages = [
        message(position, turn[0], turn[1], time, random.random())
        for position, (turn, time) in enumerate(zip(turns, times, strict=True))
    ]
    words = sum(word_count(turn[1]) for turn in turns)
    return {"language": written.get("language"), "word_count": words, "messages": messages}


def _efforts(turns: Sequence[Sequence[Any]]) -> Iterable[tuple[float, tuple[float, float] | None]]:
    for turn in turns:
        known = (float(turn[2]), float(turn[3])) if len(turn) > 3 else None
        yield effort(turn[1]), known


def _lasted(messages: Sequence[dict[str, Any]]) -> int:
    """Whole seconds until the last word was said."""
    return math.ceil(max(float(said["timestamp"] + said["duration"]) for said in messages))
