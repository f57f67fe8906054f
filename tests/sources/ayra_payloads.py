"""A payload as Ayra documents it, and how the tests have payloads read."""

from __future__ import annotations

import json
from typing import Any

from convarchive.model import Conversation, Turn
from convarchive.sources.ayra import normalise

DOCUMENTED = {
    "id": "conv_abc123xyz789",
    "agent_id": "agent_billing",
    "start_time": "2026-01-15T10:00:00Z",
    "end_time": "2026-01-15T10:04:07Z",
    "duration": 247,
    "caller_number": "+15550104477",
    "status": "completed",
    "language": "en-US",
    "summary": "The caller was charged twice.",
    "recording_url": "https://storage.example/r.wav?signature=1",
    "sentiment": "negative",
    "topics": ["billing", "refund"],
    "keywords": ["charged twice"],
    "satisfaction": {"score": 4},
    "intent": "refund_request",
    "outcome": "resolved",
    "actions": ["refund_issued", {"type": "email", "to": "a@example.com"}],
    "follow_up_tasks": [{"task": "Call back", "due": "2026-01-16"}],
    "integrations": {"zendesk": {"ticket": 4711}},
    "voice_platform": "vapi",
    "quality": {"mos": 4.2},
    "network": {"jitter_ms": 12},
    "errors": [],
    "failure_reason": None,
    "abandonment_reason": None,
    "transcript": {
        "language": "en",
        "word_count": 6,
        "messages": [
            {
                "id": "msg_001",
                "speaker": "agent",
                "text": "How can I help?",
                "timestamp": 0.0,
                "duration": 1.5,
                "confidence": 0.99,
            },
            {
                "id": "msg_002",
                "speaker": "customer",
                "text": "I was charged twice.",
                "timestamp": 2.25,
                "duration": 2,
                "confidence": 0.87,
            },
        ],
    },
}


def read(payload: Any, **documents: Any) -> Conversation:
    """What this detail means, within its envelope, and these other documents."""
    told = {"detail": {"data": payload}, **documents}
    return normalise("ayra", {name: json.dumps(value).encode() for name, value in told.items()})


def about(**fields: Any) -> Conversation:
    """What a conversation with these fields and an id means."""
    return read({"id": "conv_1", **fields})


def spoken(transcript: Any, **fields: Any) -> tuple[Turn, ...]:
    """The turns of this transcript."""
    return about(transcript=transcript, **fields).turns
