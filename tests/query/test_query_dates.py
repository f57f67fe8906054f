"""Dates, the periods that they name, and what the date fields make of them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from convarchive.errors import UsageError
from convarchive.query import Started, parse_instant, parse_period

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts):
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", utc(2025, 12, 31, 23), utc(2026, 12, 31, 23)),
        ("2026-01", utc(2025, 12, 31, 23), utc(2026, 1, 31, 23)),
        ("2026-12", utc(2026, 11, 30, 23), utc(2026, 12, 31, 23)),
        ("2026-03", utc(2026, 2, 28, 23), utc(2026, 3, 31, 22)),
        ("2026-01-15", utc(2026, 1, 14, 23), utc(2026, 1, 15, 23)),
        ("2024-02-29", utc(2024, 2, 28, 23), utc(2024, 2, 29, 23)),
        ("2026-01-15T10:30", utc(2026, 1, 15, 9, 30), utc(2026, 1, 15, 9, 31)),
        ("2026-01-15 10:30:05", utc(2026, 1, 15, 9, 30, 5), utc(2026, 1, 15, 9, 30, 6)),
        ("2026-01-15t10:30z", utc(2026, 1, 15, 10, 30), utc(2026, 1, 15, 10, 31)),
        ("2026-01-15T10:30:00-05:30", utc(2026, 1, 15, 16), utc(2026, 1, 15, 16, 0, 1)),
        ("2026-01-15T10:30:00+0100", utc(2026, 1, 15, 9, 30), utc(2026, 1, 15, 9, 30, 1)),
        (" TODAY ", utc(2026, 3, 29, 22), utc(2026, 3, 30, 22)),
    ],
)
def test_periods(text, start, end):
    """A date names all of its year, month, day, minute or second, in the user's zone."""
    assert parse_period(text, now=NOW, zone=BERLIN) == (start, end)


def test_fractions_of_a_second():
    """They count to the microsecond, and name no more than that."""
    start, end = parse_period("2026-01-15T10:30:05.1234567Z", now=NOW, zone=BERLIN)
    assert start == utc(2026, 1, 15, 10, 30, 5, 123456)
    assert end - start == timedelta(microseconds=1)


def test_a_day_when_the_clocks_change():
    """It has 23 hours in spring and 25 in autumn; yesterday was one of those."""
    spring = parse_period("2026-03-29", now=NOW, zone=BERLIN)
    autumn = parse_period("2026-10-25", now=NOW, zone=BERLIN)
    assert spring[1] - spring[0] == timedelta(hours=23)
    assert autumn[1] - autumn[0] == timedelta(hours=25)
    assert parse_period("yesterday", now=NOW, zone=BERLIN) == spring


def test_a_midnight_that_never_was():
    """Where the clock goes from 23:59 to 01:00 the day begins at one."""
    santiago = ZoneInfo("America/Santiago")
    start = parse_instant("2026-09-06", now=NOW, zone=santiago)
    assert start == utc(2026, 9, 6, 4)
    assert start.astimezone(santiago).hour == 1


def test_a_time_that_comes_twice():
    """The first one is meant."""
    assert parse_instant("2026-10-25T02:30", now=NOW, zone=BERLIN) == utc(2026, 10, 25, 0, 30)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90min", utc(2026, 3, 30, 10, 30)),
        ("12h", utc(2026, 3, 30, 0)),
        ("48h", utc(2026, 3, 28, 12)),
        ("2d", utc(2026, 3, 28, 13)),
        ("7D", utc(2026, 3, 23, 13)),
        ("1w", utc(2026, 3, 23, 13)),
        ("1mo", utc(2026, 2, 28, 13)),
        ("6mo", utc(2025, 9, 30, 12)),
        ("2y", utc(2024, 3, 30, 13)),
    ],
)
def test_so_long_ago(text, moment):
    """Days, weeks and months keep the time of day across a change of clocks; hours are hours."""
    assert parse_period(text, now=NOW, zone=BERLIN) == (moment, moment)


def test_the_zone_of_the_machine(monkeypatch):
    """Where no zone is given, the machine's own is used, with its summer time."""
    time = pytest.importorskip("time")
    if not hasattr(time, "tzset"):
        pytest.skip("this system's zone cannot be set")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for text in ("2026-01-15", "2026-07-15", "2026-03-29", "7d", "today"):
            assert parse_period(text, now=NOW) == parse_period(text, now=NOW, zone=BERLIN)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_now_may_be_in_any_zone():
    """What counts is the instant."""
    there = NOW.astimezone(timezone(timedelta(hours=-9)))
    for text in ("today", "7d", "12h"):
        assert parse_period(text, now=there, zone=BERLIN) == parse_period(
            text, now=NOW, zone=BERLIN
        )


@pytest.mark.parametrize(
    "text",
    [
        *("2026-13", "2026-02-30", "2026-00", "2025-02-29", "0000", "2026-01-15T24:00"),
        *("2026-01-15T10:60", "2026-01-15T10:00+25:00", "2026-01-15T10:00+01:75", "99999y", "9999"),
        *("", "x", "2026-1", "26-01-01", "15.01.2026", "01/15/2026", "20260115", "2026-01-15Z"),
        *("2026-01-15T10", "7 d", "d", "-7d", "tomorrow", "٢٠٢٦", "2026-01-15T10:00Z Z", "999999d"),
    ],
)
def test_what_is_no_date(text):
    """The error names it and shows how dates are written."""
    with pytest.raises(UsageError, match=r"date") as caught:
        parse_instant(text, now=NOW, zone=BERLIN)
    assert f'"{text}"' in caught.value.what
    assert "2026-01-31" in caught.value.hint


def test_m_is_neither_minutes_nor_months():
    """The hint has both."""
    with pytest.raises(UsageError) as caught:
        parse_instant("5m", now=NOW, zone=BERLIN)
    assert "5min" in caught.value.hint
    assert "5mo" in caught.value.hint


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ("since:2026-01", utc(2025, 12, 31, 23), None),
        ("until:2026-01", None, utc(2025, 12, 31, 23)),
        ("since:7d", utc(2026, 3, 23, 13), None),
        ("until:yesterday", None, utc(2026, 3, 28, 23)),
        ("on:2026-01-15", utc(2026, 1, 14, 23), utc(2026, 1, 15, 23)),
        ("on:2026", utc(2025, 12, 31, 23), utc(2026, 12, 31, 23)),
        ("date:2026-01", utc(2025, 12, 31, 23), utc(2026, 1, 31, 23)),
        ("date:2026-01..2026-03", utc(2025, 12, 31, 23), utc(2026, 3, 31, 22)),
        ("date:2026-01..2026-01", utc(2025, 12, 31, 23), utc(2026, 1, 31, 23)),
        ("date:2026-01..<2026-03", utc(2025, 12, 31, 23), utc(2026, 2, 28, 23)),
        ("date:>2026-01..2026-03", utc(2026, 1, 31, 23), utc(2026, 3, 31, 22)),
        ("date:2026-01..", utc(2025, 12, 31, 23), None),
        ("date:..2026-03", None, utc(2026, 3, 31, 22)),
        ("date:>2026-01", utc(2026, 1, 31, 23), None),
        ("date:>=2026-01", utc(2025, 12, 31, 23), None),
        ("date:<2026-01", None, utc(2025, 12, 31, 23)),
        ("date:<=2026-01", None, utc(2026, 1, 31, 23)),
        ("date:7d..3d", utc(2026, 3, 23, 13), utc(2026, 3, 27, 13)),
        ('since:"2026-01-15 10:30"', utc(2026, 1, 15, 9, 30), None),
        ("since:2026-01-15T10:30:00Z", utc(2026, 1, 15, 10, 30), None),
    ],
)
def test_date_fields(read, query, since, until):
    """The whole of a period counts; since begins with it, until ends before it."""
    assert repr(read(query)) == repr(Started(since, until))


def test_contradictions_between_fields_are_no_errors(read):
    """They find nothing, which is the answer."""
    assert len(read("since:2026-03 until:2026-01").children) == 2


@pytest.mark.parametrize(
    ("query", "place", "hint"),
    [
        ("since:2026-13", "2026-13", "2026-01-31"),
        ("on:2026-02-30", "2026-02-30", "2026-01-31"),
        ("date:2026-01..2026-13", "2026-13", "2026-01-31"),
        ("date:2026-13..2026-01", "2026-13", "2026-01-31"),
        ("date:>2026-13", "2026-13", "2026-01-31"),
        ('date:">2026-13"', "2026-13", "2026-01-31"),
        ("date:2026-03..2026-01", "2026-03..2026-01", ""),
        ("date:2026-01..<2026-01", "2026-01..<2026-01", ""),
        ("date:..", "..", ""),
        ("date:<", "<", ""),
        ("since:2026-01..2026-03", "2026-01..2026-03", "date:2026-01..2026-03"),
        ("until:>2026", ">2026", "date:>2026"),
        ("on:7d", "7d", "since:7d"),
        ("date:12h", "12h", "since:12h"),
        ("since:2026*", "2026*", "2026-01-31"),
        ('since:"2026"*', '"2026"*', "*"),
        ("since:-7d", "-", "7d"),
    ],
)
def test_values_that_are_no_dates(refused, query, place, hint):
    """The caret is under the date that is wrong, or the range that runs backwards."""
    error = refused(f"x {query}")
    assert error.query[error.column :][: error.length] == place
    assert hint in error.hint
