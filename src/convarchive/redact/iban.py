"""``iban``: international bank account numbers, written in any grouping or spoken.

A country's two letters, two check digits and up to thirty letters and digits, of the length that
this country uses (SWIFT's IBAN registry), whose remainder by 97 is 1 (ISO 13616). For the check,
letters count as 10 to 35. So spoken letters are turned into these numbers before the text is read,
and *D E eight nine …* is digits in a row like any other number, in all languages and over turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from convarchive.index.digits import Part, Place, runs
from convarchive.redact.labels import listed
from convarchive.redact.script import Find, Script, Span

KIND: Final = "iban"

_COUNTRIES: Final = {
    15: "NO", 16: "BE", 18: "DK FO FI GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM TL SO",
    24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB PL NI SV", 29: "BR EG PS QA UA",
    30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTHS: Final = {
    country: length for length, countries in _COUNTRIES.items() for country in countries.split()
}
_NUMERIC: Final = listed(
    "AE AT BA BE BI CR CZ DE DJ DK EE ES FI FO GL HR HU IL IS LT LY ME MN MR NO PL PT RS SD SE SI"
    " SK SO TL TN VA XK"
)
"""Countries whose numbers have no letters but the first two."""
_WRITTEN: Final = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{2}[ \u00a0-]?[0-9]{2})((?:[ \u00a0.-]{0,2}[A-Za-z0-9]){11,30})"
)
_FEWEST: Final = 8
"""Digits that every one of them has in a row."""


def find(script: Script) -> list[Find]:
    """The numbers."""
    return [*_written(script), *_spoken(script)]


def is_iban(text: str) -> bool:
    """Whether it has its country's length and the right check digits; no spaces in between."""
    moved = text[4:] + text[:4]
    right = _LENGTHS.get(text[:2].upper()) == len(text) and moved.isascii() and moved.isalnum()
    numeric = text[4:].isdecimal() or text[:2].upper() not in _NUMERIC
    figures = numeric and text[2:4].isdecimal()
    return right and figures and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _written(script: Script) -> Iterator[Find]:
    for at, line in enumerate(script.lines):
        for match in _WRITTEN.finditer(line.text):
            length = _LENGTHS.get(match[1][:2].upper(), 0)
            signs = [n for n in range(*match.span()) if line.text[n].isalnum()][:length]
            text = "".join(line.text[n] for n in signs)
            after = line.text[signs[-1] + 1 :][:1] if signs else ""
            if is_iban(text) and not after.isalnum():
                yield Find(KIND, (Span(at, match.start(), signs[-1] + 1),), text.upper())


def _spoken(script: Script) -> Iterator[Find]:
    for side in dict.fromkeys(line.side for line in script.lines):
        own = [at for at, line in enumerate(script.lines) if line.side == side]
        dictated = (len(run.digits) for run in script.dictated if run.side == side)
        if max(dictated, default=0) < _FEWEST:
            continue
        numbers = [_numbered(script.words[at]) for at in own]
        texts = [(side, " ".join(said)) for said, _ in numbers]
        for tongue in script.tongues:
            for run in runs(texts, tongue):
                yield from _in_run(script, run.parts, own, numbers)


Numbered = tuple[list[str], dict[int, tuple[int, str]]]
"""Words with letters as numbers; from their positions to those before, and to the letter."""


def _numbered(said: list[str]) -> Numbered:
    out: list[str] = []
    letters: dict[int, tuple[int, str]] = {}
    for at, word in enumerate(said):
        spelled = word.upper() if _is_spelled(word) else ""
        for sign in spelled or [word]:
            letters[len(out)] = (at, sign if spelled else "")
            out.append(str(int(sign, 36)) if spelled and sign.isalpha() else sign)
    return (out, letters) if any(sign for _, sign in letters.values()) else (said, {})


def _is_spelled(word: str) -> bool:
    """A letter, a country, or letters and digits run together."""
    if not word.isascii() or not word.isalnum() or word.isdecimal():
        return False
    return len(word) == 1 or word.upper() in _LENGTHS or any(map(str.isdecimal, word))


def _in_run(
    script: Script, parts: tuple[Part, ...], own: list[int], numbers: list[Numbered]
) -> Iterator[Find]:
    said: list[tuple[Place, ...]] = []
    text = ""
    for part in parts:
        read = [(turn, numbers[turn][1].get(word, (word, ""))) for turn, word in part.places]
        signs = read[0][1][1] or part.digits
        text += signs
        said += [tuple((own[turn], word) for turn, (word, _) in read)] * len(signs)
    at = 0
    while at < len(text):
        end = at + _LENGTHS.get(text[at : at + 2], 0)
        if end > at and is_iban(text[at:end]):
            places = [place for words in said[at:end] for place in words]
            yield Find(KIND, script.spans(places), text[at:end])
            at = end
        else:
            at += 1
