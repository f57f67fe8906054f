"""The budget of requests that a key has: so many in each window of a minute.

A window begins with the first request of a key, and every key has its own. What is left is told in
``X-RateLimit-Limit``, ``X-RateLimit-Remaining`` and ``X-RateLimit-Reset`` (Unix seconds), as Ayra
does on every answer.
"""

from __future__ import annotations

import math
import time
from typing import Final, NamedTuple

UNLIMITED: Final = 100_000
"""What is stated, and never enforced, where no limit was set."""


class Budget(NamedTuple):
    """What one key may still ask for."""

    limit: int
    """Requests a window."""
    remaining: int
    """Requests left in this window; -1 where this one is already too many."""
    reset: float
    """When the next window begins, Unix seconds."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The three headers, as ASGI takes them."""
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % max(self.remaining, 0)),
            (b"x-ratelimit-reset", b"%d" % math.ceil(self.reset)),
        ]

    def wait(self) -> int:
        """Whole seconds until the next window, at least 1."""
        return max(1, math.ceil(self.reset - time.time()))


class Limits:
    """All keys' budgets.

    Args:
        limit: Requests a window and key; ``None`` for no limit.
        window: Seconds.
    """

    def __init__(self, limit: int | None, window: float = 60.0) -> None:
        self._enforced = limit is not None
        self._limit = UNLIMITED if limit is None else limit
        self._window = window
        self._windows: dict[str, tuple[float, int]] = {}

    def look(self, key: str) -> Budget:
        """The key's budget as it is."""
        now = time.time()
        reset, spent = self._windows.get(key, (0.0, 0))
        if reset <= now:
            reset, spent = now + self._window, 0
        return Budget(self._limit, self._limit - spent, reset)

    def spend(self, key: str) -> Budget:
        """The key's budget after one more request; a refused one costs nothing."""
        before = self.look(key)
        left = before.remaining - 1
        if left < 0 and not self._enforced:
            left = 0
        if left >= 0:
            self._windows[key] = (before.reset, self._limit - left)
        return before._replace(remaining=left)
