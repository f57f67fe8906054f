"""Plain text as it is written for people, and read from vendors who give nothing better."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.model import Turn
from convarchive.transcripts import MEDIA_TYPES, text, write
from convarchive.transcripts.plain import one_line

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
UNMARKED = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=":：[("), max_size=40
)
"""Words without what a label or a stamp is made of, line breaks of every kind included."""
LABELS = st.sampled_from(
    ["Customer", "Agent", "Caller 2", "AI", "Jörg", "顾客", "user", "Mr. O'Neil"]
)


def heard(transcript: str) -> list[tuple[str, str]]:
    """Speaker and text of each turn that is read."""
    return [(turn.speaker, turn.text) for turn in text.read(transcript)]


@settings(max_examples=200)
@given(st.data())
def test_one_line_a_turn(any_turns: st.SearchStrategy[list[Turn]], data: st.DataObject) -> None:
    """Whatever the turns, as many lines, none empty, none with a control character but tab."""
    turns = data.draw(any_turns)
    stamps, labels = data.draw(st.booleans()), data.draw(st.booleans())
    written = write(turns, "text", include_timestamps=stamps, speaker_labels=labels)
    assert len(written.splitlines()) == len(turns)
    assert all(written.splitlines())
    assert {c for c in written if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}
    written.encode()


@given(st.lists(st.tuples(LABELS, WORDS, st.integers(0, 359_999_999)), max_size=8))
def test_what_was_written_is_read(said: list[tuple[str, str, int]]) -> None:
    """With stamps and labels, speakers, seconds and words come back as they went."""
    turns = [
        Turn(n, speaker, "other", words, float(start))
        for n, (speaker, words, start) in enumerate(said)
    ]
    found = text.read(write(turns, "text"))
    assert [(t.position, t.start) for t in found] == [(t.position, t.start) for t in turns]
    assert [t.speaker.lower() for t in found] == [t.speaker.lower() for t in turns]
    assert [t.text for t in found] == [one_line(t.text).strip() for t in turns]


def test_the_form() -> None:
    """Whole seconds rounded down, a label, the words; no stamp where there is no time."""
    turns = [
        Turn(0, "customer", "customer", "I was charged\n\ntwice", 5.9),
        Turn(1, "", "agent", "", None),
        Turn(2, "agent", "agent", "Bye", 360_061.0),
    ]
    assert write(turns, "text") == (
        "[00:00:05] Customer: I was charged twice\nAgent:\n[100:01:01] Agent: Bye\n"
    )
    assert write(turns[1:2], "text", speaker_labels=False) == "…\n"
    assert write(turns[:1], "text", include_timestamps=False) == "Customer: I was charged twice\n"


@given(st.lists(st.tuples(st.sampled_from(["user", "Agent", "Caller 2"]), UNMARKED), min_size=1))
def test_the_words_are_kept_to_the_character(said: list[tuple[str, str]]) -> None:
    """Of a vendor's single string only the labels and the space around the turns are taken off."""
    fenced = [(speaker, f"«{words}»") for speaker, words in said]
    assert heard("\n".join(f"{speaker}: {words}" for speaker, words in fenced)) == fenced


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        ("AI: Hello\nUser: Hi", [("AI", "Hello"), ("User", "Hi")]),
        (" user: hello \n assistant: Hi. ", [("user", "hello"), ("assistant", "Hi.")]),
        ("[00:00:05] Customer: Hi", [("Customer", "Hi")]),
        ("[00:05] Hi", [("", "Hi")]),
        ("(0:05 - 0:09) Agent 1: Hi", [("Agent 1", "Hi")]),
        ("Agent (0:05): Hi", [("Agent", "Hi")]),
        ("[0:05] - Hi", [("", "Hi")]),
        ("[0:05] -5 degrees", [("", "-5 degrees")]),
        (
            "Agent: one  two\r\n\r\n  three\r\nUser: x",
            [("Agent", "one  two\r\n\r\n  three"), ("User", "x")],
        ),
        ("Agent: a\u2028b\x0bc", [("Agent", "a\u2028b\x0bc")]),
        ("Agent: so I said\nwell, you know: no", [("Agent", "so I said\nwell, you know: no")]),
        ("Agent: see\nhttps://example.com/x", [("Agent", "see\nhttps://example.com/x")]),
        ("Agent: at\n10:30 then", [("Agent", "at\n10:30 then")]),
        ("Agent:\nUser: Hi", [("Agent", ""), ("User", "Hi")]),
        ("preamble\n\nAgent: Hi", [("", "preamble"), ("Agent", "Hi")]),
        ("one\n\n two\n", [("", "one"), ("", "two")]),
        ("客服：您好\n顾客：退款", [("客服", "您好"), ("顾客", "退款")]),
        ("\ufeffAgent: Hi", [("Agent", "Hi")]),
        ("[999999:00:00] Hi", [("", "[999999:00:00] Hi")]),
        (" \n\n ", []),
        ("", []),
    ],
)
def test_the_forms_that_are_read(transcript: str, expected: list[tuple[str, str]]) -> None:
    """What vendors and other programs write, and what only looks like a label or a stamp."""
    assert heard(transcript) == expected


@pytest.mark.parametrize(
    ("stamp", "start", "end"),
    [
        ("[00:00:05]", 5.0, None),
        ("(0:05)", 5.0, None),
        ("[1:02:03,5]", 3723.5, None),
        ("[100:05]", 6005.0, None),
        ("[100:00:00.250]", 360_000.25, None),
        ("[0:05 --> 0:09]", 5.0, 9.0),
        ("[0:05–0:09]", 5.0, 9.0),
        ("[0:05 - 0:04]", 5.0, None),
    ],
)
def test_the_stamps_that_are_read(stamp: str, start: float, end: float | None) -> None:
    """In seconds; an end before the start is none."""
    (turn,) = text.read(f"{stamp} Agent: Hi")
    assert (turn.start, turn.end) == (start, end)


def test_roles_are_guessed_from_the_labels() -> None:
    """And are ``other`` where there is no label."""
    turns = text.read("hello?\nassistant: Hi\nCaller 2: Yes")
    assert [turn.role for turn in turns] == ["other", "agent", "customer"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "transcript",
    [
        "Agent: start\n" + "and on it goes\n" * 100_000,
        "A" + " " * 500_000,
        "(0:05" + " " * 500_000,
        "Agent" * 200_000,
        "Agent Smith Jr" + " .-" * 200_000,
    ],
)
def test_no_transcript_takes_for_ever(transcript: str) -> None:
    """The time grows with the length and not with its square, which would be sixteenfold."""

    def seconds(written: str) -> float:
        began = time.process_time()
        text.read(written)
        return time.process_time() - began

    quarter = min(seconds(transcript[: len(transcript) // 4]) for _ in range(3))
    assert seconds(transcript) < 12 * max(quarter, 0.01)


def test_every_format_has_a_media_type() -> None:
    """And a format that there is not is an error that names those there are."""
    assert set(MEDIA_TYPES) == {"text", "srt", "vtt"}
    with pytest.raises(ValueError, match="text, srt, vtt"):
        write([], "docx")
