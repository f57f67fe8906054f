"""Many things at once, in order, and what went wrong beside what went right."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from convarchive.errors import (
    ConvarchiveError,
    Interrupted,
    KeyRefused,
    UnexpectedAnswer,
    Unreachable,
)
from convarchive.sync.fetch import AHEAD, THREADS, Fetcher, ahead


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    """Its threads end with the test."""
    made = Fetcher()
    yield made
    made.close()


def test_in_the_order_asked_for(fetcher: Fetcher) -> None:
    """However long each takes."""
    gates = [threading.Event() for _ in range(THREADS)]

    def get(number: int) -> int:
        if number + 1 < len(gates):
            assert gates[number + 1].wait(10)
        gates[number].set()
        return number * number

    found = list(fetcher.fetch(range(len(gates)), get))
    assert found == [(number, number * number) for number in range(len(gates))]


def test_several_at_once(fetcher: Fetcher) -> None:
    """As many as there are threads are under way together."""
    together = threading.Barrier(THREADS, timeout=10)
    assert len(list(fetcher.fetch(range(THREADS), lambda _: together.wait()))) == THREADS


def test_an_error_is_a_result(fetcher: Fetcher) -> None:
    """Of the one thing that it happened to."""

    def get(number: int) -> int:
        if number == 3:
            raise UnexpectedAnswer("three")
        return number

    found = dict(fetcher.fetch(range(50), get))
    assert str(found.pop(3)) == "three"
    assert found == {number: number for number in range(50) if number != 3}


@pytest.mark.parametrize("error", [Interrupted("stop"), KeyRefused("no")])
def test_nothing_more_is_asked_for(fetcher: Fetcher, error: ConvarchiveError) -> None:
    """After an interruption or a refused key; what was under way still counts."""
    asked: list[int] = []
    told = threading.Event()

    def get(number: int) -> int:
        asked.append(number)
        if number == 5:
            raise error
        if number > 5:
            assert told.wait(10)
        return number

    found: dict[int, object] = {}
    for number, result in fetcher.fetch(range(10_000), get):
        found[number] = result
        if number == 5:
            told.set()
    assert found.pop(5) is error
    assert found == {number: number for number in found}
    assert {0, 1, 2, 3, 4} <= found.keys()
    assert len(found) + 1 == len(asked) <= 6 + THREADS


def test_a_caller_who_has_had_enough(fetcher: Fetcher) -> None:
    """Ends it for all that were not begun."""
    asked: list[int] = []
    enough = threading.Event()

    def get(number: int) -> None:
        asked.append(number)
        if number:
            assert enough.wait(10)

    results = fetcher.fetch(range(10_000), get)
    next(results)
    results.close()  # type: ignore[attr-defined]
    enough.set()
    assert len(asked) <= 1 + THREADS


def test_a_defect_is_not_hidden(fetcher: Fetcher) -> None:
    """What is none of our errors is raised."""
    with pytest.raises(ZeroDivisionError):
        list(fetcher.fetch([0], lambda number: 1 // number))


def test_a_list_that_breaks_off(fetcher: Fetcher) -> None:
    """What was asked for before comes, and then the error."""

    def wanted() -> Iterator[int]:
        yield from range(7)
        raise Unreachable("The list broke off.")

    results = fetcher.fetch(wanted(), str)
    assert [next(results) for _ in range(7)] == [(number, str(number)) for number in range(7)]
    with pytest.raises(Unreachable):
        next(results)


def test_the_threads_stay_ahead(fetcher: Fetcher) -> None:
    """While the caller deals with the first, the next are fetched."""
    asked = threading.Semaphore(0)

    def get(number: int) -> int:
        asked.release()
        return number

    results = fetcher.fetch(range(10_000), get)
    assert next(results) == (0, 0)
    for _ in range(AHEAD - 1):
        assert asked.acquire(timeout=10)


def test_one_ahead() -> None:
    """The next is asked for in a thread before the one before is dealt with; all come, in order."""
    made = threading.Semaphore(0)

    def pages() -> Iterator[int]:
        for number in range(5):
            made.release()
            yield number

    came = []
    for number in ahead(pages()):
        came.append(number)
        assert made.acquire(timeout=10)
        if number < 4:
            assert made.acquire(timeout=10)
            made.release()
    assert came == [0, 1, 2, 3, 4]


def test_an_error_one_ahead() -> None:
    """Is raised when its turn comes."""

    def pages() -> Iterator[int]:
        yield 1
        raise Unreachable("No second page.")

    found = ahead(pages())
    assert next(found) == 1
    with pytest.raises(Unreachable):
        next(found)


def test_nothing_wanted(fetcher: Fetcher) -> None:
    """Is nothing fetched."""
    assert list(fetcher.fetch([], str)) == []
