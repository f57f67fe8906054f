"""Classes of retention: for how long what matches a query must be kept, and when it must go.

::

    [retention.calls]
    query = "*"
    keep = "6y"               # the floor: nothing destroys it before
    delete_after = "7y"       # the ceiling: `convarchive retention apply` destroys it after
    from = "end"              # or "start", or "sync": when it was first fetched

A span is a number of years (``y``), months (``mo``), weeks (``w``) or days (``d``) of the calendar,
in UTC: the same day of a later month, or that month's last. A month after 31 January is the last
day of February; a year after 29 February 2028 is 28 February 2029. At the instant at which a span
ends the floor has passed, and the ceiling is reached.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from convarchive import settings
from convarchive.errors import NotFound, SettingsError
from convarchive.query.names import nearest

SECTION = "retention"
BASES = ("end", "start", "sync")
_SETTINGS = ("query", "keep", "delete_after", "from")
_SPAN = re.compile(r"([1-9][0-9]{0,4})(y|mo|w|d)")
_NAME = re.compile(r"[^\W_][\w-]{0,39}")
_LATEST = datetime.max.replace(tzinfo=UTC)


class Span(NamedTuple):
    """A stretch of the calendar."""

    many: int
    unit: str
    """``y``, ``mo``, ``w`` or ``d``."""

    def __str__(self) -> str:
        return f"{self.many}{self.unit}"

    def after(self, moment: datetime) -> datetime:
        """The moment that is so much later; the last there is, where that is beyond all dates."""
        try:
            if self.unit in ("w", "d"):
                return moment + timedelta(days=self.many * (7 if self.unit == "w" else 1))
            months = moment.month - 1 + self.many * (12 if self.unit == "y" else 1)
            year, month = moment.year + months // 12, months % 12 + 1
            day = min(moment.day, calendar.monthrange(year, month)[1])
            return moment.replace(year=year, month=month, day=day)
        except (OverflowError, ValueError):
            return _LATEST


class RetentionClass(NamedTuple):
    """A class of retention."""

    name: str
    query: str
    keep: Span | None
    delete_after: Span | None
    base: str
    """One of `BASES`: what is counted from."""


class Dates(NamedTuple):
    """What spans of a conversation are counted from."""

    started_at: str | None
    ended_at: str | None
    duration: float | None
    first_seen_at: str

    def base(self, name: str) -> datetime | None:
        """The moment that is one of `BASES`; None where the vendor does not tell it.

        Where only start and duration are known, they tell the end.
        """
        if name == "sync":
            return _moment(self.first_seen_at)
        started = _moment(self.started_at)
        if name == "start":
            return started
        if self.ended_at is not None:
            return _moment(self.ended_at)
        if started is None or self.duration is None or self.duration < 0:
            return None
        try:
            return started + timedelta(seconds=self.duration)
        except OverflowError:
            return _LATEST


def read(directory: Path) -> dict[str, RetentionClass]:
    """The classes by name, in the order of the file.

    Raises:
        SettingsError: The file says something that is not understood.
    """
    where = directory / settings.FILE
    return {
        name: _class(f"{where}: {SECTION}.{name}", name, table)
        for name, table in settings.read(directory, SECTION).items()
    }


def write(directory: Path, name: str, table: Mapping[str, str]) -> RetentionClass:
    """Write down a class, in the place of what had this name.

    Raises:
        SettingsError: It can't be.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} won't do as the name of a class.", "Letters, digits, - and _ will, up to 40."
        )
    made = _class(f"The class {name!r}", name, table)
    read(directory)  # that what is there is understood as well
    settings.put(directory, SECTION, name, table)
    return made


def remove(directory: Path, name: str) -> None:
    """Forget a class.

    Raises:
        NotFound: There is none of this name.
    """
    known = settings.read(directory, SECTION)
    if name not in known:
        near = nearest(name, known)
        hint = f"Did you mean {near}?" if near else "See: convarchive retention list"
        raise NotFound(f"There is no class of retention {name!r}.", "", hint)
    settings.drop(directory, SECTION, name)


def _class(where: str, name: str, table: Any) -> RetentionClass:
    if not isinstance(table, Mapping) or not all(isinstance(each, str) for each in table.values()):
        raise SettingsError(f"{where} should be a table of texts.")
    if wrong := sorted(set(table) - set(_SETTINGS)):
        raise SettingsError(
            f"{where} has a setting {wrong[0]!r} that does not exist.",
            f"There are: {', '.join(_SETTINGS)}.",
        )
    base = table.get("from", BASES[0])
    if base not in BASES:
        raise SettingsError(f"{where}: from should be one of {', '.join(BASES)}.")
    keep, delete_after = (
        _span(f"{where}: {each}", table[each]) if each in table else None
        for each in ("keep", "delete_after")
    )
    if "query" not in table or (keep is None and delete_after is None):
        raise SettingsError(f"{where} needs a query, and keep or delete_after or both.")
    if keep and delete_after and _longer(keep, delete_after):
        raise SettingsError(
            f"{where}: what must be kept for {keep} can't go after {delete_after}.",
            "", "Make delete_after as long as keep, or longer.",
        )  # fmt: skip
    return RetentionClass(name, table["query"], keep, delete_after, base)


def _span(where: str, text: str) -> Span:
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise SettingsError(
            f"{where} is no span: {text!r}.", "", "Write it as 6y, 18mo, 4w or 90d."
        )
    return Span(int(found[1]), found[2])


def _longer(one: Span, other: Span) -> bool:
    """Whether a span ends later than another, whatever day of four years they begin on."""
    days = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(4 * 366))
    return any(one.after(day) > other.after(day) for day in days)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
