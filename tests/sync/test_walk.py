"""Listing everything exactly once, whatever the vendor's pages do meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sync.vendor import NOON, Shelf, moment, rising

from convarchive.errors import UnexpectedAnswer
from convarchive.sources.base import Listed, Page
from convarchive.sync.walk import Step, walk

SECONDS = st.integers(0, 20) | st.floats(0, 20, allow_nan=False).map(lambda s: round(s, 3))
"""Few seconds, so that many start at once, with and without fractions."""


def shelved(starts: list[float], size: int, **options: bool) -> Shelf:
    """A shelf of conversations with these starts, in seconds after noon."""
    shelf = Shelf(size, **options)
    for number, start in enumerate(starts):
        shelf.put(f"conv_{number}", moment(seconds=start))
    return shelf


def ids(steps: list[Step]) -> list[str]:
    """What was listed."""
    return [item.id for step in steps for item in step.items]


@settings(max_examples=200, deadline=None)
@given(st.lists(SECONDS, max_size=40), st.integers(1, 12), st.booleans())
def test_everything_exactly_once(starts: list[float], size: int, total: bool) -> None:
    """Any starts, any size of pages: in the order of time, and the cursor ends at the last."""
    shelf = shelved(starts, size, total=total)
    steps = list(walk(shelf, None, None))
    assert sorted(ids(steps)) == sorted(shelf.calls)
    listed = [item.started_at.rstrip("Z") for step in steps for item in step.items]
    assert listed == sorted(listed)
    cursors = [step.cursor for step in steps if step.cursor is not None]
    assert [one.rstrip("Z") for one in cursors] == sorted(one.rstrip("Z") for one in cursors)
    if starts:
        assert cursors[-1] == moment(seconds=max(starts))
    if total:
        assert {step.total for step in steps} == {len(starts)}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(SECONDS, max_size=40),
    st.integers(1, 12),
    st.tuples(st.integers(-2, 22), st.integers(-2, 22)),
    st.booleans(),
)
def test_a_stretch(starts: list[float], size: int, ends: tuple[int, int], filters: bool) -> None:
    """From its beginning, inclusive, to its end, exclusive, whether or not the vendor filters; and
    no cursor passes anything that was left out."""
    since, until = min(ends), max(ends)
    shelf = shelved(starts, size, filters=filters)
    steps = list(walk(shelf, moment(seconds=since), moment(seconds=until)))
    wanted = {f"conv_{n}" for n, start in enumerate(starts) if since <= start < until}
    listed = ids(steps)
    assert len(listed) == len(set(listed))
    assert wanted <= set(listed)
    if filters:
        assert wanted == set(listed)
    assert all(item.started_at.rstrip("Z") < moment(seconds=until).rstrip("Z")
               for step in steps for item in step.items)  # fmt: skip
    for step in steps:
        if step.cursor is not None:
            assert step.cursor.rstrip("Z") <= moment(seconds=until).rstrip("Z")


@settings(max_examples=100, deadline=None)
@given(st.lists(SECONDS, max_size=40), st.integers(2, 12))
def test_the_cursor_is_true(starts: list[float], size: int) -> None:
    """At every step everything that started before the cursor has been listed by then."""
    shelf = shelved(starts, size)
    listed: set[str] = set()
    for step in walk(shelf, None, None):
        listed.update(item.id for item in step.items)
        if step.cursor is not None:
            for call in shelf.calls.values():
                if call.started_at.rstrip("Z") < step.cursor.rstrip("Z"):
                    assert call.id in listed


@settings(max_examples=100, deadline=None)
@given(st.lists(SECONDS, max_size=40), st.integers(2, 12))
def test_a_vendor_who_does_not_sort(starts: list[float], size: int) -> None:
    """Newest first, as lists usually are, is walked by page numbers, and has no cursor."""
    shelf = shelved(sorted(set(starts), reverse=True), size, sorts=False, filters=False)
    steps = list(walk(shelf, None, None))
    assert sorted(ids(steps)) == sorted(shelf.calls)
    if len(set(starts)) > 1:
        assert {step.cursor for step in steps if step.items} == {None}


@settings(max_examples=100, deadline=None)
@given(st.lists(SECONDS, max_size=40), st.integers(1, 12))
def test_a_vendor_who_does_not_filter(starts: list[float], size: int) -> None:
    """But sorts: is walked by page numbers from the second page on."""
    shelf = shelved(starts, size, filters=False)
    assert sorted(ids(list(walk(shelf, None, None)))) == sorted(shelf.calls)


@pytest.mark.parametrize("count", [0, 1, 3, 7, 9])
def test_a_vendor_who_tells_no_starts(count: int) -> None:
    """Is walked by page numbers."""
    shelf = Shelf(3)
    for identifier, _ in rising(count):
        shelf.put(identifier, None)
    steps = list(walk(shelf, None, None))
    assert ids(steps) == [identifier for identifier, _ in rising(count)]
    assert {step.cursor for step in steps} == {None}


def test_no_page_number_while_times_will_do() -> None:
    """Page 1 is asked for again and again, from the last start that was seen."""
    shelf = Shelf(3)
    for identifier, start in rising(7):
        shelf.put(identifier, start)
    list(walk(shelf, None, None))
    assert shelf.lists == [
        (None, None, 1),
        (moment(minutes=2), None, 1),
        (moment(minutes=4), None, 1),
        (moment(minutes=6), None, 1),
    ]


def test_more_than_a_page_at_one_instant() -> None:
    """Page numbers inside it, and times again after it."""
    shelf = Shelf(3)
    shelf.put("first", moment())
    for number in range(7):
        shelf.put(f"twin_{number}", moment(minutes=1))
    for minute in (2, 3, 4):
        shelf.put(f"after_{minute}", moment(minutes=minute))
    assert len(ids(list(walk(shelf, None, None)))) == 11
    assert [number for _, _, number in shelf.lists] == [1, 1, 2, 3, 1]


def test_a_deletion_meanwhile() -> None:
    """Shifts every page, and hides nothing that is still there."""
    shelf = Shelf(3)
    for identifier, start in rising(9):
        shelf.put(identifier, start)

    def delete(request: int) -> None:
        shelf.calls.pop(f"conv_{request:03}", None)

    shelf.before_list = delete
    listed = ids(list(walk(shelf, None, None)))
    assert set(shelf.calls) <= set(listed)
    assert len(listed) == len(set(listed))


def test_a_late_arrival_meanwhile() -> None:
    """With a start that is still to come is listed, and none of the others twice."""
    shelf = Shelf(3)
    for identifier, start in rising(9):
        shelf.put(identifier, start)

    def arrive(request: int) -> None:
        if request < 3:
            shelf.put(f"late_{request}", moment(hours=1 + request))

    shelf.before_list = arrive
    listed = ids(list(walk(shelf, None, None)))
    assert sorted(listed) == sorted(shelf.calls)


class Parrot(Shelf):
    """Answers the same page, whatever page it is asked for."""

    def list(
        self, *, since: str | None, until: str | None, page: int, status: str | None = None
    ) -> Page:
        """The first."""
        return super().list(since=None, until=None, page=1)


def test_a_vendor_who_repeats_himself() -> None:
    """Is an error and not an endless list; what he said was listed by then."""
    parrot = Parrot(3)
    for identifier, start in rising(7):
        parrot.put(identifier, start)
    steps = []
    with pytest.raises(UnexpectedAnswer, match="repeats itself"):
        steps.extend(walk(parrot, None, None))
    assert len(parrot.lists) < 5


def test_the_same_id_twice_on_a_page() -> None:
    """Is listed once."""

    class Stutterer(Shelf):
        def list(
            self, *, since: str | None, until: str | None, page: int, status: str | None = None
        ) -> Page:
            item = Listed("conv_1", moment(), "completed", "f")
            return Page((item, item), (), full=False)

    assert ids(list(walk(Stutterer(), None, None))) == ["conv_1"]


def test_an_empty_list() -> None:
    """Is one step with nothing in it."""
    assert list(walk(Shelf(), None, None)) == [Step((), (), None, None)]


def test_what_cannot_be_read_is_passed_on() -> None:
    """Items without an id come with the page that they stand on."""

    class Mumbler(Shelf):
        def list(
            self, *, since: str | None, until: str | None, page: int, status: str | None = None
        ) -> Page:
            return Page((), (b"null",), full=False)

    assert [step.unreadable for step in walk(Mumbler(), None, None)] == [(b"null",)]


def test_times_are_compared_as_times() -> None:
    """A start with fractions of a second follows the one without, and not its Z."""
    shelf = Shelf(2)
    for number in range(5):
        moment_of = (NOON + timedelta(milliseconds=250 * number)).isoformat(timespec="milliseconds")
        text = moment_of.replace("+00:00", "").rstrip("0").rstrip(".")
        shelf.put(f"conv_{number}", text + "Z")
    assert ids(list(walk(shelf, None, None))) == [f"conv_{number}" for number in range(5)]
