"""What an Ayra transcript means, in all the forms that it may come in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sources.ayra_payloads import about, read, spoken

MESSAGES = [
    {"speaker": "agent", "text": "Hello", "timestamp": 1},
    {"speaker": "customer", "text": "Hi", "timestamp": 2},
]


@pytest.mark.parametrize(
    "transcript",
    [
        {"messages": MESSAGES},
        {"language": "en", "word_count": 2, "messages": MESSAGES},
        MESSAGES,
        {"turns": MESSAGES},
        "[00:00:01] Agent: Hello\n[00:00:02] Customer: Hi\n",
        {"text": "[00:00:01] Agent: Hello\n[00:00:02] Customer: Hi\n"},
    ],
)
def test_forms_of_a_transcript(transcript: Any) -> None:
    """An object, a bare array of messages, or one plain string."""
    turns = spoken(transcript)
    assert [(turn.role, turn.text, turn.start) for turn in turns] == [
        ("agent", "Hello", 1.0),
        ("customer", "Hi", 2.0),
    ]


@pytest.mark.parametrize("fields", [{}, {"transcript": None}, {"transcript": {"messages": None}}])
def test_no_transcript_yet(fields: dict[str, Any]) -> None:
    """Null, or nothing where it would be, is no transcript."""
    found = about(**fields)
    assert (found.has_transcript, found.turns) == (False, ())


def test_a_transcript_of_silence() -> None:
    """A transcript may have no messages; it is there nevertheless."""
    found = about(transcript={"messages": []})
    assert (found.has_transcript, found.turns) == (True, ())


def test_the_transcript_document() -> None:
    """What the transcript endpoint said counts, with or without an envelope."""
    body = {"conversation_id": "conv_1", "language": "pl", "word_count": 2, "messages": MESSAGES}
    for document in ({"data": body}, body):
        found = read({"id": "conv_1"}, transcript=document)
        assert [turn.text for turn in found.turns] == ["Hello", "Hi"]
        assert found.language == "pl"


@pytest.mark.parametrize(
    ("speaker", "role"),
    [
        ("agent", "agent"),
        ("customer", "customer"),
        ("caller", "customer"),
        ("user", "customer"),
        ("assistant", "agent"),
        ("bot", "agent"),
        ("AGENT", "agent"),
        ("Customer", "customer"),
        ("Speaker 2", "other"),
        ("系统", "other"),
        ("", "other"),
    ],
)
def test_speakers(speaker: str, role: str) -> None:
    """The vendor's own word is kept beside the role."""
    (turn,) = spoken([{"speaker": speaker, "text": "Hello"}])
    assert (turn.speaker, turn.role) == (speaker, role)


@pytest.mark.parametrize(
    "timestamp", ["2026-01-15T10:00:05.5Z", "2026-01-15T11:00:05.5+01:00", 1768471205.5]
)
def test_times_of_day_in_a_transcript(timestamp: Any) -> None:
    """Become seconds from the start of the call."""
    message = {"speaker": "agent", "text": "Hi", "timestamp": timestamp}
    (turn,) = spoken([message], start_time="2026-01-15T10:00:00Z")
    assert turn.start == 5.5


def test_an_end_before_the_start_is_none() -> None:
    """It would be a turn that was over before it began."""
    (turn,) = spoken([{"text": "Hi", "start": 5, "end": 4}])
    assert (turn.start, turn.end) == (5.0, None)


@pytest.mark.parametrize("message", [None, 7, "Hello", [], {}, {"text": None}, {"text": {"a": 1}}])
def test_messages_that_are_none(message: Any) -> None:
    """Whatever stands among the messages keeps its place, and harms no other."""
    turns = spoken([message, {"speaker": "agent", "text": "Hi"}])
    assert [turn.position for turn in turns] == [0, 1]
    assert turns[1].text == "Hi"
