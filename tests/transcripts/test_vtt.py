"""WebVTT, checked by the W3C's own parser where it is installed."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.transcripts.webvtt import checker, parsed

from convarchive.model import Turn
from convarchive.transcripts import write
from convarchive.transcripts.cues import cues


@checker
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_turns_are_valid_and_whole(
    any_turns: st.SearchStrategy[list[Turn]], data: st.DataObject
) -> None:
    """The W3C's parser finds no error, and every cue with its times, its voice and its words."""
    calls = [data.draw(any_turns) for _ in range(10)]
    for turns, result in zip(calls, parsed(*(write(c, "vtt") for c in calls)), strict=True):
        assert result["errors"] == []
        expected = sorted(cues(turns), key=lambda cue: (cue.start, -cue.end))  # as players do
        assert [c["words"] for c in result["cues"]] == [c.text for c in expected]
        assert [c["start"] for c in result["cues"]] == pytest.approx([c.start for c in expected])
        assert [c["end"] for c in result["cues"]] == pytest.approx([c.end for c in expected])


@checker
def test_the_checker_would_notice() -> None:
    """A cue that ends before it starts is an error to it, so that the tests above can fail."""
    (result,) = parsed("WEBVTT\n\n00:05.000 --> 00:04.000\nbackwards\n")
    assert result["errors"]


@checker
def test_the_voice_is_the_speaker() -> None:
    """``<v Name>`` spans the cue, so it needs no end tag."""
    (result,) = parsed(write([Turn(0, "caller", "customer", "I was <b>charged</b> twice")], "vtt"))
    (cue,) = result["cues"]
    assert cue["voice"] == "Caller"
    assert cue["words"] == "I was <b>charged</b> twice"


@pytest.mark.slow
@settings(max_examples=200)
@given(st.data())
def test_text_is_never_markup(
    any_turns: st.SearchStrategy[list[Turn]], data: st.DataObject
) -> None:
    """Each cue is a time line and a text line, without a ``<`` of its own, true when unescaped."""
    turns = data.draw(any_turns)
    header, *blocks = write(turns, "vtt", speaker_labels=False).split("\n\n")
    assert header.strip() == "WEBVTT"
    texts = [block.removesuffix("\n").split("\n") for block in blocks]
    assert all(re.fullmatch(r"[\d:.]+ --> [\d:.]+", lines[0]) for lines in texts)
    assert not any(mark in text for _, text in texts for mark in ("<", ">", "-->"))
    assert [unescape(text) for _, text in texts] == [c.text for c in cues(turns)]


def test_the_form() -> None:
    """A header, a blank line, hours always, a point before the milliseconds."""
    turns = [Turn(0, "A & B", "other", "1 < 2 --> 3", 360_000.0, 360_001.5)]
    assert write(turns, "vtt") == (
        "WEBVTT\n\n100:00:00.000 --> 100:00:01.500\n<v A &amp; B>1 &lt; 2 → 3\n"
    )


def test_no_turns_are_a_header_alone() -> None:
    """Which is a valid file without cues."""
    assert write([], "vtt") == "WEBVTT\n"
