"""``name:FILE``: names and other words of the user's own list, one a line.

Whole words, in any case, with or without accents; a name of several words is found with any space
or punctuation between, and before a possessive's apostrophe: *O'Brien's*. A name is also found
spelled, *S-M-I-T-H*, if it has three letters or more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from convarchive.index.words import words
from convarchive.redact.script import Find, Script

KIND: Final = "name"

_SPELLED: Final = 3


class Names:
    """A finder of these names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for name in names:
            if said := tuple(words(name)):
                self._names[said[0]].add(said)
                letters = tuple("".join(said))
                if len(letters) >= _SPELLED:
                    self._names[letters[0]].add(letters)
                for word in said:
                    if len(word) >= _SPELLED:
                        self._names[word[0]].add(tuple(word))

    def find(self, script: Script) -> Iterator[Find]:
        """Where they are; the longest, where one begins with another."""
        for line, said in enumerate(script.words):
            at = 0
            while at < len(said):
                length = self._length(said, at)
                if length:
                    yield Find(KIND, script.spans([(line, at + n) for n in range(length)]))
                at += max(1, length)

    def _length(self, said: list[str], at: int) -> int:
        fitting = (
            len(n) for n in self._names.get(said[at], ()) if tuple(said[at : at + len(n)]) == n
        )
        return max(fitting, default=0)
