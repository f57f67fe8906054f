"""Where it was said: the turns of a conversation that match, and the characters in them.

The index says which conversations match; this asks the same of the text itself, with the same words
and stems, for the few that are shown. It also settles what the index can't: whether a phrase with
words between stands within one turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convarchive.index import digits, schema
from convarchive.index.words import spans, words
from convarchive.model import Conversation, Turn
from convarchive.query import tree


class Match(NamedTuple):
    """A turn that matches."""

    turn: Turn
    highlights: tuple[tuple[int, int], ...]
    """Stretches of the text, in characters, in order and apart."""


class _Wanted(NamedTuple):
    """A text node, and where it is looked for."""

    node: tree.Word | tree.Phrase | tree.Prefix | tree.Fuzzy
    scope: str | None
    terms: tuple[str, ...]


class Locator:
    """Finds one query's words in any number of conversations."""

    def __init__(self, node: tree.Node) -> None:
        self._wanted = list(_positive(node, None))
        self._numbers = [
            (number, wanted.scope)
            for wanted in self._wanted
            if isinstance(wanted.node, tree.Word | tree.Phrase)
            and (number := digits.asked(wanted.node.text)) is not None
        ]
        self._stems: dict[str | None, _Stems] = {}

    def locate(self, conversation: Conversation) -> list[Match]:
        """The turns that match, in their order."""
        if not self._wanted:
            return []
        stems = self._stems_of(conversation)
        said = [words(turn.text) for turn in conversation.turns]
        sides = [turn.role for turn in conversation.turns]
        numbers = self._numbers_in(list(zip(sides, said, strict=True)), conversation.language)
        matches = []
        for at, turn in enumerate(conversation.turns):
            found = self._found(said[at], stems, turn.role) | numbers.get(at, set())
            if found:
                matches.append(Match(turn, _highlights(turn.text, found)))
        return matches

    def summary(self, conversation: Conversation) -> tuple[tuple[int, int], ...]:
        """The stretches of the summary that match."""
        text = conversation.summary or ""
        stems = self._stems_of(conversation)
        said = words(text)
        numbers = self._numbers_in([("summary", said)], conversation.language)
        return _highlights(text, self._found(said, stems, "summary") | numbers.get(0, set()))

    def _numbers_in(
        self, said: Sequence[tuple[str, list[str]]], language: str | None
    ) -> dict[int, set[int]]:
        """Positions of the words that say a number that is looked for, by text."""
        found: dict[int, set[int]] = {}
        if self._numbers:
            for run in digits.runs([(side, " ".join(text)) for side, text in said], language):
                for number, scope in self._numbers:
                    if scope in (None, run.side):
                        for text, position in digits.held(run, number):
                            found.setdefault(text, set()).add(position)
        return found

    def _stems_of(self, conversation: Conversation) -> _Stems:
        language = conversation.language
        if language not in self._stems:
            self._stems[language] = _Stems(language)
        return self._stems[language]

    def _found(self, heard: Sequence[str], stems: _Stems, side: str) -> set[int]:
        """Positions of the words that match."""
        found: set[int] = set()
        for wanted in self._wanted:
            if wanted.scope in (None, side):
                found.update(_positions(wanted, heard, stems))
        return found


def has_phrase(conversation: Conversation, phrase: tree.Phrase, scope: str | None) -> bool:
    """Whether one turn (or the summary) has all the words in this order, with no more than so many
    others between."""
    wanted = _Wanted(phrase, scope, tuple(words(phrase.text)))
    texts = [(turn.role, words(turn.text)) for turn in conversation.turns]
    texts.append(("summary", words(conversation.summary or "")))
    stems = _Stems(conversation.language)
    found = (_positions(wanted, heard, stems) for side, heard in texts if scope in (None, side))
    return any(True for positions in found for _ in positions)


class _Stems:
    """The stems of words in one language, each made once; forms of a word have the same."""

    def __init__(self, language: str | None) -> None:
        forms = schema.forms_of(language)
        self._stemming = None if forms == schema.UNSTEMMED else schema.stemming(forms)
        self._known: dict[str, str] = {}

    def of(self, said: Sequence[str]) -> Sequence[str]:
        """The stems of these words; the words themselves where the language has no stemmer."""
        if self._stemming is None:
            return said
        fresh = [word for word in said if word not in self._known]
        if fresh:
            stems = self._stemming.analyze(" ".join(fresh))
            self._known.update(zip(fresh, stems, strict=True))
        return [self._known[word] for word in said]


def _positive(node: tree.Node, scope: str | None) -> Iterator[_Wanted]:
    """Everything that is looked for, and not what must be absent."""
    match node:
        case tree.And(children) | tree.Or(children):
            for child in children:
                yield from _positive(child, scope)
        case tree.Within(within, child):
            yield from _positive(child, within)
        case tree.Word() | tree.Phrase() | tree.Prefix() | tree.Fuzzy():
            yield _Wanted(node, scope, tuple(words(node.text)))


def _positions(wanted: _Wanted, heard: Sequence[str], stems: _Stems) -> Iterator[int]:
    match wanted.node:
        case tree.Word():
            yield from _runs(stems.of(wanted.terms), stems.of(heard), 0)
        case tree.Phrase(_, slop):
            yield from _runs(stems.of(wanted.terms), stems.of(heard), slop)
        case tree.Prefix():
            yield from _prefixed(wanted.terms, heard)
        case tree.Fuzzy(_, distance):
            for at, word in enumerate(heard):
                if any(_edits(word, term, distance) <= distance for term in wanted.terms):
                    yield at


def _runs(terms: Sequence[str], heard: Sequence[str], slop: int) -> Iterator[int]:
    """Positions of the terms where they stand in this order, with up to ``slop`` words between."""
    for at, word in enumerate(heard):
        if word == terms[0]:
            run = _run(terms, heard, at, slop)
            if run:
                yield from run


def _run(terms: Sequence[str], heard: Sequence[str], at: int, slop: int) -> list[int] | None:
    """The tightest run that begins here."""
    run = [at]
    last = min(len(heard), at + len(terms) + slop)
    for term in terms[1:]:
        following = range(run[-1] + 1, last)
        place = next((here for here in following if heard[here] == term), None)
        if place is None:
            return None
        run.append(place)
    return run


def _prefixed(terms: Sequence[str], heard: Sequence[str]) -> Iterator[int]:
    length = len(terms)
    for at in range(len(heard) - length + 1):
        run = heard[at : at + length]
        if list(run[:-1]) == list(terms[:-1]) and run[-1].startswith(terms[-1]):
            yield from range(at, at + length)


def _edits(one: str, other: str, most: int) -> int:
    """Edits between two words, a swap of neighbours counting as one (optimal string alignment);
    more than ``most`` if they are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, above = list(range(len(other) + 1)), list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        current = [row]
        for column, b in enumerate(other, start=1):
            cost = min(above[column] + 1, current[-1] + 1, above[column - 1] + (a != b))
            swapped = row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b
            current.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, above = above, current
    return above[-1]


def _highlights(text: str, found: set[int]) -> tuple[tuple[int, int], ...]:
    """The words at these positions as stretches of characters; neighbours become one."""
    if not found:
        return ()
    places = spans(text)
    joined: list[tuple[int, int]] = []
    last = -2
    for at in sorted(found):
        start, end = places[at]
        if at == last + 1 and joined:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        last = at
    return tuple(joined)
