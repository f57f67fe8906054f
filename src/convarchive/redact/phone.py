"""``phone``: telephone numbers, written or spoken.

Written ones are found by `phonenumbers` (the port of Google's libphonenumber), by the rules of the
countries that the caller's number and the language suggest. With ``+`` any number of a possible
length counts, else it must be one that the country has given out, unless it is called a phone
number. What is called something else (*order number*) is none. Spoken digits are judged alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from convarchive.index.digits import Place
from convarchive.redact.labels import EMAIL, PHONE
from convarchive.redact.script import Find, Script, Span, stretches

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

KIND: Final = "phone"

_FEWEST: Final = 7
_MOST: Final = 15
_ENOUGH: Final = 9
"""Digits from which a number is one by itself."""

_CALLED: Final = 30
"""Words before a number in which it was called a phone number."""
_OTHERWISE: Final = 8
"""The same for something else."""
_BEHIND: Final = 5
_NEXT: Final = 3
"""Turns after a number in which parts of it are repeated."""
_PLUS: Final = ("plus", "mas", "piu", "mais")

_REGIONS: Final = {
    "en": "US GB", "de": "DE AT CH", "es": "ES MX US", "fr": "FR CA", "it": "IT", "pt": "BR PT",
    "nl": "NL BE", "ja": "JP", "zh": "CN HK", "pl": "PL",
}  # fmt: skip
_PART_OF_A_WORD: Final = re.compile(
    r"[A-Za-z0-9_#№@]-?$|[$€£¥]\s?$|(?<![\w'’])[b-df-hj-np-tv-xz]\s$", re.IGNORECASE
)
"""Before what is a part of something else: ``W-5551234567``, *T K five five five …*."""
_BEFORE: Final = 4
"""Characters that this looks at."""
_ENDLESS: Final = re.compile(r"[0-9]{41,}")
"""No number, and hard work for the matcher."""
_DATE: Final = re.compile(
    r"[0-9]{4}([-./])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-./])[0-9]{1,2}\2[0-9]{4}|[0-9]:[0-9]{2}"
)
"""Or a time of day: ``10:00-21:00``."""
_AMOUNT: Final = re.compile(r"[0-9]{1,3}(?:([,.'])[0-9]{3})(?:\1[0-9]{3})*(?:[,.][0-9]{1,2})?")
"""``9,192,631,770``."""


class _Candidate(NamedTuple):
    """Digits that may be a number."""

    text: str
    """With its ``+``, if it has one."""
    first: int
    """Position of its first word in the flow, and of its last."""
    last: int
    whole: bool = True
    """Whether it is said in one turn, and not as an amount."""


def find(script: Script) -> list[Find]:
    """The numbers."""
    regions = _regions(script.caller, script.tongue, script.language)
    found = [*dict.fromkeys(_written(script, regions)), *_said(script, regions)]
    return [*found, *_rests(script, found)]


def variants(number: str) -> list[str]:
    """The digits of a number as it can be written: with the country's code, and without."""
    digits = "".join(str(int(digit)) for digit in number if digit.isdecimal())
    if len(digits) < _FEWEST:
        return []
    parsed = _parsed(f"+{digits}", "ZZ") if number.strip().startswith("+") else None
    national = str(parsed.national_number) if parsed else digits
    return list(dict.fromkeys(d for d in (digits, national) if len(d) >= _FEWEST))


def _written(script: Script, regions: tuple[str, ...]) -> Iterator[Find]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    for at, line in enumerate(script.lines):
        text = _ENDLESS.sub(lambda digits: "-" * len(digits[0]), line.text)
        if sum(map(str.isdecimal, text)) < _FEWEST:
            continue
        for region in regions:
            for match in PhoneNumberMatcher(text, region, Leniency.POSSIBLE):
                start = match.start - (text[match.start - 1 : match.start] == "(")
                if _is_part_of_a_word(text, start) or _DATE.search(match.raw_string):
                    continue
                first, last = script.words_at(at, start, match.end)
                if _counts(script, _Candidate(match.raw_string, first, last), region, regions):
                    digits = "".join(variants(match.raw_string)[:1])
                    yield Find(KIND, (Span(at, start, match.end),), digits)


def _said(script: Script, regions: tuple[str, ...]) -> Iterator[Find]:
    """Those in words or in figures, in one turn or in several."""
    called = any(label.kind == PHONE for label in script.labels)
    taken: set[Place] = set()
    for run in chain(script.numbers, script.dictated if called else ()):
        for digits, places in stretches(run):
            if not _FEWEST <= len(digits) <= _MOST or not taken.isdisjoint(places):
                continue
            first, last = script.at(places[0]), script.at(places[-1])
            plus = "+" if first and script.flow[first - 1] in _PLUS else ""
            candidate = _Candidate(plus + digits, first, last, _in_one_piece(script, places))
            counts = any(_counts(script, candidate, region, regions) for region in regions)
            if counts and not _is_something_else(script, places):
                taken.update(places)
                yield Find(KIND, script.spans(places), digits)


def _rests(script: Script, found: list[Find]) -> Iterator[Find]:
    """What is repeated of a number, or comes after a pause, in the next turns."""
    near = [(find.spans[-1].line, find.value) for find in found if find.value]
    for run in script.dictated if near else ():
        line = run.places[0][0]
        values = [value for last, value in near if 0 <= line - last <= _NEXT]
        if any(run.digits in value for value in values):
            yield Find(KIND, script.spans(run.places))


def _counts(script: Script, candidate: _Candidate, region: str, regions: tuple[str, ...]) -> bool:
    import phonenumbers

    parsed = _parsed(candidate.text, region)
    digits = sum(map(str.isdecimal, candidate.text))
    if parsed is None or digits < _FEWEST or not phonenumbers.is_possible_number(parsed):
        return False
    if candidate.text.startswith("+") or _called(script, candidate):
        return True
    named = script.label_before(candidate.first, _OTHERWISE)
    likely = (
        candidate.text.lstrip("(").startswith("0")
        if phonenumbers.ndd_prefix_for_region(region, True) == "0"
        else region == regions[0]
    )
    known = candidate.whole and (named is None or named.kind in (PHONE, EMAIL))
    return known and likely and digits >= _ENOUGH and phonenumbers.is_valid_number(parsed)


def _called(script: Script, candidate: _Candidate) -> bool:
    """Whether it is called a phone number, before or right after it."""
    label = script.label_before(candidate.first, _CALLED) or script.label_behind(
        candidate.last, _BEHIND
    )
    return label is not None and label.kind == PHONE


def _in_one_piece(script: Script, places: tuple[Place, ...]) -> bool:
    """Whether it is said in one turn, and not as an amount or a time is written."""
    (line, start, end), *more = script.spans(places)
    return not more and not _AMOUNT.fullmatch(script.lines[line].text[start:end])


def _is_part_of_a_word(text: str, start: int) -> bool:
    return bool(_PART_OF_A_WORD.search(text[max(0, start - _BEFORE) : start]))


def _is_something_else(script: Script, places: tuple[Place, ...]) -> bool:
    """Whether letters stand before it, or it is a date or a time."""
    written = (script.lines[line].text[start:end] for line, start, end in script.spans(places))
    if any(map(_DATE.search, written)):
        return True
    line, word = places[0]
    start, _ = script.characters(line, word)
    return _is_part_of_a_word(script.lines[line].text, start)


@lru_cache(maxsize=256)
def _regions(caller: str | None, tongue: str | None, language: str | None) -> tuple[str, ...]:
    """Countries whose numbers may be meant, the likeliest first."""
    import phonenumbers

    found = []
    if caller and (parsed := _parsed(caller, "ZZ")):
        found.append(phonenumbers.region_code_for_number(parsed))
    tag = (language or "").replace("_", "-").split("-")
    found += [part.upper() for part in tag[1:] if len(part) == 2]
    found += _REGIONS.get(tongue or "en", "").split()
    return tuple(dict.fromkeys(region for region in found if region)) or ("ZZ",)


def _parsed(text: str, region: str) -> PhoneNumber | None:
    import phonenumbers

    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
