"""Which turns are shown for a hit, and which characters of them are highlighted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.index.locator import Locator, has_phrase
from convarchive.model import Conversation, Turn
from convarchive.query import parse
from convarchive.query.tree import Fuzzy, Phrase, Prefix, Word

Marked = Callable[..., list[str]]


def locator(query: str) -> Locator:
    """Looks for this query."""
    return Locator(parse(query, now=datetime(2026, 1, 1, tzinfo=UTC)))


def marks(text: str, stretches: tuple[tuple[int, int], ...]) -> str:
    """The text with its highlights in ‹quotes›."""
    for start, end in reversed(stretches):
        text = f"{text[:start]}‹{text[start:end]}›{text[end:]}"
    return text


@pytest.fixture(scope="module")
def marked(call) -> Marked:
    """``marked(query, *lines, …)``: the turns that match, with their highlights in ‹quotes›."""

    def marked(query: str, *lines: str, **fields: object) -> list[str]:
        matches = locator(query).locate(call("c1", *lines, **fields))
        return [marks(match.turn.text, match.highlights) for match in matches]

    return marked


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("refund", "A refund, please.", "A ‹refund›, please."),
        ("refund", "REFUNDS! (refunded)", "‹REFUNDS! (refunded›)"),
        ("refund please", "A refund now, please.", "A ‹refund› now, ‹please›."),
        ("refund OR invoice", "an invoice", "an ‹invoice›"),
        ('"charged twice"', "charged; charged twice!", "charged; ‹charged twice›!"),
        ('"charged twice"', "charges… twice", "‹charges… twice›"),
        ('"charged twice"~3', "charged my card exactly twice", "‹charged› my card exactly ‹twice›"),
        ('"charged twice"~3', "charged charged twice", "‹charged charged twice›"),
        ('"a b"~1', "a x a b", "a x ‹a b›"),
        ('"a b"~2', "a x a b", "‹a› x ‹a b›"),
        ("refu*", "refunds and Refuse", "‹refunds› and ‹Refuse›"),
        ("don't*", "I don't and don’ts", "I ‹don't› and ‹don’ts›"),
        ("refnd~", "one refund, two rfnd", "one ‹refund›, two ‹rfnd›"),
        ("refnd~", "refudn", None),
        ("refnd~2", "refudn", "‹refudn›"),
        ("don't", "Don’t, don t, dont", "‹Don’t, don t›, dont"),
        ("jane@example.com", "to jane@example.com now", "to ‹jane@example.com› now"),
        ("07:30", "at 07:30 or 7:30", "at ‹07:30› or 7:30"),
        ("etat", "L’état, c’est moi", "L’‹état›, c’est moi"),
        ("état", "un e\u0301tat nouveau", "un ‹e\u0301tat› nouveau"),
        ("strasse", "in der Straße 5", "in der ‹Straße› 5"),
        ("fine", "It's ﬁne.", "It's ‹ﬁne›."),
        ("555", "call ５５５ now", "call ‹５５５› now"),
        ("５５５", "call 555 now", "call ‹555› now"),
        ("ＡＢＣ", "the abc", "the ‹abc›"),
        ("重复扣", "😀我被重复扣款两次", "😀我被‹重复扣›款两次"),
        ("返金", "返金を、返金。", "‹返金›を、‹返金›。"),
        ("カード 返金", "カードへ返金", "‹カード›へ‹返金›"),
        ("환불", "환불해 주세요", "‹환불›해 주세요"),
        ("refund", "😀😀 𠮷 refund", "😀😀 𠮷 ‹refund›"),
        ("nothing", "to see here", None),
    ],
)
def test_highlights(marked: Marked, query: str, text: str, expected: str | None) -> None:
    """Highlights are characters of the text, whole words of it, and neighbours are one."""
    assert marked(query, f"customer: {text}") == ([expected] if expected else [])


def test_turns_that_match(marked: Marked) -> None:
    """The turns that have something of the query, in their order, and no others."""
    lines = ("customer: a refund", "agent: a moment", "agent: an invoice", "other: refunds")
    assert marked("refund invoice", *lines) == ["a ‹refund›", "an ‹invoice›", "‹refunds›"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("customer:refund", ["my ‹refund›"]),
        ("agent-said:refund", ["your ‹refund›"]),
        ("summary:refund", []),
        ("customer:refund OR agent-said:moment", ["my ‹refund›", "a ‹moment›"]),
        ("refund -agent-said:refund", ["my ‹refund›", "your ‹refund›", "no ‹refund›"]),
        ("refund -moment", ["my ‹refund›", "your ‹refund›", "no ‹refund›"]),
        ("customer:(refund -my)", ["my ‹refund›"]),
        ("status:completed", []),
        ("status:completed moment", ["a ‹moment›"]),
        ("", []),
        ("-refund", []),
    ],
)
def test_who_said_it(marked: Marked, query: str, expected: list[str]) -> None:
    """Only the side that was asked for; nothing for filters and for what must be absent."""
    lines = ("customer: my refund", "agent: your refund", "other: no refund", "agent: a moment")
    assert marked(query, *lines, summary="A refund.") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("refund", "A ‹refund› of the double charge"),
        ('"double charges"', "A refund of the ‹double charge›"),
        ("summary:charge", "A refund of the double ‹charge›"),
        ("customer:refund", "A refund of the double charge"),
    ],
)
def test_summaries(call, query: str, expected: str) -> None:
    """A summary has its own highlights."""
    text = "A refund of the double charge"
    conversation = call("c1", "customer: hello", summary=text)
    assert marks(text, locator(query).summary(conversation)) == expected
    assert locator(query).summary(call("c2")) == ()


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", ["‹refunds›"]), (None, ["‹refunds›"]), ("pl", []), ("ja", [])],
)
def test_forms_go_by_the_language(
    marked: Marked, language: str | None, expected: list[str]
) -> None:
    """Other forms of a word are highlighted where the index finds them."""
    assert marked("refund", "customer: refunds", language=language) == expected


def test_endless_words(marked: Marked) -> None:
    """In a run of 300 KB the part that was asked for is highlighted."""
    text = "y" * 200 + "x" * 299_600 + "z" * 200
    (found,) = marked("y" * 200 + " OR " + "z" * 200, f"customer: {text}")
    assert found == f"‹{'y' * 200}›{'x' * 299_600}‹{'z' * 200}›"


def test_a_phrase_is_not_in_two_turns(call) -> None:
    """Words of two turns of one speaker are no phrase, and neither are turn and summary."""
    apart = call("c1", "customer: charged", "customer: twice", summary="charged")
    for slop in range(9):
        assert not has_phrase(apart, Phrase("charged twice", slop), "said")
    assert has_phrase(apart, Phrase("twice", 2), "said")
    assert has_phrase(apart, Phrase("twice", 2), "customer")
    assert not has_phrase(apart, Phrase("twice", 2), "agent")


WORDS = st.sampled_from(
    ["refund", "Refunds", "état", "ﬁne", "５５", "日本", "don't", "x", "ab", "a"]
)
GAPS = st.sampled_from([" ", ", ", " – ", "\n", "😀 ", "\u2028"])


@given(
    node=st.one_of(
        st.builds(Word, WORDS),
        st.builds(Phrase, st.lists(WORDS, min_size=1, max_size=3).map(" ".join), st.integers(0, 3)),
        st.builds(Prefix, WORDS),
        st.builds(Fuzzy, WORDS, st.integers(1, 2)),
    ),
    pieces=st.lists(st.tuples(WORDS, GAPS), max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_highlights_are_stretches(
    node: Word | Phrase | Prefix | Fuzzy, pieces: list[tuple[str, str]]
) -> None:
    """Highlights lie within the text, in order, apart, and begin and end with words."""
    text = "".join(word + gap for word, gap in pieces)
    conversation = Conversation("s", "c", turns=(Turn(0, "", "customer", text),), language="en")
    for match in Locator(node).locate(conversation):
        assert match.highlights
        last = -1
        for start, end in match.highlights:
            assert last < start < end <= len(text)
            assert text[start:end].strip(" ,–\n😀\u2028") == text[start:end]
            last = end


def test_the_best_three_come_first(marked) -> None:
    """Turns in which more of the query is said stand before the others, each part in its order."""
    lines = [f"customer: {said}" for said in (
        "an invoice", "an invoice", "a refund", "no", "a refund for an invoice", "invoice",
        "invoice, refund",
    )]  # fmt: skip
    assert marked("refund invoice", *lines) == [
        "an ‹invoice›", "a ‹refund› for an ‹invoice›", "‹invoice, refund›",
        "an ‹invoice›", "a ‹refund›", "‹invoice›",
    ]  # fmt: skip


def test_one_word_is_shown_where_it_is_first_said(marked) -> None:
    """Turns that match alike stand in their order."""
    lines = [f"customer: refund {number}" for number in range(6)]
    assert marked("refund", *lines) == [f"‹refund› {number}" for number in range(6)]
