"""Our own time stamps: ISO 8601 in UTC with microseconds, so that their order is that of texts."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The time now."""
    return text(datetime.now(UTC))


def text(moment: datetime) -> str:
    """An aware time as it is stored: ``2026-01-15T10:00:00.000000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
