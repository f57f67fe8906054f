"""A text as the finders see it: lines of several sides, their words, and the numbers said in them.

A call is a script, its turns being the lines. So is a summary, a transcript inside of the vendor's
JSON, and the value of a single field, with the field's name as the line before it. What is said is
read by the rules of the search (`convarchive.index.digits`), so *four one one one*, *double five*
and ``4111`` are digits here, too, also where a number goes on in the next turn.

Where a text names what comes (*the security code is …*) it is a `Label` (see `labels`). Distances
are counted in words, over all lines, whoever speaks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate, groupby
from typing import Final, NamedTuple

from convarchive.index.digits import LOCAL, SHORTEST, Part, Place, Run, runs
from convarchive.index.words import spans, words
from convarchive.redact.labels import CARD, EMAIL, Label, labels

_DIGITS: Final = {
    "en": "zero one two three four five six seven eight nine oh double",
    "de": "null eins zwei zwo drei vier funf sechs sieben acht neun",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zero un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois tres quatro cinco seis sete oito nove meia",
    "nl": "nul een twee drie vier vijf zes zeven acht negen",
    "ja": "零 〇 ゼ 一 二 三 四 五 六 七 八 九",
    "zh": "零 〇 一 幺 二 三 四 五 六 七 八 九",
}
"""By which it is seen that numbers are said in a language, whatever the call's language is."""

_SEEN: Final = 3
"""So many of these words."""

_PAUSE: Final = 2
"""Words within a number that go with it: *four one, um, one one*."""

_CHAINED: Final = 12
"""Words of one's own between two pieces of a number that may belong together."""

_LONGEST: Final = 40
"""Digits of a number; nothing that is looked for has more."""


_FEW: Final = 2
"""Spaces, without which no number is said in words."""
_SIGN: Final = re.compile(r"[\d@\u2e80-\uffff-]")
"""Digits, what joins letters and words, and scripts without spaces."""


class Line(NamedTuple):
    """What one side says in a row."""

    side: str
    """Who speaks; the same text for the same side."""
    text: str


class Span(NamedTuple):
    """A stretch of a line."""

    line: int
    start: int
    """In characters of the line's text."""
    end: int


class Find(NamedTuple):
    """Something of a kind, in one piece or, split over lines, in several."""

    kind: str
    spans: tuple[Span, ...]
    value: str = ""
    """Its digits or characters alone, where it can be known again by them."""


class Script:
    """Lines, and what can be read in them.

    Args:
        lines: In their order.
        language: As a tag, where it is known.
        caller: The number of the caller, which tells the country.
    """

    def __init__(
        self, lines: Iterable[Line], language: str | None = None, caller: str | None = None
    ) -> None:
        self.lines = tuple(lines)
        self.language = language
        self.caller = caller

    @cached_property
    def tongue(self) -> str | None:
        """The primary part of the language's tag."""
        return self.language.replace("_", "-").partition("-")[0].lower() if self.language else None

    @cached_property
    def tongues(self) -> tuple[str, ...]:
        """The languages in which numbers are read."""
        said = Counter(self.flow)
        seen = (
            tongue
            for tongue, digits in _DIGITS.items()
            if sum(said[word] for word in digits.split()) >= _SEEN
        )
        return tuple(dict.fromkeys((self.tongue or "en", "en", *seen)))

    @cached_property
    def words(self) -> list[list[str]]:
        """The folded words of each line."""
        return [words(line.text) for line in self.lines]

    @cached_property
    def flow(self) -> list[str]:
        """All words, one line after the other."""
        return [word for line in self.words for word in line]

    @cached_property
    def labels(self) -> list[Label]:
        """What is said to come, in the order of the `flow`."""
        return labels(self.flow)

    @cached_property
    def speaks(self) -> bool:
        """Whether numbers or addresses can be in it: most values of fields are a word or two."""
        signs = any(_SIGN.search(line.text) for line in self.lines)
        return signs or sum(line.text.count(" ") for line in self.lines) >= _FEW

    def at(self, place: Place) -> int:
        """A word's position in the `flow`."""
        return self._bases[place[0]] + place[1]

    def line_at(self, at: int) -> int:
        """The line of a word of the `flow`."""
        return bisect_right(self._bases, at) - 1

    def characters(self, line: int, word: int) -> tuple[int, int]:
        """Where a word stands in its line's text."""
        return self._spans[line][word]

    def words_at(self, line: int, start: int, end: int) -> tuple[int, int]:
        """The positions in the `flow` of the first and the last word of these characters."""
        first = bisect_right(self._spans[line], start, key=lambda span: span[1])
        last = bisect_left(self._spans[line], end, key=lambda span: span[0]) - 1
        return self._bases[line] + first, self._bases[line] + last

    def label_before(self, at: int, within: int) -> Label | None:
        """The last label that ends at or before this position, at most so many words before it."""
        before = bisect_right(self.labels, at, key=lambda label: label.end) - 1
        label = self.labels[before] if before >= 0 else None
        return label if label and at - label.end <= within else None

    def label_behind(self, at: int, within: int) -> Label | None:
        """The first label in the same line that begins behind this position, as near."""
        behind = bisect_right(self.labels, at, key=lambda label: label.start)
        label = self.labels[behind] if behind < len(self.labels) else None
        near = label and label.start - at <= within
        return label if label and near and self.line_at(label.start) == self.line_at(at) else None

    def spans(self, places: Sequence[Place]) -> tuple[Span, ...]:
        """The characters of these words; words side by side, or nearly so, in one span."""
        found = []
        for line, group in groupby(sorted(set(places)), key=lambda place: place[0]):
            at = [word for _, word in group]
            first = last = at[0]
            for word in [*at[1:], -1]:
                if word < 0 or word - last > _PAUSE + 1:
                    found.append(self._span(line, first, last))
                    first = word
                last = word
        return tuple(found)

    @cached_property
    def numbers(self) -> list[Run]:
        """What is said in a row, by a side that is interrupted by no more than *mm-hm*; in the
        script's own language and in English."""
        tongues = self.tongues if self.tongue is None else (self.tongue, "en")
        return _unlike(
            run for tongue, group in self._together for run in group if tongue in tongues
        )

    @cached_property
    def dictated(self) -> list[Run]:
        """The same, whatever the others say in between, in every language: for what proves itself
        by a check digit."""
        return _unlike(run for _, group in self._apart for run in group)

    @cached_property
    def chains(self) -> list[list[Part]]:
        """What a side says in digits, with some words in between. The first part of a piece is
        `apart`."""
        found = []
        for _, group in self._apart:
            chain: list[Part] = []
            for run in group:
                first, *more = run.parts
                if chain and not self._belong(chain[-1].places[-1], first.places[0]):
                    found.append(chain)
                    chain = []
                chain += [first._replace(apart=True), *more]
            found.append(chain)
        return [list(chain) for chain in dict.fromkeys(map(tuple, found))]

    @cached_property
    def _together(self) -> list[tuple[str, list[Run]]]:
        texts = [
            (side, " ".join(said)) for (side, _), said in zip(self.lines, self.words, strict=True)
        ]
        read = ((tongue, runs(texts, tongue)) for tongue in self.tongues)
        return [(tongue, group) for tongue, group in read if group]

    @cached_property
    def _apart(self) -> list[tuple[str, list[Run]]]:
        """As `_together`, each side by itself."""
        found = []
        for side in dict.fromkeys(line.side for line in self.lines):
            own = [at for at, line in enumerate(self.lines) if line.side == side]
            texts = [(side, " ".join(self.words[at])) for at in own]
            for tongue in self.tongues:
                group = [_moved(run, own) for run in runs(texts, tongue)]
                if group:
                    found.append((tongue, group))
        return found

    @cached_property
    def _bases(self) -> list[int]:
        return [0, *accumulate(map(len, self.words))][:-1] or [0]

    @cached_property
    def _spans(self) -> list[list[tuple[int, int]]]:
        return [spans(line.text) for line in self.lines]

    def _span(self, line: int, first: int, last: int) -> Span:
        start, end = self._spans[line][first][0], self._spans[line][last][1]
        text = self.lines[line].text
        while start and text[start - 1] in "+(":
            start -= 1
        return Span(line, start, end)

    def _belong(self, one: Place, other: Place) -> bool:
        """Whether the same side says few words between these two, and nobody calls what comes by
        another name."""
        side, first, last = self.lines[one[0]].side, self.at(one), self.at(other)
        own = (at for at in range(first + 1, last) if self.lines[self.line_at(at)].side == side)
        between = (label for label in self.labels if first < label.end <= last)
        renamed = any(label.kind not in (CARD, EMAIL) for label in between)
        return not renamed and sum(1 for _ in own) < _CHAINED


def stretches(run: Run) -> list[tuple[str, tuple[Place, ...]]]:
    """What may be a number within what is said in a row, the longest first: all of it, and what
    lies between two places where another number may begin."""
    parts = run.parts
    bounds = [
        at
        for at, part in enumerate(parts)
        if at == 0 or part.apart or max(len(part.digits), len(parts[at - 1].digits)) >= LOCAL
    ]
    ends = [*bounds[1:], len(parts)]
    found: list[tuple[str, tuple[Place, ...]]] = []
    for number, start in enumerate(bounds):
        digits = ""
        for end, before in zip(ends[number:], bounds[number:], strict=True):
            digits += "".join(part.digits for part in parts[before:end])
            if len(digits) > _LONGEST:
                break
            if len(digits) >= SHORTEST:
                places = tuple(place for part in parts[start:end] for place in part.places)
                found.append((digits, places))
    return sorted(found, key=lambda piece: -len(piece[0]))


def _moved(run: Run, lines: Sequence[int]) -> Run:
    """The same in other lines."""
    return Run(
        run.side,
        tuple(
            part._replace(places=tuple((lines[line], word) for line, word in part.places))
            for part in run.parts
        ),
    )


def _unlike(runs: Iterable[Run]) -> list[Run]:
    return list(dict.fromkeys(runs))
