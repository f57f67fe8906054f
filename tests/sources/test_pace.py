"""How long to wait: what the vendor's headers ask for, within reason, and what is said about it."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convarchive.errors import Interrupted
from convarchive.sources.pace import (
    LONGEST_WAIT,
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


def headers(left: int, limit: int = 10, reset: float = NOON + 30) -> dict[str, str]:
    """What the vendor says on an answer at noon."""
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(reset),
        "date": DATE,
    }


def asked(budget: Budget, impatient: Waiter, most: int = 1000) -> int:
    """How many requests it lets through at once."""
    for number in range(most):
        try:
            budget.take()
        except Interrupted:
            impatient.stop.clear()
            return number
    return most


def test_nothing_is_known_at_first(impatient: Waiter) -> None:
    """Before the first answer nobody is held back."""
    assert asked(Budget(impatient), impatient, 50) == 50


@pytest.mark.parametrize("left", [0, 1, 9])
def test_the_budget_is_kept(impatient: Waiter, left: int) -> None:
    """As many requests as are left by the headers, then a wait until the reset, and it is told."""
    budget = Budget(impatient)
    budget.take()
    budget.give_back(headers(left))
    assert asked(budget, impatient) == left
    ((reason, seconds),) = impatient.told  # type: ignore[attr-defined]
    assert reason == "the vendor's rate limit"
    assert 25 < seconds <= 30


def test_requests_under_way_are_counted(impatient: Waiter) -> None:
    """Several threads share what one answer has promised."""
    budget = Budget(impatient)
    for _ in range(4):
        budget.take()
    budget.give_back(headers(9))
    assert asked(budget, impatient) == 6


def test_answers_that_overtake_each_other(impatient: Waiter) -> None:
    """The lowest figure of a window is the latest."""
    budget = Budget(impatient)
    for left in (3, 7, 5):
        budget.take()
        budget.give_back(headers(left))
    assert asked(budget, impatient) == 1


def test_a_new_window(impatient: Waiter) -> None:
    """Has a new budget."""
    budget = Budget(impatient)
    budget.take()
    budget.give_back(headers(0))
    assert asked(budget, impatient) == 0
    budget.try_to_take()
    budget.give_back(headers(8, reset=NOON + 90))
    assert asked(budget, impatient) > 0


def test_a_reset_that_has_passed(impatient: Waiter) -> None:
    """Opens a whole budget again, until an answer tells the new figures."""
    budget = Budget(impatient)
    budget.take()
    budget.give_back(headers(0, limit=6, reset=NOON - 1))
    assert asked(budget, impatient) == 6


@pytest.mark.parametrize("left", ["", "many", "nan", "inf"])
def test_headers_that_say_nothing(impatient: Waiter, left: str) -> None:
    """Hold nobody back, and harm nobody."""
    budget = Budget(impatient)
    budget.take()
    budget.give_back(headers(0) | {"x-ratelimit-remaining": left})
    assert asked(budget, impatient, 50) == 50


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
