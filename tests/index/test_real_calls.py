"""The query language, row by row, on real calls in the languages of the collection beside the
repository; without it these tests are skipped.

What should be found is worked out by reading every call anew with a few regular expressions. Where
a language has a stemmer, other forms of a word are found as well: then all that has the word itself
must be among what is found, and the rest must have one that begins alike.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from convarchive import Archive
from convarchive.model import Conversation

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SETS = {
    "en": "evi", "es": "fisher_callhome_es", "ja": "asdc_ja", "pl": "evi", "zh": "crosswoz_zh",
}  # fmt: skip
CALLS = 40
"""Of each language."""

DRAWN = 6
"""Queries of each row in each language."""

STEMMED = ("en", "es")
ALONE = re.compile(r"[\u3005-\u3007\u3041-\u30ff\u3400-\u9fff]|[^\W_]+")
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})

Matcher = Callable[[list[list[str]]], bool]


def split(text: str) -> list[str]:
    """The words of a text without case, accents and width."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(LETTERS)
    bare = "".join(mark for mark in plain if not "\u0300" <= mark <= "\u036f")
    joined = unicodedata.normalize("NFC", bare)
    return [word for run in ALONE.findall(joined) for word in cut(run)]


def cut(run: str) -> Iterator[str]:
    """A run of letters, the signs that are words by themselves apart."""
    signs = r"\u3005-\u3007\u3041-\u30ff\u3400-\u9fff"
    yield from re.findall(f"[{signs}]|[^{signs}]+", run)


@pytest.fixture(scope="module")
def archive(shelve, call) -> Archive:
    """Some calls of each language, with the first turn as a summary."""
    if not CORPUS.exists():
        pytest.skip("the collection of real conversations is not here")
    return shelve(*(dressed(call, real) for language in SETS for real in chosen(language)))


def chosen(language: str) -> list[dict[str, Any]]:
    """So many calls with something in them."""
    with gzip.open(CORPUS / f"{SETS[language]}.jsonl.gz", "rt", encoding="utf-8") as lines:
        read = map(json.loads, lines)
        fit = [one for one in read if one["language"] == language and len(one["turns"]) > 3]
    return fit[:CALLS]


def dressed(call: Callable[..., Conversation], real: dict[str, Any]) -> Conversation:
    """A real conversation as ours. Not all say who speaks: the sides take turns."""
    spoken = [turn["text"] for turn in real["turns"]]
    turns = (f"{('agent', 'customer')[at % 2]}: {text}" for at, text in enumerate(spoken))
    longest = max(spoken, key=len)
    made: Conversation = call(real["id"], *turns, language=real["language"], summary=longest)
    return made


@pytest.fixture(scope="module")
def calls(archive: Archive) -> dict[str, dict[str, Conversation]]:
    """All of them, by language and id."""
    found: dict[str, dict[str, Conversation]] = {language: {} for language in SETS}
    for _, one in archive.conversations(archive.keys()):
        found[one.language or ""][one.id] = one
    return found


@functools.cache
def texts(one: Conversation, side: str | None = None) -> list[list[str]]:
    """The words of each turn that this side said, and of the summary."""
    spoken = [(turn.role, turn.text) for turn in one.turns] + [("summary", one.summary or "")]
    return [split(text) for role, text in spoken if side in (None, role)]


def has(heard: list[list[str]], *run: str, between: int = 0) -> bool:
    """Whether these words stand in one turn, in this order, so many others between at most."""

    def follows(turn: list[str], at: int, rest: tuple[str, ...], room: int) -> bool:
        return not rest or any(
            turn[at + gap] == rest[0] and follows(turn, at + gap + 1, rest[1:], room - gap)
            for gap in range(min(room + 1, len(turn) - at))
        )

    return any(
        word == run[0] and follows(turn, at + 1, run[1:], between)
        for turn in heard for at, word in enumerate(turn)
    )  # fmt: skip


def near(one: str, other: str, edits: int) -> bool:
    """Whether so many edits make one word the other."""
    if one == other:
        return True
    if not edits or abs(len(one) - len(other)) > edits:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    at = min(len(one), len(other)) if same is None else same
    one, other = one[at:], other[at:]
    swapped = one[:2][::-1] == other[:2] and len(one) > 1 and near(one[2:], other[2:], edits - 1)
    return swapped or any(
        near(a, b, edits - 1) for a, b in ((one[1:], other), (one, other[1:]), (one[1:], other[1:]))
    )


class Words:
    """Words and pairs that one language's calls have, drawn by chance, the same each time."""

    def __init__(self, calls: dict[str, Conversation]) -> None:
        self.random = Random(20261122)
        turns = (split(turn.text) for one in calls.values() for turn in one.turns)
        self.turns = [words for words in turns if not any(map(str.isnumeric, words))]

    def turn(self, least: int) -> list[str]:
        """The words of some turn, at least so many; no numbers, which are found in any writing."""
        return self.random.choice([words for words in self.turns if len(words) >= least])

    def word(self) -> str:
        """Any of them."""
        return self.random.choice(self.turn(1))

    def pair(self) -> tuple[str, str]:
        """Neighbours in a turn."""
        return self.random.choice(list(pairwise(self.turn(2))))


class Row(NamedTuple):
    """A query, and what is true of the turns of a call that it finds."""

    query: str
    holds: Matcher
    side: str | None = None
    """Whose turns."""
    forms: bool = True
    """Whether other forms of a word are as good."""


def rows(words: Words) -> dict[str, Row]:
    """A query for each row of the language's table that is about words."""
    a, b = words.word(), words.word()
    one, two = words.pair()
    said, first, *_, last = words.turn(4)[:8], *words.turn(4)[:4]
    return {
        "word": Row(a, lambda heard: has(heard, a)),
        "both": Row(f"{a} {b}", lambda heard: has(heard, a) and has(heard, b)),
        "either": Row(f"{a} OR {b}", lambda heard: has(heard, a) or has(heard, b)),
        "grouped": Row(
            f"({a} OR {first}) {last}",
            lambda heard: has(heard, last) and (has(heard, a) or has(heard, first)),
        ),
        "phrase": Row(f'"{one} {two}"', lambda heard: has(heard, one, two)),
        "sentence": Row(f'"{" ".join(said)}"', lambda heard: has(heard, *said)),
        "loose": Row(f'"{first} {last}"~3', lambda heard: has(heard, first, last, between=3)),
        "customer": Row(
            f"customer:({a} OR {b} OR {one})",
            lambda heard: has(heard, a) or has(heard, b) or has(heard, one), "customer",
        ),
        "agent": Row(
            f'agent-said:("{one} {two}" OR {b})',
            lambda heard: has(heard, one, two) or has(heard, b), "agent",
        ),
        "summary": Row(f"summary:{a}", lambda heard: has(heard, a), "summary"),
        "beginning": Row(
            f"{a[:4]}*",
            lambda heard: any(word.startswith(a[:4]) for turn in heard for word in turn),
            forms=False,
        ),
        "near": Row(
            f"{a}~", lambda heard: any(near(word, a, 1) for turn in heard for word in turn),
            forms=False,
        ),
        "nearer": Row(
            f"{a}~2", lambda heard: any(near(word, a, 2) for turn in heard for word in turn),
            forms=False,
        ),
    }  # fmt: skip


ROWS = (
    "word", "both", "either", "grouped", "phrase", "sentence", "loose", "customer", "agent",
    "summary", "beginning", "near", "nearer",
)  # fmt: skip


@pytest.mark.parametrize("language", SETS)
@pytest.mark.parametrize("name", ROWS)
def test_a_row(
    archive: Archive, calls: dict[str, dict[str, Conversation]], language: str, name: str
) -> None:
    """Each row finds what is there, in each language."""
    words = Words(calls[language])
    found_any = 0
    for _ in range(DRAWN):
        row = rows(words)[name]
        found = {
            hit.conversation.id
            for hit in archive.search(f"({row.query}) language:{language}", limit=0).hits
        }
        true = {key for key, one in calls[language].items() if row.holds(texts(one, row.side))}
        found_any += bool(found)
        if row.forms and language in STEMMED:
            assert true <= found, row.query
            beginnings = {word[:2] for word in split(row.query)}
            for key in found - true:
                heard = texts(calls[language][key], row.side)
                assert beginnings & {word[:2] for turn in heard for word in turn}, row.query
        else:
            assert true == found, row.query
    assert found_any, "nothing was found, so nothing was tried"


@pytest.mark.parametrize("language", SETS)
def test_without(
    archive: Archive, calls: dict[str, dict[str, Conversation]], language: str
) -> None:
    """What has one word and not the other is what has the one, less what has both."""
    words = Words(calls[language])
    for _ in range(DRAWN):
        a, b = words.word(), words.word()
        found, less = set(archive.keys(f"{a} -{b}")), set(archive.keys(f"{a} NOT {b}"))
        assert found == less == set(archive.keys(a)) - set(archive.keys(f"{a} {b}"))


@pytest.mark.parametrize("language", SETS)
def test_what_is_marked(
    archive: Archive, calls: dict[str, dict[str, Conversation]], language: str
) -> None:
    """A phrase that somebody says is marked where it stands, to the character."""
    words = Words(calls[language])
    for _ in range(DRAWN):
        said = words.turn(3)[:3]
        for hit in archive.search(f'"{" ".join(said)}" language:{language}', limit=0).hits:
            marked = [
                turn.turn.text[start:end] for turn in hit.turns for start, end in turn.highlights
            ]
            marked += [str(hit.conversation.summary)[start:end] for start, end in hit.summary]
            assert marked
            for text in marked:
                heard = split(text)
                assert len(heard) >= 3
                if language not in STEMMED:
                    assert has([heard], *said)
