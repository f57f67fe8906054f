"""What stands in the query string, read strictly.

A value that is not of its parameter's type is answered with 400, one outside the allowed range or
set with 422; a parameter that the API does not know is ignored. Nothing is guessed: a client that
sends ``+`` unescaped in a phone number should find out here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from convarchive.sandbox.faults import not_allowed, unreadable

_E164: Final = re.compile(r"\+[1-9]\d{1,14}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Parameters:
    """The parameters of one request, each read as what it is.

    Every method returns ``None``, or the default where it takes one, for a parameter that was not
    given, and raises `Fault` for a value that does not fit.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def text(self, name: str) -> str | None:
        """Any text."""
        return self._given.get(name)

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """One of a closed set of words."""
        value = self._given.get(name)
        if value is not None and value not in allowed:
            raise not_allowed(name, value, "one of " + ", ".join(allowed))
        return value

    def truth(self, name: str) -> bool | None:
        """``true`` or ``false``, in any case, or ``1`` or ``0``."""
        value = self._given.get(name)
        if value is None:
            return None
        if (truth := _TRUTH.get(value.lower())) is None:
            raise unreadable(name, value, "true or false")
        return truth

    def whole(self, name: str, default: int, highest: int | None = None) -> int:
        """A whole number from 1."""
        value = self._given.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise unreadable(name, value, "a whole number")
        number = int(value)
        if number < 1 or (highest is not None and number > highest):
            expected = "at least 1" if highest is None else f"between 1 and {highest}"
            raise not_allowed(name, value, expected)
        return number

    def seconds(self, name: str) -> float | None:
        """A number of seconds, not negative."""
        value = self._given.get(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            raise unreadable(name, value, "a number of seconds") from None
        if not 0 <= number < math.inf:
            raise not_allowed(name, value, "at least 0")
        return number

    def phone(self, name: str) -> str | None:
        """A phone number in E.164; its ``+`` has to be sent as ``%2B``."""
        value = self._given.get(name)
        if value is not None and not _E164.fullmatch(value):
            raise unreadable(name, value, "a phone number in E.164, such as +15550104477")
        return value

    def moment(self, name: str, *, last: bool = False) -> int | None:
        """A moment as `microseconds`; a bare date is its first instant, or its last one."""
        value = self._given.get(name)
        if value is None:
            return None
        try:
            moment = microseconds(value)
        except (ValueError, OverflowError):
            raise unreadable(name, value, "a date or time in ISO 8601") from None
        if last and _DAY.fullmatch(value):
            moment += timedelta(days=1) // timedelta(microseconds=1) - 1
        return moment


def microseconds(time: str) -> int:
    """An ISO 8601 time, in UTC where it names no zone, counted from 1970 in whole microseconds.

    Raises:
        ValueError: It is no such time.
    """
    moment = datetime.fromisoformat(time)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def iso(seconds: int) -> str:
    """The moment so many seconds after 1970 as ISO 8601 in UTC, ending in ``Z``."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
