"""A clock that stands still, and the two things that can happen to a query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from convarchive.errors import QueryError
from convarchive.query import Node, parse

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="session")
def read() -> Callable[[str], Node]:
    """Reads a query at noon UTC on 30 March 2026 in Berlin, a day after the clocks changed."""
    return lambda query: parse(query, now=NOW, zone=BERLIN)


@pytest.fixture(scope="session")
def refused() -> Callable[[str], QueryError]:
    """The error for a query that must not be understood."""

    def refused(query: str) -> QueryError:
        with pytest.raises(QueryError) as caught:
            parse(query, now=NOW, zone=BERLIN)
        return caught.value

    return refused
