"""What a text is without the things to be hidden: found, marked, and known again.

A `Redactor` finds all kinds in a `Script`. What it finds in one place of a conversation it
`Known` s in the others: the digits of a card that was dictated are hidden in the vendor's JSON
however they are split there, and the caller's number wherever it is said.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from convarchive.index.digits import held
from convarchive.redact import phone
from convarchive.redact.kinds import Kinds
from convarchive.redact.script import Find, Script, Span

SHORTEST_KNOWN: Final = 7
"""Characters by which something is known again."""


class Mark(NamedTuple):
    """A stretch of a text that is hidden."""

    start: int
    end: int
    kind: str


Marks = Mapping[int, Sequence[Mark]]
"""Those of each line that has some, in their order; they don't touch."""


class Known:
    """What was found in a conversation so far, to be found again."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}

    def add(self, kind: str, value: str) -> None:
        """Look out for these digits, or this address."""
        values = phone.variants(value) if kind == phone.KIND else [value]
        for each in values:
            if len(each) >= SHORTEST_KNOWN and each not in self._values:
                self._values[each] = kind
                self._patterns[each] = re.compile(
                    r"[^\w]{0,3}".join(map(re.escape, each)), re.IGNORECASE
                )

    def __len__(self) -> int:
        return len(self._values)

    def find(self, script: Script) -> Iterator[Find]:
        """Where they are, written or spoken."""
        for value, kind in self._values.items():
            for at, line in enumerate(script.lines):
                for match in self._patterns[value].finditer(line.text):
                    yield Find(kind, (Span(at, *match.span()),))
            if value.isdecimal():
                for run in script.dictated:
                    places = held(run, value) if value in run.digits else set()
                    if places:
                        yield Find(kind, script.spans(sorted(places)))


class Redactor:
    """Finds the kinds that are asked for."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def find(self, script: Script, known: Known) -> list[Find]:
        """Everything in this script that is to be hidden; what can be known again becomes known."""
        finders = self.kinds.built_in + self.kinds.own if script.speaks else self.kinds.own
        found = [find for finder in finders for find in finder(script)]
        for find in found:
            if find.value:
                known.add(find.kind, find.value)
        return found + list(known.find(script))


def marks(found: Iterable[Find]) -> Marks:
    """What to hide in each line. Stretches that overlap become one, of the kind found first."""
    order: dict[str, int] = {}
    lines: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for find in found:
        rank = order.setdefault(find.kind, len(order))
        for line, start, end in find.spans:
            lines[line].append((start, end, rank))
    names = list(order)
    return {
        line: [Mark(start, end, names[rank]) for start, end, rank in _merged(sorted(spans))]
        for line, spans in sorted(lines.items())
    }


def hidden(text: str, marked: Sequence[Mark]) -> str:
    """The text with ``[kind]`` in the place of each mark."""
    parts, at = [], 0
    for start, end, kind in marked:
        parts += [text[at:start], f"[{kind}]"]
        at = end
    return "".join([*parts, text[at:]])


def counted(marked: Iterable[Mark]) -> Counter[str]:
    """How many of each kind."""
    return Counter(mark.kind for mark in marked)


def _merged(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for start, end, rank in spans:
        if found and start < found[-1][1]:
            first, last, before = found.pop()
            found.append((first, max(last, end), min(before, rank)))
        else:
            found.append((start, end, rank))
    return found
