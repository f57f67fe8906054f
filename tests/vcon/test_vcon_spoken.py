"""Transcripts as vendors have them, as turns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from convarchive.model import Turn
from convarchive.vcon.spoken import Heard, Person, turns

BEGAN = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
PEOPLE = (Person("Ann", "customer"), Person("Helpdesk", "agent"))
HEARD = Heard(PEOPLE, BEGAN)
HELLO = Turn(0, "Ann", "customer", "Hello.", 1.5, 2.0)


@pytest.mark.parametrize(
    "segment",
    [
        {"speaker": "Ann", "text": " Hello. ", "start": 1.5, "end": 2},
        {"party": 0, "message": "Hello.", "start_time": "1.5", "duration": 0.5},
        {"parties": [0], "content": "Hello.", "start": "00:01.5", "end": "0:00:02,000"},
        {"speaker": {"name": "Ann"}, "body": "Hello.", "start": "2026-01-15T10:00:01.5Z",
         "duration": "0.5"},
        {"name": "Ann", "utterance": "Hello.", "start_ms": 1500, "end_ms": 2000},
    ],
)  # fmt: skip
def test_a_segment(segment: dict[str, Any]) -> None:
    """By whatever names its facts go."""
    assert turns([segment], HEARD) == [HELLO]


SEGMENT = {"speaker": "Ann", "text": "Hello.", "start": 1.5, "end": 2.0}
SENTENCE = {"text": "Hello.", "start": 1.5, "end": 2.0}


@pytest.mark.parametrize(
    "body",
    [
        {"segments": [SEGMENT]},
        {"text": "All of it.", "language": "en", "segments": [SEGMENT]},
        {"transcript": {"text": "All of it.", "language": "en"}, "segments": [SEGMENT]},
        {"transcript": {"segments": [SEGMENT]}},
        {"results": {"utterances": [SEGMENT]}},
        {"results": {"channels": [{"alternatives": [
            {"transcript": "All.", "paragraphs": {"paragraphs": [
                {"speaker": "Ann", "sentences": [SENTENCE]}]}},
            {"transcript": "Hell low."}]}]}},
        {"monologues": [{"speaker": "Ann", "sentences": [SENTENCE]}]},
        [[SEGMENT]],
    ],
)  # fmt: skip
def test_where_segments_hide(body: Any) -> None:
    """The most divided form is taken, with what is known further out."""
    assert turns(body, HEARD) == [HELLO]


def test_the_messages_of_an_agent() -> None:
    """With roles and without names."""
    body = {
        "messages": [
            {"role": "assistant", "message": "Hi.", "time_in_call_secs": 0},
            {"role": "user", "message": "Refund!", "time_in_call_secs": 4},
            {"role": "tool", "message": ""},
        ]
    }
    assert turns(body, HEARD) == [
        Turn(0, "assistant", "agent", "Hi.", 0.0),
        Turn(1, "user", "customer", "Refund!", 4.0),
    ]


def test_channels_are_speakers() -> None:
    """Where nothing else says who speaks."""
    body = {"results": {"channels": [
        {"channel": at, "alternatives": [{"transcript": text}]} for at, text in enumerate("AB")
    ]}}  # fmt: skip
    assert [turn.speaker for turn in turns(body, HEARD)] == ["Speaker 0", "Speaker 1"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("WEBVTT\n\n1\n00:00:01.500 --> 00:02.000 align:left\n<v.loud Ann>Hello<i>.</i>\n",
         Turn(0, "Ann", "other", "Hello.", 1.5, 2.0)),
        ("1\r\n00:00:01,500 --> 00:00:02,000\r\nCustomer: 1 < 2,\r\nso there\r\n\r\n",
         Turn(0, "Customer", "customer", "1 < 2,\nso there", 1.5, 2.0)),
        ("[00:01] Ann: Hello.", Turn(0, "Ann", "other", "Hello.", 1.0)),
        ("Hello.", Turn(0, "", "other", "Hello.")),
        ({"transcript": "[00:01] Ann: Hello.", "confidence": 0.9},
         Turn(0, "Ann", "other", "Hello.", 1.0)),
    ],
)  # fmt: skip
def test_text(said: Any, expected: Turn) -> None:
    """Captions and plain transcripts."""
    assert turns(said, HEARD) == [expected]


def test_nonsense_costs_only_itself() -> None:
    """Times, indices and confidences that can't be are as if they were not there."""
    segments = [
        {"text": "a", "start": 5, "end": 4, "confidence": 97, "party": 9},
        {"text": "b", "start": 1e308, "duration": 1e308, "confidence": 0.5, "speaker": True},
        {"text": "c", "start": "soon", "party": -1},
        {"text": ""},
        None,
    ]
    assert turns(segments, HEARD) == [
        Turn(0, "", "other", "a", 5.0),
        Turn(1, "", "other", "b", 1e308, None, 0.5),
        Turn(2, "", "other", "c"),
    ]


def test_a_recording_that_began_later() -> None:
    """Places count from the start of the conversation."""
    (turn,) = turns([SEGMENT], HEARD._replace(offset=60.0))
    assert (turn.start, turn.end) == (61.5, 62.0)


@pytest.mark.parametrize("body", [None, 7, True, {}, [], [1, "x"], {"segments": {}}, ""])
def test_nothing_was_said(body: Any) -> None:
    """No turns."""
    assert turns(body, HEARD) == []


def test_markup_without_an_end() -> None:
    """A text made to be slow is not."""
    assert turns("00:01.000 --> 00:02.000\n" + "<v " * 100_000, HEARD)
