"""Questions drawn from what was said, the same ones for the same conversations.

Words are drawn by how many conversations have them, and pairs of them from those that stand side by
side in a turn, so that every question finds something. Two stemmers agree on nearly all English
words, but not on all: Porter's first rules, which FTS5 has, and his later ones, which the index
has. A word is drawn only if both give it the same family among the words that were said.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from convarchive.index.stems import stems_of
from convarchive.index.words import words
from convarchive.model import Conversation

SINCE, UNTIL = "2026-05-01", "2026-08-01"

SHARES = {
    "rare": (0.0002, 0.001), "middle": (0.01, 0.05), "common": (0.2, 0.6), "pair": (0.02, 0.2),
}  # fmt: skip
"""Of the conversations have it; a phrase of common words is one of two that are common."""


class Question(NamedTuple):
    """A question that each engine is asked in its own way."""

    kind: str
    words: tuple[str, ...]
    joined: str = "and"
    """``and``, ``or``, ``not``, ``phrase``."""
    side: str = ""
    dated: bool = False
    """From `SINCE` to `UNTIL`."""

    @property
    def in_ours(self) -> str:
        """As it is typed."""
        if self.kind == "beginning":
            return f"{self.words[0]}*"
        between = {"or": " OR ", "not": " -"}.get(self.joined, " ")
        said = between.join(self.words)
        said = f'"{said}"' if self.joined == "phrase" else said
        said = f"{self.side}:{said}" if self.side else said
        return f"{said} since:{SINCE} until:{UNTIL}" if self.dated else said

    @property
    def in_fts5(self) -> str:
        """As `MATCH` has it."""
        if self.kind == "beginning":
            return f"{self.words[0]}*"
        if self.joined == "phrase":
            return f'"{" ".join(self.words)}"'
        said = f" {self.joined.upper()} ".join(f'"{word}"' for word in self.words)
        return f"{self.side} : {said}" if self.side else said


class Said(NamedTuple):
    """Words, and neighbours in a turn, with how many conversations have them."""

    words: Counter[str]
    pairs: Counter[tuple[str, str]]
    size: int


def counted(conversations: Iterable[tuple[int, Conversation]]) -> Said:
    """What is said in these."""
    single: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    size = 0
    for _, call in conversations:
        turns = [words(turn.text) for turn in call.turns]
        single.update({word for turn in turns for word in turn})
        pairs.update({pair for turn in turns for pair in pairwise(turn)})
        size += 1
    return Said(single, pairs, size)


def agreed(vocabulary: Iterable[str], theirs: Mapping[str, str]) -> set[str]:
    """The words whose family is the same by our stemmer as by another one."""
    known = list(vocabulary)
    ours = dict(zip(known, stems_of("en").of(known), strict=True))
    them = _families(theirs)
    return {word for word, family in _families(ours).items() if family == them.get(word)}


def drawn(said: Said, fit: set[str], each: int) -> list[Question]:
    """So many questions of each kind, of words that fit."""
    chosen = random.Random(1)
    usable = {word for word in fit if len(word) > 2 and word.isascii() and word.isalpha()}

    def draw(counts: Counter, share: str, of: set[str]) -> list:  # type: ignore[type-arg]
        low, high = SHARES[share]
        least, most = max(2, low * said.size), max(5, high * said.size)
        fitting = sorted(
            item for item, count in counts.items()
            if least <= count <= most and of.issuperset(item if isinstance(item, tuple) else [item])
        )  # fmt: skip
        return chosen.choices(fitting, k=each)

    rare, middle, common, other = (
        draw(said.words, share, usable) for share in ("rare", "middle", "common", "common")
    )
    often = {word for word, count in said.words.items() if count >= 0.2 * said.size} & usable
    pairs, plain = draw(said.pairs, "pair", usable - often), draw(said.pairs, "pair", often)
    return [
        *(Question("rare word", (word,)) for word in rare),
        *(Question("word in 1–5 %", (word,)) for word in middle),
        *(Question("word in 20–60 %", (word,)) for word in common),
        *(Question("both words", pair) for pair in zip(middle, common, strict=True)),
        *(Question("either word", pair, "or") for pair in zip(middle, rare, strict=True)),
        *(Question("either common word", pair, "or") for pair in zip(common, other, strict=True)),
        *(Question("one, not the other", pair, "not") for pair in zip(common, middle, strict=True)),
        *(Question("phrase", pair, "phrase") for pair in pairs),
        *(Question("phrase of common words", pair, "phrase") for pair in plain),
        *(Question("who said it", (word,), side="customer") for word in middle),
        *(Question("beginning", (word[:5],)) for word in middle),
        *(Question("word and three months", (word,), dated=True) for word in common),
    ]


def _families(stems: Mapping[str, str]) -> dict[str, frozenset[str]]:
    members: defaultdict[str, set[str]] = defaultdict(set)
    for word, stem in stems.items():
        members[stem].add(word)
    whole = {stem: frozenset(family) for stem, family in members.items()}
    return {word: whole[stem] for word, stem in stems.items()}
