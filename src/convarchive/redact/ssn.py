"""``ssn``: United States social security numbers, written or spoken.

Nine digits whose first three are not 000, 666 or above 899, whose next two are not 00 and whose
last four are not 0000 (Social Security Administration, POMS RM 10201.035). Written with hyphens,
``123-45-6789``, that is enough. Any other nine digits are as likely a routing number or a ZIP code,
and count if they are called a social security number. The last four, which are the half of it that
cannot be guessed, count where they are asked for as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from convarchive.index.digits import Place
from convarchive.redact.labels import OTHER, SSN, SSN_END
from convarchive.redact.script import Find, Script, Span, stretches

KIND: Final = "ssn"

_AHEAD: Final = 40
_BEHIND: Final = 6
_WRITTEN: Final = re.compile(
    r"(?<![\w-])([0-9]{3})[-\u2010\u2011]([0-9]{2})[-\u2010\u2011]([0-9]{4})(?![\w-])"
)
_LENGTH: Final = 9
_END: Final = 4


def find(script: Script) -> list[Find]:
    """The numbers, and their last four digits where these are asked for."""
    return [*_written(script), *_said(script)]


def is_ssn(digits: str) -> bool:
    """Whether the Social Security Administration can have issued it."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    issued = area not in ("000", "666") and area < "900"
    return len(digits) == _LENGTH and issued and group != "00" and serial != "0000"


def _written(script: Script) -> Iterator[Find]:
    for at, line in enumerate(script.lines):
        for match in _WRITTEN.finditer(line.text):
            digits = "".join(match.groups())
            if is_ssn(digits):
                yield Find(KIND, (Span(at, *match.span()),), digits)


def _said(script: Script) -> Iterator[Find]:
    taken: set[Place] = set()
    for run in chain(script.numbers, script.dictated):
        for digits, places in stretches(run):
            asked = _asked(script, places)
            whole = asked in (SSN, SSN_END) and is_ssn(digits)
            end = asked == SSN_END and len(digits) == _END
            if (whole or end) and taken.isdisjoint(places):
                taken.update(places)
                yield Find(KIND, script.spans(places), digits if whole else "")


def _asked(script: Script, places: tuple[Place, ...]) -> str | None:
    """What it is called."""
    first, last = script.at(places[0]), script.at(places[-1])
    behind = script.label_behind(last, _BEHIND)
    before = script.label_before(first, _AHEAD)
    if behind and behind.kind in (SSN, SSN_END) and (before is None or before.kind != OTHER):
        return behind.kind
    return before.kind if before else None
