"""Where a person or a conversation is still mentioned: ids as they are, numbers in any writing.

For what is erased: a number that a form has as ``+1 (555) 010-4477``, a transcript as
``555-010-4477`` and a log as ``15550104477`` is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BETWEEN = rb"(?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x90\x91\xaf]){0,3}"
_SHORTEST = 7


def digits(number: str) -> str | None:
    """The digits of a phone number as it is dialled from abroad; None where it is no number."""
    text = number.strip()
    if not re.fullmatch(r"\+?[\d\s().\-/\u00a0\u2010\u2011\u202f]+", text, re.ASCII):
        return None
    abroad = text.startswith(("+", "00"))
    found = re.sub(r"\D", "", text.replace("(0)", "") if abroad else text)
    found = found.removeprefix("00") if abroad else found
    return found if len(found) >= _SHORTEST else None


def same_caller(one: str, other: str) -> bool:
    """Whether two callers are the same: numbers in any writing, anything else by its letters."""
    first, second = digits(one), digits(other)
    if first is None or second is None:
        return one.strip().casefold() == other.strip().casefold()
    return first == second


def writings(numbers: Iterable[str]) -> list[str]:
    """The ways in which these callers may be written without anything between the digits."""
    found: list[str] = []
    for number in numbers:
        found.append(number)
        if told := digits(number):
            found += [f"+{told}", told, _national(told)]
    return list(dict.fromkeys(found))


def identifies(caller: str) -> bool:
    """Whether a caller is somebody, by a number or an address, and not only ``anonymous``."""
    return digits(caller) is not None or "@" in caller


class Mentions:
    """Looks for ids and numbers in bytes: as words, not within others.

    Args:
        ids: Of conversations.
        numbers: Of callers; those who are nobody (`identifies`) are not looked for.
    """

    def __init__(self, ids: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
        self._words = [_word(each) for each in ids if each.strip()]
        self._numbers: list[tuple[re.Pattern[bytes], set[bytes]]] = []
        for number in numbers:
            if (told := digits(number)) is not None:
                self._numbers.append(_looked_for(told))
            elif identifies(number):
                self._words.append(_word(number))

    def __bool__(self) -> bool:
        return bool(self._words or self._numbers)

    def within(self, text: bytes) -> bool:
        """Whether any of them is in this text."""
        if any(each.search(text) for each in self._words):
            return True
        return any(
            _digits_before(text, match.start()) in codes
            for pattern, codes in self._numbers
            for match in pattern.finditer(text)
        )


def _word(text: str) -> re.Pattern[bytes]:
    exact = re.escape(text.strip().encode("utf-8", "replace"))
    return re.compile(rb"(?<![\w-])" + exact + rb"(?![\w-])")


def _looked_for(told: str) -> tuple[re.Pattern[bytes], set[bytes]]:
    """What finds a number as it is dialled within its country, and the digits that may stand right
    before it: none, a zero, the country's code."""
    national = _national(told)
    code = told.removesuffix(national)
    spread = _BETWEEN.join(bytes([byte]) for byte in national.encode())
    before = {"", "0", code, f"00{code}", f"{code}0"}
    return re.compile(spread + rb"(?!\d)"), {each.encode() for each in before}


def _digits_before(text: bytes, end: int) -> bytes:
    start = end
    while start > 0 and text[start - 1 : start].isdigit():
        start -= 1
    return text[start:end]


def _national(told: str) -> str:
    """A number without the code of its country, as it is dialled within."""
    import phonenumbers

    try:
        national = str(phonenumbers.parse(f"+{told}").national_number)
    except phonenumbers.NumberParseException:
        return told
    return national if told.endswith(national) else told
