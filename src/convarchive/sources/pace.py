"""How fast to ask: just under the vendor's limit, and what to do when it says *not now*.

The vendor's own headers are believed (``X-RateLimit-Limit``, ``-Remaining``, ``-Reset``), and
between two answers the requests under way are counted, so that several threads share one budget
without ever going over it. Every wait can be cut short by the user, and says what it waits for.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from convarchive.errors import Interrupted

LONGEST_WAIT = 300.0
"""Seconds. A header that asks for more than this in one go is not believed."""

SHORTEST_BACKOFF = 0.05
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 30.0
"""Seconds of pause before another try, where the vendor doesn't say how many."""


class Waiter:
    """Waits that the user can end, counted and announced.

    Args:
        stop: Set when the user wants to stop.
        announce: Called with the reason and the seconds before each wait of a second or more, and
            with an empty reason after it.
    """

    def __init__(
        self, stop: threading.Event, announce: Callable[[str, float], None] | None = None
    ) -> None:
        self.stop = stop
        self.waited = 0.0
        self._announce = announce or (lambda _reason, _seconds: None)
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise `Interrupted` if the user wants to stop."""
        if self.stop.is_set():
            raise Interrupted("Interrupted.", "", "Run the same command again to go on.")

    def wait(self, seconds: float, reason: str) -> None:
        """Wait so long, or until the user wants to stop."""
        told = seconds >= 1
        if told:
            self._announce(reason, seconds)
        began = time.monotonic()
        self.stop.wait(seconds)
        with self._lock:
            self.waited += time.monotonic() - began
        if told:
            self._announce("", 0)
        self.check()


class Budget:
    """The requests that one key has left until the limit is reset, as far as it is known."""

    def __init__(self, waiter: Waiter) -> None:
        self._waiter = waiter
        self._lock = threading.Lock()
        self._limit: int | None = None
        self._left = 0
        self._under_way = 0
        self._window: float | None = None
        self._reset_at = 0.0

    def take(self) -> None:
        """Wait until one more request fits, and count it."""
        while (seconds := self.try_to_take()) > 0:
            self._waiter.wait(seconds, "the vendor's rate limit")
        self._waiter.check()

    def give_back(self, headers: Mapping[str, str]) -> None:
        """A request has ended; learn from its answer's headers, if there is one."""
        with self._lock:
            self._under_way -= 1
            limit, left, reset = (
                _number(headers.get(f"x-ratelimit-{name}"))
                for name in ("limit", "remaining", "reset")
            )
            if limit is None or left is None or reset is None:
                return
            same_window = self._window is not None and abs(reset - self._window) < 1
            if same_window:
                # Answers overtake each other: the lowest figure is the latest.
                self._left = min(self._left, int(left))
            else:
                self._left = int(left) - self._under_way
                self._window = reset
            self._limit = int(limit)
            self._reset_at = time.monotonic() + _bounded(reset - _server_time(headers))

    def try_to_take(self) -> float:
        """0 and one request counted, or the seconds to wait."""
        with self._lock:
            now = time.monotonic()
            if self._limit is not None and now >= self._reset_at:
                # Until an answer tells the new figures: a whole budget, less what is under way.
                self._left = self._limit - self._under_way
                self._reset_at = now + LONGEST_WAIT
            if self._limit is not None and self._left <= 0:
                return max(0.01, min(self._reset_at - now, 60.0))
            self._left -= 1
            self._under_way += 1
            return 0.0


def backoff(attempt: int) -> float:
    """Seconds before the next try: exponential, with full jitter, so that clients don't march in
    step (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/)."""
    return random.uniform(SHORTEST_BACKOFF, min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**attempt))  # noqa: S311


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks to wait by ``Retry-After``, given in seconds or as a date (RFC
    9110, section 10.2.3); None if it doesn't say."""
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None:
        return _bounded(seconds)
    date = _date(value)
    return None if date is None else _bounded(date - _server_time(headers))


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the limit is reset by ``X-RateLimit-Reset``; None if it doesn't say."""
    reset = _number(headers.get("x-ratelimit-reset"))
    return None if reset is None else _bounded(reset - _server_time(headers))


def _server_time(headers: Mapping[str, str]) -> float:
    """Unix seconds by the server's clock: ours may be wrong."""
    date = _date(headers.get("date", ""))
    return datetime.now(UTC).timestamp() if date is None else date


def _date(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = math.nan if value is None else float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)
