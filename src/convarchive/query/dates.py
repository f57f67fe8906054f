"""Dates as people write them, and the periods that they name.

==============================================  ===================================================
``2026`` ``2026-01`` ``2026-01-15``             that year, month, day
``2026-01-15T10:30`` ``2026-01-15 10:30``       that minute; with seconds, that second
``2026-01-15T10:30:00Z`` ``…+01:00``            RFC 3339, in the zone that it names
``today`` ``yesterday``                         that day
``90min`` ``12h`` ``7d`` ``3w`` ``6mo`` ``2y``  the moment so long ago: a period of no length
==============================================  ===================================================

What names no zone is in the user's. A day there is from midnight to midnight, so it has 23 or 25
hours when the clocks change. ``7d`` ago is the same time of day a week before; ``12h`` are hours
that passed. ``6mo`` before 31 August is 28 February. Of a time that the clock shows twice the first
is meant, and a time that it skips is read as if it had not been changed yet.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

from convarchive.errors import UsageError

HINT: Final = (
    "Dates look like 2026-01-31, 2026-01, 2026, 2026-01-31T10:30, 7d (ago), 12h, 3w, 6mo, "
    "today or yesterday."
)

_WRITTEN: Final = (
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:[t ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(z|[+-]\d\d:?\d\d)?)?)?)?"
)
_AGO: Final = r"(\d{1,5})(min|h|d|w|mo|y)"


class Clock(NamedTuple):
    """What dates depend on beside their text."""

    now: datetime
    """Aware."""
    zone: tzinfo | None = None
    """The user's; None is that of this machine."""

    def wall(self) -> datetime:
        """What the user's clock shows now, marked as if it were UTC."""
        return self.now.astimezone(self.zone).replace(tzinfo=UTC)

    def utc(self, wall: datetime) -> datetime:
        """The instant when the user's clock first shows this."""
        return wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)


def parse_instant(text: str, *, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The instant, in UTC, when the period begins that the text names.

    This is what ``since`` (inclusive) and ``until`` (exclusive) mean by a date.

    Args:
        text: A date as above; case and space around it do not matter.
        now: Aware; what ``7d`` and ``today`` count from.
        zone: For dates that name none; None is the zone of this machine.

    Raises:
        UsageError: This is no date, or one that does not exist.
    """
    return parse_period(text, now=now, zone=zone)[0]


def parse_period(
    text: str, *, now: datetime, zone: tzinfo | None = None
) -> tuple[datetime, datetime]:
    """The period that the text names, in UTC: from the first instant to the end, exclusive.

    Where the text names a moment (``7d``), the two are equal. Arguments and errors are those of
    `parse_instant`.
    """
    written = text.strip().lower()
    try:
        if found := re.fullmatch(_WRITTEN, written, re.ASCII):
            return _named(found, Clock(now, zone))
        if written in ("today", "yesterday"):
            return _day(written, Clock(now, zone))
        if found := re.fullmatch(_AGO, written, re.ASCII):
            moment = _ago(int(found[1]), found[2], Clock(now, zone))
            return moment, moment
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f'There is no such date as "{text}".', hint=HINT) from error
    raise UsageError(f'"{text}" is no date.', hint=_hint(written))


def _named(found: re.Match[str], clock: Clock) -> tuple[datetime, datetime]:
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    wall = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    if hour is None:
        return clock.utc(wall), clock.utc(_next(wall, month, day))
    wall = wall.replace(
        hour=int(hour),
        minute=int(minute),
        second=int(second or 0),
        microsecond=int((fraction or "").ljust(6, "0")[:6]),
    )
    instant = _at(wall, offset) if offset else clock.utc(wall)
    return instant, instant + _precision(second, fraction)


def _next(wall: datetime, month: str | None, day: str | None) -> datetime:
    """The first day behind the year, month or day that begins here."""
    if day is not None:
        return wall + timedelta(days=1)
    return _months_later(wall, 12 if month is None else 1)


def _precision(second: str | None, fraction: str | None) -> timedelta:
    if fraction is not None:
        return timedelta(microseconds=1)
    return timedelta(minutes=1) if second is None else timedelta(seconds=1)


def _at(wall: datetime, offset: str) -> datetime:
    if offset == "z":
        return wall
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if minutes >= 60:
        raise ValueError("an offset has less than 60 minutes")
    behind_utc = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
    return wall.replace(tzinfo=timezone(behind_utc)).astimezone(UTC)


def _day(word: str, clock: Clock) -> tuple[datetime, datetime]:
    midnight = clock.wall().replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "yesterday":
        midnight -= timedelta(days=1)
    return clock.utc(midnight), clock.utc(midnight + timedelta(days=1))


def _ago(count: int, unit: str, clock: Clock) -> datetime:
    if unit == "min":
        return clock.now.astimezone(UTC) - timedelta(minutes=count)
    if unit == "h":
        return clock.now.astimezone(UTC) - timedelta(hours=count)
    if unit in ("d", "w"):
        return clock.utc(clock.wall() - timedelta(days=count * (7 if unit == "w" else 1)))
    return clock.utc(_months_later(clock.wall(), -count * (12 if unit == "y" else 1)))


def _months_later(wall: datetime, months: int) -> datetime:
    """The same day of another month, or its last one where that is shorter."""
    index = wall.year * 12 + wall.month - 1 + months
    first = wall.replace(year=index // 12, month=index % 12 + 1, day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(wall.day, last.day))


def _hint(written: str) -> str:
    if re.fullmatch(r"\d+m", written):
        return f"Write {written}in for minutes or {written}o for months."
    return HINT
