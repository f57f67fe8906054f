"""Where it was said: the turns of a conversation that match, and the characters in them.

The index says which conversations match; this asks the same of the text itself, with the same words
and stems, for the few that are shown. It also settles what the index can't: whether a phrase with
words between stands within one turn.

Most turns of a conversation that matches have nothing to do with the query; those without any word
of it are passed over at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from convarchive.index import digits, schema
from convarchive.index.stems import Stems, stems_of
from convarchive.index.words import fold, spans, words
from convarchive.model import Conversation, Turn
from convarchive.query import tree

BEST = 3
"""Turns of a conversation that stand before the others: those in which most of what is looked for
is said."""


class Match(NamedTuple):
    """A turn that matches."""

    turn: Turn
    highlights: tuple[tuple[int, int], ...]
    """Stretches of the text, in characters, in order and apart."""


class _Wanted(NamedTuple):
    """A text node, and where it is looked for."""

    node: tree.Word | tree.Phrase | tree.Prefix | tree.Fuzzy
    scope: str
    terms: tuple[str, ...]
    number: str | None
    """The digits of what is a number."""


class Locator:
    """Finds one query's words in any number of conversations."""

    def __init__(self, node: tree.Node) -> None:
        self._wanted = list(_positive(node, schema.SAID))
        self._any_number = any(wanted.number for wanted in self._wanted)
        self._searches: dict[str, _Search] = {}

    def locate(self, conversation: Conversation) -> list[Match]:
        """The turns that match: the `BEST` first, and then the others, both in their order."""
        said = [(turn.role, turn.text) for turn in conversation.turns]
        found = sorted(self._found(said, conversation.language).items())
        matches = [
            Match(turn := conversation.turns[at], _highlights(turn.text, here.words))
            for at, here in found
        ]
        if len(matches) > BEST:
            most = sorted(range(len(found)), key=lambda at: (-len(found[at][1].wanted), at))
            matches = [matches[at] for at in (*sorted(most[:BEST]), *sorted(most[BEST:]))]
        return matches

    def summary(self, conversation: Conversation) -> tuple[tuple[int, int], ...]:
        """The stretches of the summary that match."""
        text = conversation.summary or ""
        found = self._found([("summary", text)], conversation.language)
        return _highlights(text, found[0].words) if found else ()

    def _found(
        self, said: Sequence[tuple[str, str]], language: str | None
    ) -> defaultdict[int, _Found]:
        """What is found in which of these texts, each with the side that says it."""
        found: defaultdict[int, _Found] = defaultdict(_Found)
        if not self._wanted:
            return found
        search = self._search(language)
        heard = [words(text) for _, text in said]
        telling = search.telling(heard)
        for at, (side, _) in enumerate(said):
            if not telling.isdisjoint(heard[at]):
                for which, positions in search.positions(heard[at], side):
                    for position in positions:
                        found[at].add(which, position)
        if self._any_number:
            self._add_numbers(found, said, language)
        return found

    def _add_numbers(
        self,
        found: defaultdict[int, _Found],
        said: Sequence[tuple[str, str]],
        language: str | None,
    ) -> None:
        for run in digits.runs([(side, fold(text)) for side, text in said], language):
            for which, (_, scope, _, number) in enumerate(self._wanted):
                if number and scope in (schema.SAID, run.side):
                    for at, position in digits.held(run, number):
                        found[at].add(which, position)

    def _search(self, language: str | None) -> _Search:
        forms = schema.forms_of(language)
        if forms not in self._searches:
            self._searches[forms] = _Search(self._wanted, stems_of(forms))
        return self._searches[forms]


def has_phrase(conversation: Conversation, phrase: tree.Phrase, scope: str) -> bool:
    """Whether one turn (or the summary) has all the words in this order, with no more than so many
    others between."""
    stems = stems_of(schema.forms_of(conversation.language))
    terms = stems.of(words(phrase.text))
    texts = [(turn.role, turn.text) for turn in conversation.turns]
    texts.append(("summary", conversation.summary or ""))
    return any(
        True
        for side, text in texts
        if scope in (schema.SAID, side)
        for _ in _runs(terms, stems.of(words(text)), phrase.slop)
    )


class _Found:
    """What is found in one text."""

    def __init__(self) -> None:
        self.words: set[int] = set()
        """Positions of the words that match."""
        self.wanted: set[int] = set()
        """Which of what is wanted, by its place in the query."""

    def add(self, which: int, position: int) -> None:
        """A word belongs to something that is wanted."""
        self.wanted.add(which)
        self.words.add(position)


class _Search:
    """Looks for what is wanted in texts of one language."""

    def __init__(self, wanted: Sequence[_Wanted], stems: Stems) -> None:
        self._stems = stems
        self._wanted = [(one, stems.of(one.terms)) for one in wanted]
        self._wanted_stems = {
            stem
            for one, stemmed in self._wanted
            if isinstance(one.node, tree.Word | tree.Phrase)
            for stem in stemmed
        }
        self._others = [
            one for one, _ in self._wanted if isinstance(one.node, tree.Prefix | tree.Fuzzy)
        ]
        self._seen: set[str] = set()
        self._telling: set[str] = set()

    def telling(self, heard: Sequence[Sequence[str]]) -> set[str]:
        """Of the words of these texts, and of others before, those that something wanted can have
        in it."""
        fresh = list(set().union(*heard) - self._seen)
        self._seen.update(fresh)
        stemmed = zip(fresh, self._stems.of(fresh), strict=True)
        self._telling.update(word for word, stem in stemmed if stem in self._wanted_stems)
        for one in self._others:
            self._telling.update(word for word in fresh if _like(one, word))
        return self._telling

    def positions(self, heard: Sequence[str], side: str) -> Iterator[tuple[int, Iterable[int]]]:
        """For all that is wanted of this side, the positions of the words that match."""
        stemmed = self._stems.of(heard)
        for which, (wanted, terms) in enumerate(self._wanted):
            if wanted.scope not in (schema.SAID, side):
                continue
            match wanted.node:
                case tree.Word():
                    yield which, _runs(terms, stemmed, 0)
                case tree.Phrase(_, slop):
                    yield which, _runs(terms, stemmed, slop)
                case tree.Prefix():
                    yield which, _prefixed(wanted.terms, heard)
                case tree.Fuzzy():
                    yield which, (at for at, word in enumerate(heard) if _like(wanted, word))


def _like(wanted: _Wanted, word: str) -> bool:
    """Whether a beginning or a near word can have this word in it."""
    if isinstance(wanted.node, tree.Fuzzy):
        most = wanted.node.distance
        return any(_edits(word, term, most) <= most for term in wanted.terms)
    return word.startswith(wanted.terms[-1])


def _positive(node: tree.Node, scope: str) -> Iterator[_Wanted]:
    """Everything that is looked for, and not what must be absent."""
    match node:
        case tree.And(children) | tree.Or(children):
            for child in children:
                yield from _positive(child, scope)
        case tree.Within(within, child):
            yield from _positive(child, within)
        case tree.Word() | tree.Phrase() | tree.Prefix() | tree.Fuzzy():
            spoken = isinstance(node, tree.Word | tree.Phrase)
            number = digits.asked(node.text) if spoken else None
            yield _Wanted(node, scope, tuple(words(node.text)), number)


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
