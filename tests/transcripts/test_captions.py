"""SubRip and WebVTT are read, as this program writes them and as others do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.model import Turn
from convarchive.transcripts import srt, vtt, write
from convarchive.transcripts.captions import is_timing
from convarchive.transcripts.cues import cues

MARKUP = ("<", "{", ">", "}")


def said(turns: list[Turn]) -> list[tuple[str, str, float | None, float | None]]:
    """Speaker, text and times of each turn."""
    return [(turn.speaker, turn.text, turn.start, turn.end) for turn in turns]


@settings(max_examples=200)
@given(st.data())
def test_what_was_written_as_webvtt_comes_back(
    any_turns: st.SearchStrategy[list[Turn]], data: st.DataObject
) -> None:
    """A turn a cue, with its voice, its words in one line, and its times to the millisecond."""
    turns = data.draw(any_turns)
    read = vtt.read(write(turns, "vtt"))
    assert said(read) == [(cue.name, cue.text, cue.start, cue.end) for cue in cues(turns)]


@settings(max_examples=200)
@given(st.data())
def test_what_was_written_as_subrip_comes_back(
    any_turns: st.SearchStrategy[list[Turn]], data: st.DataObject
) -> None:
    """The same, where the speaker is a name and the words have nothing that players obey."""
    turns = [
        turn._replace(speaker="Agent" if turn.position % 2 else "caller 2")
        for turn in data.draw(any_turns)
        if not any(character in turn.text for character in MARKUP)
    ]
    read = srt.read(write(turns, "srt"))
    assert said(read) == [(cue.name, cue.text, cue.start, cue.end) for cue in cues(turns)]
    assert {turn.role for turn in read} <= {"agent", "customer"}


@pytest.mark.parametrize("reader", [srt.read, vtt.read])
@settings(max_examples=300)
@given(
    text=st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                ["1", "", "00:00:01,000 --> 00:00:02,000", "WEBVTT", "NOTE", "<v A", "A: b", "-->",
                 "&lt;", "</v>", "\r", "\u2028", "00:01.5-->0:02", "\x00", "STYLE", "<", "{\\an8}"]
            )
        ).map("\n".join),
    )
)  # fmt: skip
def test_anything_gives_turns(reader: object, text: str) -> None:
    """No text is an error, and positions count from 0."""
    turns = reader(text)  # type: ignore[operator]
    assert [turn.position for turn in turns] == list(range(len(turns)))
    assert all(turn.end is None or turn.end >= turn.start for turn in turns)


def test_subrip_as_it_is_found() -> None:
    """A mark at the start, CRLF, a point, places, styles, hours of one digit, no blank lines."""
    text = (
        "\ufeff1\r\n0:00:01.5 --> 0:00:02,25 X1:10 Y1:20\r\n<i>Agent:</i> {\\an8}Hello\r\nagain\r\n"
        "2\r\n00:00:03,000-->00:00:04,000\r\nCustomer: <font color=\"red\">Hi</font> 3 < 4\r\n"
    )  # fmt: skip
    assert said(srt.read(text)) == [
        ("Agent", "Hello\nagain", 1.5, 2.25),
        ("Customer", "Hi 3 < 4", 3.0, 4.0),
    ]


def test_two_speakers_in_one_cue() -> None:
    """Are two turns with the same times."""
    text = "1\n00:00:01,000 --> 00:00:02,000\nAgent: Yes?\nCustomer: No.\n"
    assert said(srt.read(text)) == [("Agent", "Yes?", 1, 2), ("Customer", "No.", 1, 2)]
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Yes?</v>\n<v Customer>No.\n"
    assert said(vtt.read(text)) == [("Agent", "Yes?", 1, 2), ("Customer", "No.", 1, 2)]


def test_a_number_that_somebody_says() -> None:
    """Is text where nothing else is said, and a cue's number where something is."""
    text = "1\n00:01 --> 00:02\n7\n00:03 --> 00:04\nSeven.\n3\n00:05 --> 00:06\nOh.\n"
    assert [turn.text for turn in srt.read(text)] == ["7", "Seven.", "Oh."]


def test_a_blank_line_within_a_text() -> None:
    """Does not end it, since nothing else begins."""
    text = "1\n00:01 --> 00:02\nFirst.\n\nSecond.\n\n2\n00:03 --> 00:04\nThird.\n"
    assert [turn.text for turn in srt.read(text)] == ["First.\nSecond.", "Third."]


def test_webvtt_as_it_is_found() -> None:
    """Names of cues, settings, comments, styles, regions, classes, and times without hours."""
    text = (
        "WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\n"
        "NOTE a comment\nover two lines\n\nintroduction\n00:01.000 --> 00:02.500 align:start\n"
        "<v.loud Mary &amp; Co><c.yellow>Hello</c> <00:01.500>there &lt;b&gt;\n\n"
        "NOTE another\n\n100:00:00.000 --> 100:00:01.000\nAgent: Still here.\n"
    )
    assert said(vtt.read(text)) == [
        ("Mary & Co", "Hello there <b>", 1.0, 2.5),
        ("Agent", "Still here.", 360_000.0, 360_001.0),
    ]


def test_an_end_before_the_start() -> None:
    """Is no end."""
    (turn,) = srt.read("1\n00:00:05,000 --> 00:00:04,000\nHm.\n")
    assert (turn.start, turn.end) == (5.0, None)


@pytest.mark.parametrize(
    ("line", "timing"),
    [
        ("00:00:01,000 --> 00:00:02,000", True),
        ("1:01 --> 1:02", True),
        ("00:01.000-->00:02.000 line:0", True),
        ("Is it 10:30 --> 11:30?", False),
        ("a --> b", False),
        ("00:01.000 --> 00:02.000x", False),
    ],
)
def test_timings(line: str, timing: bool) -> None:
    """What begins a cue, and what only looks a little like it."""
    assert is_timing(line) is timing
