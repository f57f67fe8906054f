"""How fast to ask: just under the vendor's limit, and what to do when it says *not now*.

The vendor's own headers are believed (``X-RateLimit-Limit``, ``-Remaining``, ``-Reset``), and
between two answers the requests under way are counted, so that several threads share one budget
without ever going over it. Headers round, and so does the clock beside them: a window is taken to
last as long as they can mean, yet no minute for longer than a minute. Every wait can be cut short
by the user, and says what it waits for.
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

MINUTE = 60.0
"""Seconds of the window that vendors limit."""

ROUNDING = 1.0
"""Seconds that a window may last beyond the end that is stated: some vendors round down."""

SLACK = 0.05
"""Seconds by which a minute of the vendor's clock may be longer than one of ours."""

SAME_WINDOW = 2.0
"""Seconds by which the end of one window, stated again and again, may differ."""

SPREAD = 0.5
"""The part of a window over which a whole budget is spread. Each window begins a moment later than
the vendor's could. The faster its requests go, the more of them that moment costs a minute that is
counted in another way; the slower, the less is left of the window if something holds them up."""

PATIENCE = 1.0
"""Seconds after which another request asks whether a new window has begun."""

POLL = 0.05
"""Seconds between two looks whether it was answered."""

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
    """The requests that one key has left until the limit is reset, as far as it is known.

    Requests that are under way count as if the vendor had not seen them yet, so threads that share
    a budget never go over it. What each answer says is taken for the least that it can mean.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known = False
        self._left = 0
        """The lowest figure of this window; what is under way has yet to come off it."""
        self._under_way = 0
        self._window = 0.0
        """When the window ends, by the vendor's clock."""
        self._reset_at = 0.0
        """When it has surely ended, by ours."""
        self._asking = False
        self._next_at = 0.0
        self._interval = 0.0

    def try_to_take(self) -> float:
        """0 and one request counted, or the seconds to wait."""
        with self._lock:
            now = self._clock()
            if self._known and now >= self._reset_at:
                # One request asks whether a new window has begun. Should it not be answered soon,
                # another one does.
                self._asking = True
                self._left = self._under_way + 1
                self._reset_at = now + PATIENCE
            if self._known and self._left <= self._under_way:
                return POLL if self._asking else max(0.01, min(self._reset_at - now, MINUTE))
            if now < self._next_at:
                return self._next_at - now
            self._next_at += self._interval  # one that comes late is made up for
            self._under_way += 1
            return 0.0

    def give_back(self, headers: Mapping[str, str]) -> None:
        """A request has ended; learn from its answer's headers, if there is one."""
        with self._lock:
            self._under_way -= 1
            limit, left, reset = (
                _number(headers.get(f"x-ratelimit-{name}"))
                for name in ("limit", "remaining", "reset")
            )
            if limit is None or left is None or reset is None:
                self._left -= 1  # the vendor may have counted it all the same
                return
            now = self._clock()
            reset_at = now + _bounded(_until_surely(reset - _server_time(headers)))
            later = reset - self._window
            if not self._known or self._asking or later > SAME_WINDOW:
                self._known, self._asking = True, False
                self._left, self._window, self._reset_at = int(left), reset, reset_at
                self._next_at = now
                self._interval = SPREAD * min(reset_at - now, MINUTE) / max(limit, 1.0)
            elif later >= -SAME_WINDOW:
                # Answers overtake each other: the lowest figure is the latest. The vendor's clock
                # is told in whole seconds: the earliest end is the nearest.
                self._left = min(self._left, int(left))
                self._reset_at = min(self._reset_at, reset_at)


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


def _until_surely(seconds: float) -> float:
    """Seconds until a window has surely ended that ends in so many by the headers, which round."""
    seconds += ROUNDING
    # A minute is over after sixty seconds from any answer in it. What is more, is rounding: of the
    # end, and of the vendor's clock, which servers write into answers up to two seconds late.
    return MINUTE + SLACK if MINUTE < seconds <= MINUTE + ROUNDING + 3 else seconds


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
