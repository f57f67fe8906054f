"""``card``: payment card numbers, written in any grouping or spoken, in one turn or over several.

A number is one if a known brand issues cards that begin so (the IIN, ISO/IEC 7812-1), it has a
length that this brand uses, and its last digit is the right check digit by Luhn's formula. A tenth
of all digits in a row pass Luhn, so a number must also begin where a speaker began, or went on
after a pause; where the talk is of a card, it can begin anywhere, and the rarer lengths count, too.

What is read back is hidden with it: any five digits or more that are part of it, and fewer amid its
dictation. The last four digits alone stay, as PCI DSS allows (requirement 3.4.1: at most the first
six and the last four).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from convarchive.index.digits import LOCAL, Part, Place
from convarchive.redact.labels import CARD, CVV
from convarchive.redact.script import Find, Script, Span, stretches

KIND: Final = "card"

_SHORTEST: Final = 12
_LONGEST: Final = 19

_BRANDS: Final = (
    (r"4", "16", "13 19"),  # Visa
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", "16", ""),  # Mastercard
    (r"3[47]", "15", ""),  # American Express
    (r"30[0-5]|3095|3[689]", "14 16", "19"),  # Diners Club
    (r"6011|64[4-9]|65", "16", "17 18 19"),  # Discover
    (r"35[3-8]|352[89]", "16", "17 18 19"),  # JCB
    (r"62|81", "16 19", "17 18"),  # UnionPay
    (r"5018|50[23]|5893|6304|67", "16", "12 13 14 15 17 18 19"),  # Maestro
    (r"220[0-4]", "16", "17 18 19"),  # Mir
    (r"60|82|508|353|356", "16", ""),  # RuPay
    (r"9792|50[69]|636", "16", ""),  # Troy, Elo, Verve
)  # fmt: skip
"""How numbers begin; which lengths are usual; which count only where a card is spoken of."""

_IIN: Final = tuple(
    (re.compile(begin), frozenset(map(int, usual.split())), frozenset(map(int, rare.split())))
    for begin, usual, rare in _BRANDS
)
_BY_FREQUENCY: Final = (16, 15, 14, 19, 18, 17, 13, 12)
_AMEX: Final = ((4, 6, 5), (10, 5), (4, 11))
_DATE: Final = re.compile(r"(?:[0-3][0-9][01][0-9]|[01][0-9][0-3][0-9])?(?:19|20)[0-9]{2}")
_GLUED: Final = re.compile(r"(?<![0-9])[0-9]{14,19}(?![0-9])")

_SPOKEN_OF: Final = 60
"""Words before a number in which a card was mentioned."""

_PIECE: Final = 5
_ENDING: Final = 4


def find(script: Script) -> list[Find]:
    """The card numbers, and where they are read back in part."""
    found = numbers(script)
    whole = [Find(KIND, script.spans(places), digits) for places, digits in found.items()]
    return [*whole, *_glued(script), *_read_back(script, found)]


def numbers(script: Script) -> dict[tuple[Place, ...], str]:
    """The digits of each number by the words that say them."""
    found: dict[tuple[Place, ...], str] = {}
    for run in script.dictated:
        found.update(_among(script, list(run.parts)))
    for chain in script.chains:
        found.update(_among(script, chain, joined=True))
    return found


def is_card(digits: str, *, spoken_of: bool = False) -> bool:
    """Whether it is the number of a card: brand, length, check digit."""
    return _issued(digits, spoken_of) and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _issued(digits: str, spoken_of: bool) -> bool:
    length = len(digits)
    return any(
        (length in usual or (spoken_of and length in rare)) and begin.match(digits)
        for begin, usual, rare in _IIN
    )


def _among(
    script: Script, chain: list[Part], *, joined: bool = False
) -> Iterator[tuple[tuple[Place, ...], str]]:
    """The numbers among these digits; if words are in between, only where the talk is of a card."""
    if sum(len(part.digits) for part in chain) < _SHORTEST:
        return
    at = 0
    while at < len(chain):
        spoken_of = _of_a_card(script, script.at(chain[at].places[0]))
        entire = max(len(chain[at].digits), len(chain[at - 1].digits)) >= LOCAL
        begins = at == 0 or chain[at].apart or entire
        end = _end(chain, at, spoken_of) if spoken_of or (begins and not joined) else None
        if end is None:
            at += 1
            continue
        parts = chain[at:end]
        yield tuple(p for part in parts for p in part.places), "".join(p.digits for p in parts)
        at = end
        if at < len(chain):
            chain[at] = chain[at]._replace(apart=True)


def _end(chain: list[Part], at: int, spoken_of: bool) -> int | None:
    """Past the last part of a card number that begins here; the likeliest, if there are several."""
    digits, ends = "", {}
    for end in range(at, len(chain)):
        digits += chain[end].digits
        if len(digits) > _LONGEST:
            break
        if len(digits) < _SHORTEST or not is_card(digits, spoken_of=spoken_of):
            continue
        if spoken_of or _is_grouped(chain[at : end + 1]):
            closed = end + 1 == len(chain) or chain[end + 1].apart
            ends[not closed, _BY_FREQUENCY.index(len(digits))] = end + 1
    return ends[min(ends)] if ends else None


def _is_grouped(parts: list[Part]) -> bool:
    """Whether it is said in one turn, or in the groups that are printed on cards and no dates."""
    said: dict[int, str] = defaultdict(str)
    for part in parts:
        said[part.places[0][0]] += part.digits
    groups = tuple(map(len, said.values()))
    if len(groups) == 1 or groups in _AMEX:
        return True
    return all(len(d) % 4 == 0 and not _DATE.fullmatch(d) for d in said.values())


def _of_a_card(script: Script, at: int) -> bool:
    near = (label for label in script.labels if label.kind in (CARD, CVV))
    return any(-5 <= at - label.end <= _SPOKEN_OF for label in near)


def _glued(script: Script) -> Iterator[Find]:
    """Numbers that letters touch, as in names of files: the words have no number there."""
    for at, line in enumerate(script.lines):
        for match in _GLUED.finditer(line.text):
            before, after = line.text[: match.start()][-1:], line.text[match.end() :][:1]
            if (before.isalpha() or after.isalpha()) and is_card(match[0]):
                yield Find(KIND, (Span(at, *match.span()),), match[0])


def _read_back(script: Script, found: dict[tuple[Place, ...], str]) -> Iterator[Find]:
    known = {place for places in found for place in places}
    for run in script.dictated if found else ():
        for digits, places in stretches(run):
            if known.isdisjoint(places) and any(
                _is_part(digits, places, number, whole) for whole, number in found.items()
            ):
                known.update(places)
                yield Find(KIND, script.spans(places))


def _is_part(digits: str, places: tuple[Place, ...], number: str, whole: tuple[Place, ...]) -> bool:
    if digits not in number:
        return False
    amid = whole[0][0] <= places[0][0] <= whole[-1][0]
    return len(digits) >= _PIECE or (amid and len(digits) >= _ENDING - 1)
