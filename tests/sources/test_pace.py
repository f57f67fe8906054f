"""How long to wait: what the vendor's headers ask for, within reason, and what is said about it."""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convarchive.errors import Interrupted
from convarchive.sources.pace import (
    LONGEST_WAIT,
    PATIENCE,
    ROUNDING,
    SLACK,
    SPREAD,
    Budget,
    Waiter,
    backoff,
    retry_after,
    until_reset,
)

NOON = 1_768_478_400.0
DATE = formatdate(NOON, usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("99999999", LONGEST_WAIT),
        ("inf", None),
        ("nan", None),
        (formatdate(NOON + 20, usegmt=True), 20.0),
        (formatdate(NOON - 20, usegmt=True), 0.0),
        (formatdate(NOON + 86_400, usegmt=True), LONGEST_WAIT),
        ("Thu, 15-Jan-26 12:00:30 GMT", 30.0),
        ("soon", None),
        ("", None),
        ("Fri, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """In seconds or as a date by the server's own clock, never below zero nor beyond five minutes;
    None where it says nothing."""
    assert retry_after({"retry-after": value, "date": DATE}) == seconds


def test_no_retry_after() -> None:
    """Without the header there is nothing to go by."""
    assert retry_after({"date": DATE}) is None


def test_a_date_without_the_servers_clock() -> None:
    """Is compared with ours."""
    seconds = retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)})
    assert seconds is not None
    assert 50 < seconds <= 60


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (str(NOON + 30), 30.0),
        (str(NOON - 30), 0.0),
        (str(NOON + 86_400), LONGEST_WAIT),
        ("nan", None),
        ("tomorrow", None),
    ],
)
def test_until_reset(value: str, seconds: float | None) -> None:
    """Unix seconds by the server's clock, clamped."""
    assert until_reset({"x-ratelimit-reset": value, "date": DATE}) == seconds


def test_no_reset() -> None:
    """Without the header there is nothing to go by."""
    assert until_reset({}) is None


@given(st.text() | st.floats().map(str) | st.integers().map(str))
def test_no_header_is_fatal(value: str) -> None:
    """Whatever it says, the wait is none or one that ends."""
    for seconds in (
        retry_after({"retry-after": value, "date": value}),
        until_reset({"x-ratelimit-reset": value, "date": value}),
    ):
        assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def test_backoff() -> None:
    """Grows with the attempts up to half a minute, and is never the same for all clients."""
    for attempt in (1, 2, 5, 60):
        waits = {backoff(attempt) for _ in range(200)}
        assert len(waits) > 100
        assert min(waits) > 0
        assert max(waits) <= min(30.0, 0.5 * 2**attempt)
    assert max(backoff(6) for _ in range(200)) > max(backoff(1) for _ in range(200))


class Clock:
    """Stands still unless it is moved on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The seconds since noon."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Noon by the vendor's clock is 0 by this one."""
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    """A budget of which nothing is known."""
    return Budget(clock)


def headers(left: int, limit: int = 10, reset: float = 30, now: float = 0) -> dict[str, str]:
    """What the vendor says so many seconds after noon."""
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(NOON + reset),
        "date": formatdate(NOON + now, usegmt=True),
    }


def asked(budget: Budget, clock: Clock, most: int = 1000) -> int:
    """How many requests it lets through before a long wait."""
    for number in range(most):
        while (seconds := budget.try_to_take()) > 0:
            if seconds > 5:
                return number
            clock.now += seconds
    return most


def answer(budget: Budget, said: dict[str, str]) -> None:
    """One more request, and its answer at once."""
    assert budget.try_to_take() == 0
    budget.give_back(said)


def test_nothing_is_known_at_first(budget: Budget, clock: Clock) -> None:
    """Before the first answer nobody is held back."""
    assert asked(budget, clock, 50) == 50
    assert clock.now == 0


@pytest.mark.parametrize("left", [0, 1, 9])
def test_the_budget_is_kept(budget: Budget, clock: Clock, left: int) -> None:
    """As many requests as are left by the headers, then a wait until the reset."""
    answer(budget, headers(left))
    assert asked(budget, clock) == left
    assert clock.now + budget.try_to_take() == pytest.approx(30 + ROUNDING)


def test_requests_under_way_are_counted(budget: Budget, clock: Clock) -> None:
    """Several threads share what one answer has promised."""
    for _ in range(4):
        budget.try_to_take()
    budget.give_back(headers(9))
    assert asked(budget, clock) == 6


def test_requests_under_way_are_counted_once(budget: Budget, clock: Clock) -> None:
    """When the answer has come, the vendor's figure holds them already."""
    for _ in range(4):
        budget.try_to_take()
    for left in (6, 9, 8, 7):
        budget.give_back(headers(left))
    assert asked(budget, clock) == 6


def test_requests_that_are_not_answered(budget: Budget, clock: Clock) -> None:
    """May have been counted by the vendor all the same."""
    answer(budget, headers(9))
    answer(budget, {})
    assert asked(budget, clock) == 8


def test_answers_that_overtake_each_other(budget: Budget, clock: Clock) -> None:
    """The lowest figure of a window is the latest."""
    for _ in range(3):
        budget.try_to_take()
    for left in (3, 7, 5):
        budget.give_back(headers(left))
    assert asked(budget, clock) == 3


def test_a_new_window(budget: Budget, clock: Clock) -> None:
    """Has a new budget, also if it begins before its time."""
    budget.try_to_take()
    answer(budget, headers(0))
    assert asked(budget, clock) == 0
    budget.give_back(headers(8, reset=90))
    assert asked(budget, clock) == 8


def test_an_answer_of_the_window_before(budget: Budget, clock: Clock) -> None:
    """That comes late says nothing about this one."""
    budget.try_to_take()
    answer(budget, headers(8, reset=90))
    budget.give_back(headers(0, reset=30))
    assert asked(budget, clock) == 8


def test_a_reset_that_has_passed(budget: Budget, clock: Clock) -> None:
    """A single request asks whether it has; what follows waits for its answer."""
    answer(budget, headers(0, limit=6))
    clock.now = 30 + ROUNDING
    assert budget.try_to_take() == 0
    assert 0 < budget.try_to_take() < 1
    budget.give_back(headers(5, limit=6, reset=90, now=31))
    assert asked(budget, clock) == 5


def test_a_reset_that_is_not_answered(budget: Budget, clock: Clock) -> None:
    """Another request asks a moment later, and so on."""
    answer(budget, headers(0))
    clock.now = 30 + ROUNDING
    for _ in range(5):
        assert budget.try_to_take() == 0
        assert budget.try_to_take() > 0
        clock.now += PATIENCE


def test_a_clock_that_was_set_back(budget: Budget, clock: Clock) -> None:
    """Is believed when the window has ended by ours, though the vendor's next ends before it."""
    answer(budget, headers(0))
    clock.now = 30 + ROUNDING
    answer(budget, headers(9, reset=-3540, now=-3600))
    assert asked(budget, clock) == 9


def test_requests_are_spread(budget: Budget, clock: Clock) -> None:
    """A whole budget takes half of what is left of the window, not less."""
    answer(budget, headers(9, reset=40))
    assert asked(budget, clock) == 9
    assert clock.now == pytest.approx(SPREAD * (40 + ROUNDING) * 8 / 10)


def test_a_request_that_comes_late(budget: Budget, clock: Clock) -> None:
    """Is made up for: those after it come when they would have come."""
    answer(budget, headers(9, reset=40))
    clock.now = 7
    assert asked(budget, clock) == 9
    assert clock.now == pytest.approx(SPREAD * (40 + ROUNDING) * 8 / 10)


@pytest.mark.parametrize("stated", [59.1, 60, 61, 62.9])
def test_a_minute_is_no_longer_than_a_minute(budget: Budget, clock: Clock, stated: float) -> None:
    """What the headers say beyond it is rounding."""
    answer(budget, headers(0, reset=stated))
    assert budget.try_to_take() == pytest.approx(60)
    assert asked(budget, clock) == 0
    clock.now = 60 + SLACK
    assert budget.try_to_take() == 0


def test_a_window_longer_than_a_minute(budget: Budget, clock: Clock) -> None:
    """Is waited for."""
    answer(budget, headers(0, reset=90))
    clock.now = 90
    assert budget.try_to_take() == pytest.approx(ROUNDING)


def test_the_nearest_end_is_the_right_one(budget: Budget, clock: Clock) -> None:
    """The vendor's clock, told in whole seconds, is late by up to one."""
    answer(budget, headers(5, reset=30))
    clock.now = 0.1
    answer(budget, headers(0, reset=30, now=1))
    assert clock.now + budget.try_to_take() == pytest.approx(29.1 + ROUNDING)


@pytest.mark.parametrize("left", ["", "many", "nan", "inf"])
def test_headers_that_say_nothing(budget: Budget, clock: Clock, left: str) -> None:
    """Hold nobody back, and harm nobody."""
    answer(budget, headers(0) | {"x-ratelimit-remaining": left})
    assert asked(budget, clock, 50) == 50


class Vendor:
    """Lets so many requests through in each window of a minute, and writes down when."""

    def __init__(
        self, clock: Clock, limit: int, aligned: bool, stated: Callable[[float], float]
    ) -> None:
        self.windows: list[int] = []
        self.times: list[float] = []
        self.refused = 0
        self._clock, self._limit, self._aligned, self._stated = clock, limit, aligned, stated
        self._end = 0.0

    def answer(self) -> dict[str, str]:
        """Count a request, and say what is left."""
        now = self._clock.now + 17.3
        if now >= self._end:
            self._end = 60 + (now // 60 * 60 if self._aligned else now)
            self.windows.append(0)
        fits = self.windows[-1] < self._limit
        self.windows[-1] += fits
        self.refused += not fits
        self.times.append(now)
        left = self._limit - self.windows[-1]
        return headers(left, self._limit, self._stated(self._end), math.floor(now))


def thread(budget: Budget, vendor: Vendor, travel: Callable[[], float]) -> Iterator[float]:
    """Always wants more; yields the seconds to its next step."""
    while True:
        while (seconds := budget.try_to_take()) > 0:
            yield seconds
        yield travel()
        said = vendor.answer()
        yield travel()
        budget.give_back(said)


@pytest.fixture(
    params=itertools.product((100, 600), (False, True), (math.floor, math.ceil)),
    ids=lambda case: f"{case[0]}-{'clock' if case[1] else 'first'}-{case[2].__name__}",
)
def steady(request: pytest.FixtureRequest, budget: Budget, clock: Clock) -> Vendor:
    """Six minutes of four threads, with answers that overtake each other.

    A window begins with a first request or with the minute of the clock, and its end is stated in
    whole seconds that are rounded down or up.
    """
    vendor = Vendor(clock, *request.param)
    chance = random.Random(1)
    threads = [thread(budget, vendor, lambda: chance.uniform(0.005, 0.05)) for _ in range(4)]
    steps = [(0.2 * number, number) for number in range(len(threads))]
    while (step := heapq.heappop(steps))[0] < 360:
        clock.now, number = step
        heapq.heappush(steps, (clock.now + next(threads[number]), number))
    return vendor


def test_a_steady_run(steady: Vendor) -> None:
    """Uses the whole of the limit in each window, and is never refused."""
    assert steady.refused == 0
    first, *whole, _ = steady.windows
    assert len(whole) >= 4
    assert set(whole) == {first} == {steady._limit}


def test_any_minute_of_a_steady_run(steady: Vendor) -> None:
    """Sees 97 % of the limit used, however minutes are counted."""
    for number, begin in enumerate(steady.times):
        if begin + 60 < steady.times[-1]:
            until = bisect.bisect(steady.times, begin + 60)
            assert until - number - 1 >= 0.97 * steady._limit


def test_a_wait_can_be_ended() -> None:
    """When the user wants to stop, at once; what was waited is counted."""
    stop = threading.Event()
    told: list[tuple[str, float]] = []
    waiter = Waiter(stop, lambda reason, seconds: (told.append((reason, seconds)), stop.set())[0])
    began = time.monotonic()
    with pytest.raises(Interrupted):
        waiter.wait(600, "a good reason")
    assert time.monotonic() - began < 10
    assert told == [("a good reason", 600), ("", 0)]
    assert 0 <= waiter.waited < 10


def test_short_waits_are_not_announced() -> None:
    """Less than a second is nobody's business."""
    told: list[str] = []
    waiter = Waiter(threading.Event(), lambda reason, _: told.append(reason))
    waiter.wait(0.001, "a moment")
    assert told == []
    assert waiter.waited > 0
