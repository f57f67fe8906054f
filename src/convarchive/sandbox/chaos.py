"""What goes wrong between a vendor and its clients, on purpose and by a seed: how much of what.

>>> with Sandbox(count=1000, chaos=Chaos(errors=0.05, resets=0.02, truncated=0.02)) as sandbox:
...     sync(sandbox)
...     print(sandbox.chaos.injected)

How it comes about is in `disturbed`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from convarchive.errors import UsageError

EXCLUSIVE: Final = ("errors", "rate_limited", "html", "hang", "resets", "truncated")
"""The faults of which an answer has one at most, in the order in which they are drawn."""


@dataclass
class Chaos:
    """What goes wrong, how often. A share is of all answers, from 0 to 1."""

    seed: int = 1
    """The same one, the same faults for the same requests."""
    errors: float = 0.0
    """Share answered with 500, 502, 503 or 504, ``burst`` times in a row each."""
    resets: float = 0.0
    """Share that breaks off before its announced length, the connection closed."""
    truncated: float = 0.0
    """Share whose JSON ends too soon, under the right length of what is sent."""
    html: float = 0.0
    """Share answered with a web page, as 200 or as 502."""
    hang: float = 0.0
    """Share of which not a byte comes for ``hang_seconds``; then the connection is closed."""
    rate_limited: float = 0.0
    """Share answered with 429: with ``Retry-After`` in seconds, as a date, or without it."""
    drift: float = 0.0
    """Share of requests for a list before which a conversation is added, late, or deleted."""
    totals: float = 0.0
    """Share of lists whose ``total`` and ``total_pages`` are too small or too large."""
    duplicates: float = 0.0
    """Share of lists in which one line stands a second time, anywhere on the page."""
    skew_hours: float = 0.0
    """How far the vendor's clock is ahead: ``Date``, ``X-RateLimit-Reset``, ``Retry-After``."""
    burst: int = 3
    hang_seconds: float = 5.0
    retry_seconds: int = 1
    """What ``Retry-After`` asks to wait."""
    active: bool = True
    """Nothing goes wrong while this is False; it may be changed at any time."""
    injected: Counter[str] = field(default_factory=Counter, init=False)
    """What went wrong, by the name above; drift as ``inserted``, ``late`` and ``deleted``."""

    def __post_init__(self) -> None:
        shares = [getattr(self, name) for name in (*EXCLUSIVE, "drift", "totals", "duplicates")]
        if min(shares) < 0 or max(shares) > 1 or sum(shares[: len(EXCLUSIVE)]) > 1:
            raise UsageError("More cannot go wrong than everything.", "A share is from 0 to 1.")

    @classmethod
    def mixed(cls, share: float, seed: int = 1) -> Chaos:
        """Everything at once: this share of errors, the rest in proportion to it.

        Of resets and truncated answers there are 0.4 as many, of web pages and rate limits 0.2, of
        silence 0.1; drift, lying totals and duplicates each befall the whole share of lists. The
        clock is right.

        Raises:
            UsageError: The share is below 0 or above 0.4.
        """
        return cls(
            seed,
            errors=share, resets=0.4 * share, truncated=0.4 * share, html=0.2 * share,
            rate_limited=0.2 * share, hang=0.1 * share,
            drift=share, totals=share, duplicates=share,
        )  # fmt: skip
