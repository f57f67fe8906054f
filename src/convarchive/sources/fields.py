"""Reading a payload whose field names, nesting and types are not quite certain.

Vendors document less than they send, and change it. A normaliser therefore asks for a fact by all
the names that it goes by, at the top of the payload and in its groups, and takes what it finds in
any of the usual forms: ``"247"`` is a number, ``{"label": "positive"}`` is a text, ``1768471200``
is a time. What can't be understood counts as absent; the bytes still have it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_LABELS = ("label", "name", "value", "result", "type", "overall", "title", "text", "id")
_NUMBERS = (int, float)
_NUMERIC = (float, int, str)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MILLISECONDS = 1e11  # as seconds this would be the year 5138


class Fields:
    """A payload that can be asked for a fact by several names.

    Args:
        payload: The vendor's JSON object.
        groups: Names of nested objects in which facts may hide.
    """

    def __init__(self, payload: Mapping[str, Any], groups: Iterable[str] = ()) -> None:
        self._places = [payload]
        for group in groups:
            if isinstance(place := payload.get(group), dict):
                self._places.append(place)

    def has(self, *names: str) -> bool:
        """Whether it is there, be it null."""
        return any(name in place for place in self._places for name in names)

    def value(self, *names: str) -> Any:
        """The first that is there and not null."""
        for place in self._places:
            for name in names:
                if (found := place.get(name)) is not None:
                    return found
        return None

    def text(self, *names: str) -> str | None:
        """As text; nothing if it is empty."""
        return as_text(self.value(*names))

    def number(self, *names: str) -> float | None:
        """As a finite number."""
        return as_number(self.value(*names))

    def instant(self, *names: str) -> str | None:
        """As a time, see `as_instant`."""
        return as_instant(self.value(*names))

    def texts(self, *names: str) -> tuple[str, ...]:
        """As several texts, without repetition: a list of texts or of objects with a label."""
        items = (as_text(item) for item in _listed(self.value(*names)))
        return tuple(dict.fromkeys(item for item in items if item))

    def values(self, *names: str) -> tuple[Any, ...]:
        """As several JSON values."""
        return tuple(_listed(self.value(*names)))


def as_text(value: Any) -> str | None:
    """A text, a number written out, or the label of an object."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        labels = (value.get(label) for label in _LABELS)
        value = next((label for label in labels if isinstance(label, str | int)), None)
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, _NUMBERS) and not isinstance(value, bool) else None


def as_number(value: Any) -> float | None:
    """A finite number, also one that is written as text."""
    if value is None or isinstance(value, bool) or not isinstance(value, _NUMERIC):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_instant(value: Any) -> str | None:
    """A time as ISO 8601 in UTC, ending in ``Z``, with fractions only where it has some.

    Takes ISO 8601 (without a zone: UTC) and Unix times in seconds or milliseconds.
    """
    moment = _moment(value)
    if moment is None:
        return None
    text = moment.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def seconds_between(earlier: str, later: str) -> float:
    """From one result of `as_instant` to another."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _moment(value: Any) -> datetime | None:
    try:
        # No number has a T there, as times nearly always do; to try is slower than to look.
        number = None if isinstance(value, str) and value[10:11] == "T" else as_number(value)
        if number is not None:
            seconds = number / 1000 if abs(number) >= _FIRST_MILLISECONDS else number
            return _EPOCH + timedelta(seconds=seconds)
        if not isinstance(value, str):
            return None
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
