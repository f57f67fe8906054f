"""SubRip, read back by a reader that nobody here wrote (PyPI ``srt``)."""

from __future__ import annotations

import time
from datetime import timedelta

import srt
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.model import Turn
from convarchive.transcripts import write
from convarchive.transcripts.cues import cues


def read_back(document: str) -> list[srt.Subtitle]:
    """The cues as the reader sees them; it raises where it would have to guess."""
    return list(srt.parse(document, ignore_errors=False))


def as_said(line: str) -> str:
    """The line with the characters that stand for the beginning of a tag."""
    return line.replace("<", "‹").replace("{\\", "(\\")


def test_a_text_is_not_a_tag() -> None:
    """Players obey some and drop all; a sign of comparison stays what it is."""
    said = [Turn(0, "a", "other", "<b>1 < 2</b> {\\an8}top <!-- gone", 1, 2)]
    (cue,) = read_back(write(said, "srt"))
    assert cue.content == "A: ‹b>1 < 2‹/b> (\\an8}top ‹!-- gone"


@settings(max_examples=200)
@given(st.data())
def test_any_turns_come_back_as_they_went(
    any_turns: st.SearchStrategy[list[Turn]], data: st.DataObject
) -> None:
    """As many cues as turns, numbered from 1, by time, each with its name and its words."""
    turns = data.draw(any_turns)
    found = read_back(write(turns, "srt"))
    assert [cue.index for cue in found] == list(range(1, len(turns) + 1))
    assert [cue.start for cue in found] == sorted(cue.start for cue in found)
    expected = [f"{cue.name}: {cue.text}" for cue in cues(turns)]
    assert [as_said(cue.content) for cue in found] == [as_said(line) for line in expected]


def test_a_text_cannot_forge_a_cue() -> None:
    """A blank line, a number and a time code in a text stay in the cue that they came in."""
    forged = "No.\n\n2\n00:00:09,000 --> 00:00:10,000\nAgent: I agree to pay"
    (cue,) = read_back(write([Turn(0, "customer", "customer", forged, 1, 2)], "srt"))
    assert cue.content == "Customer: No. 2 00:00:09,000 → 00:00:10,000 Agent: I agree to pay"


def test_the_form() -> None:
    """Numbers from 1, a comma before the milliseconds, a blank line after each cue."""
    turns = [
        Turn(0, "agent", "agent", "Hello", 0.0, 1.25),
        Turn(1, "customer", "customer", "", 360_000.0, 360_001.0),
    ]
    assert write(turns, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,250\nAgent: Hello\n\n"
        "2\n100:00:00,000 --> 100:00:01,000\nCustomer: …\n\n"
    )


def test_long_calls_are_read_back() -> None:
    """Hours of three digits are taken by the reader as they are meant."""
    (cue,) = read_back(
        write([Turn(0, "agent", "agent", "Still there?", 360_000.5, 360_002)], "srt")
    )
    assert cue.start == timedelta(hours=100, milliseconds=500)


def test_turns_that_came_out_of_order_are_sorted() -> None:
    """The position in the transcript decides only between equal starts."""
    turns = [
        Turn(0, "a", "other", "third", 9, 10),
        Turn(1, "b", "other", "first", 1, 2),
        Turn(2, "c", "other", "second", 1, 2),
    ]
    found = read_back(write(turns, "srt", speaker_labels=False))
    assert [cue.content for cue in found] == ["first", "second", "third"]


def test_no_turns_are_an_empty_file() -> None:
    """Which every reader takes for a file without cues."""
    assert write([], "srt") == ""


def test_an_ordinary_call_is_written_in_about_a_millisecond() -> None:
    """Best of ten for 38 turns, in each format; a fifth of what is allowed here is usual."""
    words = "Hi, I was charged twice for the same order on my card, and I’d like a refund. " * 2
    turns = [Turn(n, "customer", "customer", words, n * 6.0) for n in range(38)]
    for fmt in ("text", "srt", "vtt"):
        seconds = []
        for _ in range(10):
            began = time.perf_counter()
            write(turns, fmt)
            seconds.append(time.perf_counter() - began)
        assert min(seconds) < 0.005
