"""Counting conversations by month, by agent, by topic and so on, and how long they were.

One statement goes through the table once. It brings a row for each value, for times one for each
quarter of an hour, for topics one for each list of them. Time zones differ by whole quarters, so
quarters can be put together to the months, days and hours of any zone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any, NamedTuple

from convarchive.errors import UsageError
from convarchive.store import facets

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = tuple(f"{hour:02}" for hour in range(24))
_WHOLE = {"hour": _HOURS, "weekday": _DAYS}

TIMES = ("month", "day", "hour", "weekday")
"""Axes whose values have an order of their own, and no hole in it."""

AXES = {
    "month": facets.QUARTER,
    "agent": "nullif(agent_id, '')",
    "status": "status",
    "outcome": "nullif(outcome, '')",
    "sentiment": "nullif(sentiment, '')",
    "topic": "topics",
    "language": "nullif(language, '')",
    "source": "source",
    "day": facets.QUARTER,
    "hour": facets.QUARTER,
    "weekday": facets.QUARTER,
}
"""What can be counted by, and the SQL for it."""


class Row(NamedTuple):
    """The conversations that have one value."""

    value: str | None
    """None for those without any."""
    matching: int
    """Of those that match."""
    all: int
    """Of all in the archive."""
    duration: float
    """Seconds, of those that match together."""
    timed: int
    """How many of those that match have a duration."""

    @property
    def average(self) -> float | None:
        """Seconds, of those that have a duration."""
        return self.duration / self.timed if self.timed else None


class Stats(NamedTuple):
    """Counts by one axis."""

    by: str
    total: Row
    """Everything that matches. Where a conversation has several topics, the rows are more."""
    rows: list[Row]
    """Times in their order, with the empty ones between; else the most frequent first. Those
    without a value stand last."""


def stats(
    connection: sqlite3.Connection, keys: Sequence[int] | None, by: str, zone: tzinfo | None
) -> Stats:
    """Count the conversations of these keys (None: all) by one of `AXES`.

    Raises:
        UsageError: There is nothing of this name to count by.
    """
    if by not in AXES:
        raise UsageError(f"Nothing can be counted by {by!r}.", f"There are: {', '.join(AXES)}.")
    found: dict[str | None, list[float]] = {}
    total: list[float] = [0, 0, 0.0, 0]
    read = _reader(by, zone)
    for raw, *numbers in _groups(connection, keys, by):
        for sums in [total, *(found.setdefault(value, [0, 0, 0.0, 0]) for value in read(raw))]:
            for at, number in enumerate(numbers):
                sums[at] += number
    return Stats(by, _row(None, total), _ordered(by, {v: _row(v, s) for v, s in found.items()}))


def share(part: int, whole: int) -> float:
    """Per cent."""
    return round(100 * part / whole, 2) if whole else 0.0


def to_json(stats: Stats) -> list[dict[str, Any]]:
    """The rows of the document ``convarchive.stats/1``."""
    return [
        {
            "id": "(none)" if row.value is None else row.value,
            "value": row.value,
            "count": row.matching,
            "share": share(row.matching, stats.total.matching),
            "all": row.all,
            "share_of_all": share(row.matching, row.all),
            "duration": round(row.duration, 3),
            "average": None if row.average is None else round(row.average, 3),
        }
        for row in stats.rows
    ]


def _groups(
    connection: sqlite3.Connection, keys: Sequence[int] | None, by: str
) -> Iterator[tuple[Any, ...]]:
    """A value; how many have it, match, last together, have a duration."""
    mine, joined = "1", ""
    if keys is not None:
        facets.choose(connection, keys)
        mine, joined = "chosen.key IS NOT NULL", "LEFT JOIN chosen USING (key)"
    yield from connection.execute(
        f"SELECT {AXES[by]} AS value, sum({mine}), count(*),"
        f" total(duration) FILTER (WHERE {mine}), count(duration) FILTER (WHERE {mine})"
        f" FROM conversations {joined} GROUP BY value"
    )


def _reader(by: str, zone: tzinfo | None) -> Callable[[str | None], Sequence[str | None]]:
    """From what the database has to what it counts for; None for nothing of the kind."""
    if by == "topic":
        return lambda raw: (raw and facets.topics(raw)) or (None,)
    if by in TIMES:
        return lambda raw: (raw and _time(by, raw, zone),)
    return lambda raw: (raw,)


def _row(value: str | None, sums: Sequence[float]) -> Row:
    count, all_, duration, timed = sums
    return Row(value, int(count), int(all_), duration, int(timed))


def _time(by: str, quarter: str, zone: tzinfo | None) -> str:
    moment = facets.local(quarter, zone)
    if by == "hour":
        return _HOURS[moment.hour]
    if by == "weekday":
        return _DAYS[moment.weekday()]
    return moment.date().isoformat()[: 7 if by == "month" else 10]


def _ordered(by: str, found: Mapping[str | None, Row]) -> list[Row]:
    named = [value for value, row in found.items() if value is not None and row.matching]
    order: Sequence[str] = sorted(named, key=lambda value: (-found[value].matching, value))
    if named and by in TIMES:
        order = _WHOLE.get(by) or list(_between(min(named), max(named)))
    rows = [found.get(value) or _row(value, [0, 0, 0.0, 0]) for value in order]
    return [*rows, found[None]] if None in found and found[None].matching else rows


def _between(first: str, last: str) -> Iterator[str]:
    """Every month or day from the first to the last."""
    months = len(first) == len("2026-01")
    at = date.fromisoformat(f"{first}-01" if months else first)
    while (value := at.isoformat()[: len(first)]) < last:
        yield value
        at = (
            (at.replace(day=1) + timedelta(days=31)).replace(day=1)
            if months
            else (at + timedelta(days=1))
        )
    yield last
