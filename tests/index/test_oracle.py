"""The index against a reader with pencil and paper, for queries and conversations by chance."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive import Archive
from convarchive.index.locator import Locator
from convarchive.model import Conversation
from convarchive.query import (
    All,
    And,
    Flag,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Started,
    Term,
    Within,
    Word,
    to_text,
)

FORMS = {
    form: forms[0]
    for forms in (
        ("refund", "refunds", "refunded", "refunding"),
        ("charge", "charges", "charged"),
        ("invoice", "invoices", "invoiced"),
    )
    for form in forms
}
"""Which English words are forms of which: what a grammar says, not what a stemmer does."""

WORDS = (*FORMS, "card", "cart", "cafe", "Café", "don't", "don", "RF-30", "twice", "the", "a")
STATUSES = ("completed", "failed", "abandoned")
TOPICS = ("billing", "delivery", "Late Fee")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HELD = [f"c{at}" for at in range(0, 150, 7)]


@pytest.fixture(scope="module")
def archive(shelve, call) -> Archive:
    """Calls of a few words, in English or in Polish, for which there is no stemmer."""
    random = Random(20260115)

    def words(most: int) -> str:
        return " ".join(random.choices(WORDS, k=random.randrange(most)))

    archive: Archive = shelve(
        *(
            call(
                f"c{at}",
                *(
                    f"{random.choice(('customer', 'agent', 'other'))}: {words(7)}"
                    for _ in range(at % 5)
                ),
                language=random.choice(("en", "pl")),
                summary=random.choice((None, words(5) or None)),
                status=random.choice(STATUSES),
                topics=tuple(random.sample(TOPICS, random.randrange(3))),
                duration=random.choice((None, 0.0, 59.999, 60.0, 300.0, 3600.5)),
                started_at=random.choice(
                    (None, (BEGIN + timedelta(hours=at)).strftime("%Y-%m-%dT%H:00:00Z"))
                ),
            )
            for at in range(150)
        )
    )
    archive.place_hold("some", ids=HELD, reason="to be found")
    return archive


@functools.cache
def everything(archive: Archive) -> list[Conversation]:
    """All that is stored."""
    return [call for _, call in archive.conversations(archive.keys())]


PHRASES = st.builds(
    Phrase, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    st.integers(0, 3),
)  # fmt: skip
TEXTS = st.one_of(
    st.builds(Word, st.sampled_from(WORDS)),
    PHRASES,
    st.builds(Prefix, st.sampled_from(["re", "refunde", "c", "inv", "car", "don't", "RF-3", "x"])),
    st.builds(
        Fuzzy,
        st.sampled_from(["refund", "refnd", "cahrge", "crd", "cartt", "don't", "xxxxx"]),
        st.just(1),
    ),
)
FILTERS = st.one_of(
    st.just(All()),
    st.builds(Term, st.just("status"), st.sampled_from(STATUSES), st.just(False)),
    st.builds(Term, st.just("topic"), st.sampled_from([*TOPICS, "late fee"]), st.just(False)),
    st.builds(Term, st.just("id"), st.sampled_from(["c1", "c14"]), st.booleans()),
    st.builds(Flag, st.just("has"), st.sampled_from(["transcript", "summary"])),
    st.just(Flag("is", "held")),
    st.builds(
        Range, st.just("duration"), st.sampled_from([None, 0.0, 59.999]),
        st.sampled_from([60.0, 300.0, 3600.5]), st.just(False), st.booleans(),
    ),
    st.builds(Range, st.just("turns"), st.sampled_from([0.0, 1.0, 3.0]), st.none(), st.booleans()),
    st.builds(
        lambda since, hours: Started(since, since and since + timedelta(hours=hours)),
        st.integers(-5, 150).map(lambda hours: BEGIN + timedelta(hours=hours)),
        st.integers(1, 100),
    ),
)  # fmt: skip


def combined(leaves: st.SearchStrategy[Node], most: int) -> st.SearchStrategy[Node]:
    """Trees of these leaves as the parser makes them: no `And` in an `And`, no `Or` in an `Or`."""

    def joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.one_of(
            st.builds(Not, children),
            *(
                st.lists(children.filter(lambda child, kind=kind: not isinstance(child, kind)),
                         min_size=2, max_size=3).map(lambda some, kind=kind: kind(tuple(some)))
                for kind in (And, Or)
            ),
        )  # fmt: skip

    return st.recursive(leaves, joined, max_leaves=most)


SCOPED = st.builds(Within, st.sampled_from(["customer", "agent", "summary"]), combined(TEXTS, 3))
QUERIES = combined(TEXTS | SCOPED | FILTERS, 6)


def split(text: str) -> list[str]:
    """A text's words, by the few rules that matter for `WORDS`."""
    for sign in "'-":
        text = text.replace(sign, " ")
    return text.lower().replace("é", "e").split()


def said(conversation: Conversation, scope: str | None) -> list[list[str]]:
    """Turn by turn what this side said."""
    texts = [turn.text for turn in conversation.turns if scope in (None, turn.role)]
    if scope in (None, "summary"):
        texts.append(conversation.summary or "")
    return [split(text) for text in texts]


def holds(node: Node, call: Conversation, scope: str | None = None) -> bool:
    """Whether a conversation is what a query asks for."""
    match node:
        case And(children):
            return all(holds(child, call, scope) for child in children)
        case Or(children):
            return any(holds(child, call, scope) for child in children)
        case Not(child):
            return not holds(child, call, scope)
        case Within(within, child):
            return holds(child, call, within)
        case Word(text) | Phrase(text, 0):
            return any(stands(split(text), heard, call, 0) for heard in said(call, scope))
        case Phrase(text, slop):
            return any(stands(split(text), heard, call, slop) for heard in said(call, scope))
        case Prefix(text):
            return any(begins(split(text), heard) for heard in said(call, scope))
        case Fuzzy(text):
            heard = list(itertools.chain(*said(call, scope)))
            return all(any(one_edit(term, word) for word in heard) for term in split(text))
    return fits(node, call)


def fits(node: Node, call: Conversation) -> bool:
    """Whether the facts of a conversation are as a filter says."""
    match node:
        case All():
            return True
        case Term("status", value):
            return call.status == value
        case Term("topic", value):
            return value.lower() in [topic.lower() for topic in call.topics]
        case Term(_, value, prefix):
            return call.id.startswith(value) if prefix else call.id == value
        case Flag("is", "held"):
            return call.id in HELD
        case Flag(_, value):
            return bool(call.turns if value == "transcript" else call.summary)
        case Started(since, until):
            at = call.started_at and datetime.fromisoformat(call.started_at)
            return bool(at and since and until and since <= at < until)
        case Range(field, low, high, open_low, open_high):
            number = call.duration if field == "duration" else len(call.turns)
            above = number is not None and (low is None or number > low - (not open_low) * 1e-6)
            below = number is not None and (high is None or number < high + (not open_high) * 1e-6)
            return above and below
    raise AssertionError(node)


def stands(terms: Sequence[str], heard: Sequence[str], call: Conversation, slop: int) -> bool:
    """Whether the words stand somewhere in this order, with so many others between at most."""
    places = itertools.combinations(range(len(heard)), len(terms))
    return any(
        run[-1] - run[0] - len(terms) + 1 <= slop
        and all(alike(heard[at], term, call) for at, term in zip(run, terms, strict=True))
        for run in places
    )


def alike(heard: str, term: str, call: Conversation) -> bool:
    """Whether one word is the other, or in English another form of it."""
    if call.language == "en":
        return FORMS.get(heard, heard) == FORMS.get(term, term)
    return heard == term


def begins(terms: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether the words stand side by side, the last of them as a beginning."""
    *whole, last = terms
    runs = (heard[at : at + len(terms)] for at in range(len(heard) - len(terms) + 1))
    return any(run[:-1] == whole and run[-1].startswith(last) for run in runs)


def one_edit(one: str, other: str) -> bool:
    """Whether a letter more, less or another, or two swapped, makes one word the other."""
    for at in range(max(len(one), len(other))):
        if one[:at] + one[at + 1 :] in (other, other[:at] + other[at + 1 :]):
            return True
        if one == other[:at] + other[at + 1 :]:
            return True
        if one[:at] + one[at : at + 2][::-1] + one[at + 2 :] == other:
            return True
    return one == other


@given(query=QUERIES)
@settings(max_examples=150, deadline=None)
def test_the_index_finds_what_is_there(archive: Archive, query: Node) -> None:
    """A query finds exactly those conversations that it is true of, and counts them."""
    expected = {call.id for call in everything(archive) if holds(query, call)}
    found = archive.search(to_text(query), limit=0)
    assert {hit.conversation.id for hit in found.hits} == expected
    assert found.total == archive.count(to_text(query)) == len(expected) == len(found.hits)


@pytest.mark.slow
@given(query=combined(TEXTS, 3) | SCOPED)
@settings(max_examples=100, deadline=None)
def test_a_query_and_its_negation(archive: Archive, query: Node) -> None:
    """What a query finds and what its negation finds are all conversations, each of them once."""
    found, rest = archive.keys(to_text(query)), archive.keys(to_text(Not(query)))
    assert sorted([*found, *rest]) == sorted(archive.keys())


@given(query=TEXTS, scope=st.sampled_from([None, "customer", "agent", "summary"]))
@settings(max_examples=60, deadline=None)
def test_what_is_found_is_shown(archive: Archive, query: Node, scope: str | None) -> None:
    """A conversation has something to highlight if, and only if, it is found."""
    locator = Locator(Within(scope, query) if scope else query)
    for call in everything(archive):
        shown = bool(locator.locate(call) or locator.summary(call))
        partly = isinstance(query, Fuzzy) and len(split(query.text)) > 1
        assert shown == holds(query, call, scope) or partly


def leaves(node: Node, scope: str | None = None) -> Iterator[tuple[Node, str | None]]:
    """What a query looks for, and with whom; not what must be absent."""
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from leaves(child, scope)
        case Within(within, child):
            yield from leaves(child, within)
        case Word() | Phrase() | Prefix() | Fuzzy():
            yield node, scope


def places(node: Node, heard: Sequence[str], call: Conversation) -> set[int]:
    """Which words of a turn a word, a phrase, a beginning or a near word stands for."""
    match node:
        case Fuzzy(text):
            return {
                at for at, word in enumerate(heard) if any(one_edit(t, word) for t in split(text))
            }
        case Prefix(text):
            size = len(split(text))
            starts = [at for at in range(len(heard)) if begins(split(text), heard[at : at + size])]
            return {at + more for at in starts for more in range(size)}
    assert isinstance(node, Word | Phrase)
    terms, slop = split(node.text), node.slop if isinstance(node, Phrase) else 0
    runs = [
        run
        for run in itertools.combinations(range(len(heard)), len(terms))
        if run[-1] - run[0] - len(terms) + 1 <= slop
        and all(alike(heard[at], term, call) for at, term in zip(run, terms, strict=True))
    ]
    # Of those that begin with the same word, the one whose next words come first.
    nearest = {run[0]: run for run in reversed(runs)}
    return {at for run in nearest.values() for at in run}


def marked(query: Node, text: str, side: str, call: Conversation) -> list[tuple[int, int]]:
    """The stretches of a text that are to be marked; words side by side are one."""
    found: set[int] = set()
    for node, scope in leaves(query):
        if scope in (None, side):
            found |= places(node, split(text), call)
    spans = [match.span() for match in re.finditer(r"[A-Za-zé0-9]+", text)]
    stretches: list[tuple[int, int]] = []
    for at in sorted(found):
        begin = stretches.pop()[0] if at - 1 in found else spans[at][0]
        stretches.append((begin, spans[at][1]))
    return stretches


@given(query=combined(TEXTS, 3) | SCOPED)
@settings(max_examples=60, deadline=None)
def test_the_same_is_marked(archive: Archive, query: Node) -> None:
    """To the character, in every turn and every summary."""
    locator = Locator(query)
    for call in everything(archive):
        shown = {match.turn.position: list(match.highlights) for match in locator.locate(call)}
        for turn in call.turns:
            assert shown.get(turn.position, []) == marked(query, turn.text, turn.role, call)
        expected = marked(query, call.summary or "", "summary", call)
        assert list(locator.summary(call)) == expected


def test_the_oracle_is_not_blind(archive: Archive) -> None:
    """The conversations have enough in common with the queries for the comparison to mean much."""
    calls = everything(archive)
    for word in (*FORMS, "RF-30", "don't"):
        assert 10 < sum(holds(Word(word), call) for call in calls) < 140
    assert 3 < sum(holds(Phrase("refund charge"), call) for call in calls) < 140
    assert sum(holds(Phrase("refund charge", 3), call) for call in calls) > 10
