"""Whether a text names somebody who is to be forgotten."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_SHORTEST_NUMBER = 7
"""Digits from which on the end of a phone number finds its calls, as in the search index."""


def mentions(texts: Iterable[str]) -> Callable[[Iterable[object]], bool]:
    """What tells whether any of some values has one of these texts in it.

    Case does not matter. Of a phone number its last seven digits do, in any writing, since they
    are enough to find its calls by.
    """
    wanted = {text.casefold() for text in texts if text.strip()}
    numbers = set(filter(None, map(_number, wanted)))

    def among(values: Iterable[object]) -> bool:
        for value in values:
            if isinstance(value, str):
                folded = value.casefold()
                digits = re.sub(r"\D", "", folded)
                if any(text in folded for text in wanted) or any(n in digits for n in numbers):
                    return True
        return False

    return among


def _number(text: str) -> str:
    """The end of a phone number; nothing where it is none."""
    digits = re.sub(r"\D", "", text)
    if len(digits) < _SHORTEST_NUMBER or any(letter.isalpha() for letter in text):
        return ""
    return digits[-_SHORTEST_NUMBER:]
