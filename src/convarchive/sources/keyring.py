"""The keys of one account: each has a budget of its own, a minute and a day.

The minute's budget is what the vendor's headers say. The day's has no header, so it is counted
here, and the sync keeps the count in the store: a program that is restarted goes on where it was.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from convarchive.errors import BudgetSpent, SettingsError
from convarchive.sources.pace import Budget, Waiter

_SHORTEST_SECRET = 8


class Key(NamedTuple):
    """One key of an account."""

    name: str
    """Where it came from, such as the variable's name; this may be shown and stored."""
    secret: str
    """This may not."""


class Spent(NamedTuple):
    """Requests that a key has made on a day."""

    key: str
    """Its name."""
    day: str
    """``2026-01-31``, in UTC."""
    requests: int


class Keyring:
    """Hands out keys that may make a request now, in turn.

    Args:
        keys: At least one.
        waiter: For when none of them may.
        per_day: Requests that each may make a day; None where there is no such limit.
        spent: What they have made already, as an earlier run has counted it.

    Raises:
        SettingsError: A key has characters that no key has.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        waiter: Waiter,
        *,
        per_day: int | None = None,
        spent: Sequence[Spent] = (),
    ) -> None:
        self._waiter = waiter
        self._lanes = [_Lane(_checked(key), per_day) for key in keys]
        for lane in self._lanes:
            lane.remember(spent)
        self._turn = 0
        self._lock = threading.Lock()

    def take(self) -> _Lane:
        """Wait until a key may make one more request, and count it.

        Raises:
            BudgetSpent: None may any more today.
            Interrupted: The user wants to stop.
        """
        while True:
            self._waiter.check()
            seconds = []
            for lane in self._in_turn():
                wait = lane.try_to_take()
                if wait == 0:
                    return lane
                if wait is not None:
                    seconds.append(wait)
            if not seconds:
                raise _spent()
            self._waiter.wait(min(seconds), "the vendor's rate limit")

    def spent(self) -> list[Spent]:
        """What each key has made today."""
        return [lane.spent() for lane in self._lanes]

    def without_keys(self, body: bytes) -> bytes:
        """The same bytes, with every key blotted out: some servers repeat them."""
        for lane in self._lanes:
            for spelling in lane.spellings:
                body = body.replace(spelling, b"***")
        return body

    def _in_turn(self) -> list[_Lane]:
        with self._lock:
            self._turn = (self._turn + 1) % len(self._lanes)
            return self._lanes[self._turn :] + self._lanes[: self._turn]


class _Lane:
    """One key with its budgets."""

    def __init__(self, key: Key, per_day: int | None) -> None:
        self.secret = key.secret
        self.spellings = _spellings(key.secret)
        self._name = key.name
        self._minute = Budget()
        self._per_day = per_day
        self._day = _today()
        self._made = 0
        self._lock = threading.Lock()

    def remember(self, spent: Sequence[Spent]) -> None:
        """Go on from an earlier run's count."""
        for each in spent:
            if each.key == self._name and each.day == self._day:
                self._made = each.requests

    def try_to_take(self) -> float | None:
        """0 and one request counted, or the seconds to wait; None if the day's budget is spent."""
        with self._lock:
            if self._day != (today := _today()):
                self._day, self._made = today, 0
            if self._per_day is not None and self._made >= self._per_day:
                return None
            seconds = self._minute.try_to_take()
            self._made += seconds == 0
            return seconds

    def give_back(self, headers: Mapping[str, str]) -> None:
        """A request has ended; learn from its answer's headers, if there is one."""
        self._minute.give_back(headers)

    def spent(self) -> Spent:
        """What it has made today."""
        with self._lock:
            return Spent(self._name, self._day, self._made)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _spent() -> BudgetSpent:
    return BudgetSpent(
        "Today's budget of requests is spent.",
        "The vendor allows so many a day, by UTC.",
        "What has come is stored. Run the same command again tomorrow to go on.",
    )


def _checked(key: Key) -> Key:
    if not key.secret.isascii() or not key.secret.isprintable() or " " in key.secret:
        raise SettingsError(
            "The key has characters that no key has.", "It must be printable ASCII, without spaces."
        )
    return key


def _spellings(secret: str) -> list[bytes]:
    """The key as it is, and as JSON may have it. What is shorter than a key stands in any text."""
    if len(secret) < _SHORTEST_SECRET:
        return []
    quoted = secret.replace("\\", r"\\").replace('"', r"\"")
    return [each.encode() for each in dict.fromkeys((secret, quoted, quoted.replace("/", r"\/")))]
