"""The values of fields: what stands behind ``status:``, ``caller:``, ``date:`` or ``duration:``.

Values of open fields are taken as they are typed; ``begin*`` or ``"with spaces"*`` asks for those
that begin so. Closed fields have a few values, in any case of letters.

Dates and numbers know ranges, in one grammar:

===================  ================================================
``>A`` ``<A``        more, longer or later than A; less than A
``>=A`` ``<=A``      the same, and A itself
``A..B``             from A to B, both of them included
``A..`` ``..B``      the same with one end open
``A..<B`` ``>A..B``  that end itself is left out
===================  ================================================

A date names a period (`dates`), and the whole of it is meant: ``date:2026-01..2026-03`` includes
the end of March, ``date:>2026-01`` begins with February. ``date:2026-01`` and ``on:2026-01`` are
within the month, ``since:2026-01`` begins with it, ``until:2026-01`` ends before it. A duration in
a range is exact; alone it is as coarse as it is written (`numbers`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NamedTuple

from convarchive.errors import UsageError
from convarchive.query.dates import Clock, parse_period
from convarchive.query.names import CLOSED, NUMBERS, OPEN, SCOPES, nearest
from convarchive.query.numbers import parse_duration, parse_turns
from convarchive.query.tokens import Place, Token
from convarchive.query.tree import All, Flag, Node, Range, Started, Term
from convarchive.query.words import quoted, text_node

_RANGE: Final = r"(>?)(.*?)\.\.(<?)(.*)"
_COMPARISON: Final = r"(>=|<=|>|<)(.*)"


class _End(NamedTuple):
    """One end of a range."""

    text: str
    place: Place
    left_out: bool


_Ends = tuple[_End | None, _End | None]


def field_node(field: str, token: Token, clock: Clock) -> Node:
    """The node for one value of this field; for a scope, the text within.

    Raises:
        QueryError: The field takes no such value.
    """
    if field in SCOPES:
        return _scoped(field, token)
    _refuse_signs(field, token)
    if field in OPEN:
        return _open(field, token)
    if field in CLOSED:
        return _closed(field, token)
    if token.suffix:
        raise token.place.error(f'"{field}:" takes no beginning of a value.', "Leave out the *.")
    return _range(field, token) if field in NUMBERS else _started(field, token, clock)


def _scoped(field: str, token: Token) -> Node:
    node = text_node(token)
    if isinstance(node, All):
        raise token.place.error(
            f'"{field}:*" says nothing.', "For calls that have a transcript write has:transcript."
        )
    return node


def _refuse_signs(field: str, token: Token) -> None:
    """What goes with words but not with values."""
    if token.kind == "phrase" and not token.text.strip():
        raise token.place.error(f'"{field}:" has an empty value.')
    if token.suffix not in ("", "*"):
        raise token.place.error(f'"~" goes with words of the transcript, not with "{field}:".')
    if token.kind == "word" and token.text[0] == "-":
        raise token.place.part(0, 1).error(
            f'A value of "{field}:" cannot begin with "-".',
            f"To leave it out write -{field}:{token.text[1:]}, else {field}:{quoted(token.text)}.",
        )


def _open(field: str, token: Token) -> Node:
    if token.kind == "phrase":
        return Term(field, token.text, bool(token.suffix))
    value, prefix = token.text, token.text.endswith("*")
    if prefix:
        value = value[:-1]
    if not value:
        raise token.place.error('There is nothing before the "*".')
    if "*" in value or re.search(r"~[0-9.]*$", value):
        raise token.place.error(
            f'"{field}:" takes a value, or its beginning with "*" behind it.',
            f"To find it as it is write {field}:{quoted(token.text)}.",
        )
    return Term(field, value, prefix)


def _closed(field: str, token: Token) -> Node:
    values = CLOSED[field]
    value = token.text.lower()
    if value in values and not token.suffix:
        return Flag(field, value) if field in ("has", "is") else Term(field, value)
    near = nearest(value.strip("*~"), values)
    raise token.place.error(
        f'"{field}:" has no value {quoted(token.text)}{token.suffix}.',
        (f"Did you mean {near}? " if near else "") + f"There are {', '.join(values)}.",
    )


def _started(field: str, token: Token, clock: Clock) -> Node:
    if field == "date" and (ends := _ends(token)):
        return _started_between(token, ends, clock)
    if field != "date" and _ends(token):
        raise token.place.error(
            f'"{field}:" takes a single date.', f"For a range write date:{token.text}."
        )
    since, until = _period(token.text, token.place, clock)
    if field == "since":
        return Started(since, None)
    if field == "until":
        return Started(None, since)
    if since == until:
        raise token.place.error(
            f'"{token.text}" is a moment, not a day.',
            f"Write since:{token.text} or until:{token.text}.",
        )
    return Started(since, until)


def _started_between(token: Token, ends: _Ends, clock: Clock) -> Node:
    low, high = ends
    since = until = None
    if low:
        since = _period(low.text, low.place, clock)[1 if low.left_out else 0]
    if high:
        until = _period(high.text, high.place, clock)[0 if high.left_out else 1]
    if since and until and since >= until:
        raise token.place.error("This range ends before it begins.")
    return Started(since, until)


def _period(text: str, place: Place, clock: Clock) -> tuple[datetime, datetime]:
    try:
        return parse_period(text, now=clock.now, zone=clock.zone)
    except UsageError as error:
        raise place.error(error.what, error.hint) from error


def _range(field: str, token: Token) -> Node:
    ends = _ends(token)
    if ends is None:
        value, more = _number(field, token.text, token.place)
        return Range(field, value, value + more, open_high=more > 0)
    low, high = ends
    least = _number(field, low.text, low.place)[0] if low else None
    most = _number(field, high.text, high.place)[0] if high else None
    left_out = (low is not None and low.left_out, high is not None and high.left_out)
    if (
        least is not None
        and most is not None
        and (least > most or (least == most and any(left_out)))
    ):
        raise token.place.error("This range ends before it begins.")
    return Range(field, least, most, *left_out)


def _number(field: str, text: str, place: Place) -> tuple[float, float]:
    try:
        return parse_duration(text) if field == "duration" else parse_turns(text)
    except UsageError as error:
        raise place.error(error.what, error.hint) from error


def _ends(token: Token) -> _Ends | None:
    """The ends of a range, or None for a single value."""
    inside = token.place.part(1 if token.kind == "phrase" else 0, len(token.text))
    if found := re.fullmatch(_RANGE, token.text, re.DOTALL):
        low = _end(found, 2, inside, bool(found[1]))
        high = _end(found, 4, inside, bool(found[3]))
        if low is None and high is None:
            raise token.place.error("This range has no end at all.")
        return low, high
    if found := re.fullmatch(_COMPARISON, token.text, re.DOTALL):
        end = _end(found, 2, inside, found[1] in (">", "<"))
        if end is None:
            raise token.place.error(f'There is nothing behind the "{found[1]}".')
        return (end, None) if found[1][0] == ">" else (None, end)
    return None


def _end(found: re.Match[str], group: int, place: Place, left_out: bool) -> _End | None:
    text = found[group]
    if not text:
        return None
    return _End(text, place.part(found.start(group), len(text)), left_out)
