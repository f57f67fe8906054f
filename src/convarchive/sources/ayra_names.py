"""By which names Ayra's payloads tell what; of several that are there, the first that is not null.

`ayra` asks by all of them, and `ayra_regular` knows by them what is not regular.
"""

from __future__ import annotations

import functools
from typing import Final, NamedTuple

GROUPS: Final = ("metadata", "content", "analytics", "outcomes", "technical")
"""Objects within a payload in which any of it may stand as well."""

TURNS: Final = ("messages", "turns", "segments", "utterances", "transcript", "text")
"""Where a transcript that is an object has its turns."""


class Detail(NamedTuple):
    """A conversation's. The usual name comes first."""

    id: tuple[str, ...] = ("id", "conversation_id", "call_id")
    start: tuple[str, ...] = (
        "start_time", "started_at", "start", "start_timestamp", "created_at",
    )  # fmt: skip
    end: tuple[str, ...] = ("end_time", "ended_at", "end", "end_timestamp")
    status: tuple[str, ...] = ("status", "call_status")
    duration: tuple[str, ...] = ("duration", "duration_seconds", "call_duration")
    agent: tuple[str, ...] = ("agent_id", "assistant_id", "agent")
    caller: tuple[str, ...] = ("caller_number", "caller_phone", "caller", "from_number", "from")
    language: tuple[str, ...] = ("language", "language_code", "lang")
    summary: tuple[str, ...] = ("summary", "call_summary")
    sentiment: tuple[str, ...] = ("sentiment", "overall_sentiment")
    intent: tuple[str, ...] = ("intent", "primary_intent")
    outcome: tuple[str, ...] = ("outcome", "result", "call_outcome")
    failure_reason: tuple[str, ...] = ("failure_reason", "failed_reason")
    abandonment_reason: tuple[str, ...] = ("abandonment_reason", "abandoned_reason")
    platform: tuple[str, ...] = ("voice_platform", "platform", "provider")
    topics: tuple[str, ...] = ("topics",)
    keywords: tuple[str, ...] = ("keywords",)
    actions: tuple[str, ...] = ("actions", "actions_taken")
    follow_up_tasks: tuple[str, ...] = ("follow_up_tasks", "follow_ups")
    satisfaction: tuple[str, ...] = ("satisfaction", "satisfaction_indicators")
    integrations: tuple[str, ...] = ("integrations", "integration_data")
    quality: tuple[str, ...] = ("quality", "quality_metrics")
    network: tuple[str, ...] = ("network", "network_info")
    errors: tuple[str, ...] = ("errors",)
    recording: tuple[str, ...] = ("recording_url", "audio_url", "recording")
    spoken: tuple[str, ...] = ("transcript", "messages", "turns")


class Message(NamedTuple):
    """A turn's."""

    speaker: tuple[str, ...] = ("speaker", "role", "participant", "from", "speaker_label")
    start: tuple[str, ...] = ("timestamp", "start", "start_time", "offset", "time")
    end: tuple[str, ...] = ("end", "end_time")
    length: tuple[str, ...] = ("duration", "duration_seconds")
    words: tuple[str, ...] = ("text", "content", "message", "transcript", "utterance")
    confidence: tuple[str, ...] = ("confidence",)


DETAIL: Final = Detail()
MESSAGE: Final = Message()

_STATUS_WORDS = {
    "in_progress": ("in-progress", "inprogress", "ongoing", "active", "started", "ringing"),
    "completed": ("complete", "ended", "done", "finished"),
    "failed": ("failure", "error"),
    "abandoned": ("no_answer", "no-answer", "busy", "missed", "caller_hangup", "canceled"),
}
_STATUS = {word: status for status, words in _STATUS_WORDS.items() for word in (status, *words)}


@functools.lru_cache(64)
def status_of(word: str | None) -> str:
    """One of `convarchive.model.STATUSES`."""
    return _STATUS.get((word or "").strip().lower().replace(" ", "_"), "unknown")
