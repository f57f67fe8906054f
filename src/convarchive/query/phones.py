"""Phone numbers in a query: ``+1 (555) 123-4567`` is one word, whatever stands between its digits.

Read by the rules for everything else it would be three words, one of them in parentheses and none
of them a phone number. But two numbers that only stand side by side, ``2026 12345``, must stay two.
So digits are joined over spaces and parentheses only where this looks like one number:

* it begins with ``+`` and a country code, or has an area code in parentheses, ``(555) 123-4567``;
  as the value of ``caller:``, groups of digits suffice: ``caller:555 123 4567``;
* one space, dot or hyphen at most stands between two groups of digits;
* it has 7 to 13 digits, and no more than 11 behind ``+1`` or without a country code. ITU-T E.164
  allows 15, but numbers of that length exist only on paper, and the year behind a number would be
  swallowed. ``00`` may stand for the ``+``. With a ``*`` at its end, 4 digits are enough;
* a group of 7 or more digits is its end: behind ``+15551234567`` comes something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_FIRST: Final = "+(0123456789"
_START: Final = r"\+?[0-9]+|\(\+?[0-9]{1,5}\)"
_GROUP: Final = r"[ \u00a0\u202f.\u2010\u2011-]?(?:[0-9]+|\([0-9]{1,5}\))"
_END: Final = r"(\*?)[.,;!?]*(?=[\s)]|$)"

_FEWEST: Final = 7
_FEWEST_WITH_STAR: Final = 4
_COUNTRY_CODE: Final = 3
_MOST: Final = 13
_MOST_NATIONAL: Final = 11


def phone_number(query: str, column: int, *, caller: bool = False) -> int | None:
    """Where a phone number that begins at this column ends, its ``*`` included.

    None where there is no phone number, and where it holds neither space nor parenthesis, so that
    it is a word anyway.

    Args:
        query: The whole query.
        column: Where a word may begin.
        caller: Whether it is the value of ``caller:``, so that groups of digits are a number.
    """
    if query[column] not in _FIRST:
        return None
    start = re.compile(_START).match(query, column)
    finish = None
    for end in _group_ends(query, start) if start else ():
        finish = re.compile(_END).match(query, end) or finish
    if finish is None:
        return None
    written = query[column : finish.end()]
    one_word = not any(character.isspace() or character == "(" for character in written)
    marked = caller or "+" in written or "(" in written
    enough = _digits(written) >= (_FEWEST_WITH_STAR if finish[1] else _FEWEST)
    return finish.end() if marked and enough and not one_word else None


def _group_ends(query: str, start: re.Match[str]) -> Iterator[int]:
    """Where each group of digits ends that still fits into one number, from the first on."""
    end = start.end()
    digits = count = _digits(start[0])
    most = _MOST if "+" in start[0] and start[0] != "+1" else _MOST_NATIONAL
    if start[0].startswith("00"):
        most = _MOST + len("00")
    yield end
    while count < _FEWEST and (group := re.compile(_GROUP).match(query, end)):
        count = _digits(group[0])
        if digits + count > most or ("(" in group[0] and digits > _COUNTRY_CODE):
            return
        digits += 0 if group[0].endswith("(0)") else count
        end = group.end()
        yield end


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)
