"""What changes at a vendor while somebody pages through its list.

New calls come at the end, others arrive late among those that have been listed already, some are
deleted. Each of these moves what stands on a page of a given number.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from convarchive.sandbox.parameters import iso, microseconds
from convarchive.sandbox.upstream import Upstream

_LATEST = 86_400
"""Seconds before the newest call that a late arrival may have begun."""


class Drift:
    """Changes conversations, one at a time.

    Args:
        upstream: Where.
        seed: Which ones.
    """

    def __init__(self, upstream: Upstream, seed: int) -> None:
        self._upstream = upstream
        self._seed = seed
        self._made = 0

    def step(self) -> str:
        """Change something.

        Returns:
            What was done: ``inserted``, ``late`` or ``deleted``.
        """
        self._made += 1
        random = Random(f"{self._seed} drift {self._made}")  # noqa: S311 - no secret
        upstream = self._upstream
        with upstream.lock:
            slots = upstream.between(None, None)
            done = random.choice(("inserted", "late", "deleted")) if slots else "inserted"
            if done == "deleted":
                upstream.remove(str(upstream.item(random.choice(slots))["id"]))
                return done
            newest = datetime.now(UTC).isoformat()
            told = {"status": "abandoned", "transcript": None, "abandonment_reason": "busy"}
            if slots:
                newest = upstream.item(slots[-1])["start_time"]
                told = upstream.payload(random.choice(slots))
            away = random.randrange(1, 60) if done == "inserted" else -random.randrange(_LATEST)
            start = iso(microseconds(newest) // 1_000_000 + away)
            new = f"conv_drift{self._seed % 1000:03}{self._made:06}"
            upstream.put({**told, "id": new, "start_time": start})
        return done
