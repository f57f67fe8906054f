"""A part of it: limits and stretches never make a gap that is not closed later."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sync.vendor import Listener, Shelf, moment, rising


@pytest.fixture
def shelf() -> Shelf:
    """A dozen conversations, one a minute, three to a page."""
    shelf = Shelf(3)
    for identifier, start in rising(12):
        shelf.put(identifier, start)
    return shelf


EVERYTHING = [identifier for identifier, _ in rising(12)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 11, 12])
def test_a_limit(listen: Listener, shelf: Shelf, limit: int) -> None:
    """So many are fetched, the oldest first, and no more; the report is not complete."""
    report = listen(shelf, limit=limit)
    assert listen.stored() == EVERYTHING[:limit]
    assert len(shelf.fetched) == limit == report.new
    assert not report.complete


def test_more_than_there_is(listen: Listener, shelf: Shelf) -> None:
    """A limit that is not reached is none."""
    assert listen(shelf, limit=13).complete


@pytest.mark.parametrize("limit", [1, 2, 5, 7])
def test_limit_after_limit(listen: Listener, shelf: Shelf, limit: int) -> None:
    """Ends with everything, nothing fetched twice."""
    for _ in range(100):
        if listen(shelf, limit=limit).complete:
            break
    assert listen.stored() == EVERYTHING
    assert sorted(shelf.fetched) == EVERYTHING


def test_a_limit_then_none(listen: Listener, shelf: Shelf) -> None:
    """The next whole sync has the rest, what was listed and not fetched first."""
    listen(shelf, limit=2)
    assert listen(shelf).complete
    assert listen.stored() == EVERYTHING
    assert sorted(shelf.fetched) == EVERYTHING


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (4, None, EVERYTHING[4:]),
        (None, 4, EVERYTHING[:4]),
        (4, 8, EVERYTHING[4:8]),
        (4, 4, []),
        (30, None, []),
        (None, -5, []),
        (3.5, 3.9, []),
    ],
)
@pytest.mark.parametrize("filters", [True, False])
def test_a_stretch(
    listen: Listener,
    shelf: Shelf,
    since: float | None,
    until: float | None,
    expected: list[str],
    filters: bool,
) -> None:
    """Inclusive at its beginning, exclusive at its end; a later sync has everything else."""
    shelf.filters = filters
    report = listen(
        shelf,
        since=None if since is None else moment(minutes=since),
        until=None if until is None else moment(minutes=until),
    )
    assert report.complete
    if filters:
        assert listen.stored() == expected
    assert set(expected) <= set(listen.stored())
    assert until is None or set(listen.stored()) <= set(EVERYTHING[: max(0, int(until) + 1)])
    assert listen(shelf).complete
    assert listen.stored() == EVERYTHING


def test_a_stretch_does_not_say_complete_until(listen: Listener, shelf: Shelf) -> None:
    """Only a sync of everything can say up to when everything is there."""
    query = "SELECT complete_until FROM sources"
    listen(shelf, limit=1)
    listen(shelf, since=moment(minutes=4))
    listen(shelf, until=moment(minutes=4))
    assert listen.connection.execute(query).fetchone() == (None,)
    listen(shelf)
    assert listen.connection.execute(query).fetchone() != (None,)


def test_since_leaves_the_cursor(listen: Listener, shelf: Shelf) -> None:
    """Where it is, if it would have to jump; it moves along where it need not."""
    listen(shelf, since=moment(minutes=4))
    assert listen.cursor() is None
    listen(shelf, until=moment(minutes=6))
    reached = listen.cursor()
    assert reached is not None
    assert reached <= moment(minutes=6)
    listen(shelf, since=moment(minutes=9))
    assert listen.cursor() == reached
    listen(shelf, since=moment(minutes=2))
    assert listen.cursor() == moment(minutes=11)


def test_until_before_the_cursor(listen: Listener, shelf: Shelf) -> None:
    """Does not take it back."""
    listen(shelf)
    listen(shelf, until=moment(minutes=2))
    assert listen.cursor() == moment(minutes=11)


RUNS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "since": st.integers(-2, 14).map(lambda minute: moment(minutes=minute)),
            "until": st.integers(-2, 14).map(lambda minute: moment(minutes=minute)),
            "limit": st.integers(1, 6),
            "full": st.booleans(),
        },
    ),
    max_size=6,
)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(runs=RUNS, size=st.integers(1, 6), filters=st.booleans())
def test_whatever_was_asked_before(
    listen: Listener, runs: list[dict[str, object]], size: int, filters: bool
) -> None:
    """After any number of partial syncs, and new conversations between them, one whole sync with
    no look-back further than three days has everything, each fetched once."""
    listen.connection.executescript(
        "DELETE FROM index_queue; DELETE FROM turns; DELETE FROM documents; DELETE FROM revisions;"
        "DELETE FROM conversations; DELETE FROM listings; DELETE FROM sync_windows;"
        "UPDATE sources SET listed_to = NULL, synced_at = NULL, complete_until = NULL"
    )
    shelf = Shelf(size, filters=filters)
    for number, (identifier, start) in enumerate(rising(12)):
        if number < 6:
            shelf.put(identifier, start)
    for number, run in enumerate(runs):
        listen(shelf, **run)
        shelf.put(f"conv_{6 + number:03}", moment(minutes=6 + number))
    assert listen(shelf).complete
    assert listen.stored() == sorted(shelf.calls)
    assert sorted(shelf.fetched) == sorted(shelf.calls)
