"""Times of the model as times of Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def instant(text: str | None) -> datetime | None:
    """ISO 8601 as a time in UTC; None where there is none, or it is no time that Python knows."""
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def later(moment: datetime | None, seconds: float) -> datetime | None:
    """So many seconds later; None where that is beyond the year 9999, or the moment is unknown."""
    try:
        return moment and moment + timedelta(seconds=seconds)
    except OverflowError:
        return None
