"""The conversations that are served: a collection that may change while it is read.

Made-up calls are functions of their number and take no room; only what was put in by hand is held.
In order of start there are two arrays, side by side: when, and which *slot*. A slot below the
number of made-up calls is one of them, the others were put in later.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from threading import RLock
from typing import Any, Protocol

import msgspec

from convarchive.sandbox.parameters import microseconds


class Calls(Protocol):
    """Calls that are made up on demand, numbered from 0 by their start."""

    def __len__(self) -> int: ...

    def id(self, number: int) -> str:
        """The id of this call."""

    def number(self, conversation_id: str) -> int | None:
        """The number of the call with this id."""

    def start(self, number: int) -> int:
        """Unix seconds; never before the start of the call before."""

    def item(self, number: int) -> dict[str, Any]:
        """The call without its transcript."""

    def payload(self, number: int) -> dict[str, Any]:
        """The call, whole."""


class Upstream:
    """Conversations by id, in the order of their start.

    A payload is what the detail endpoint answers under ``data``, but for two things: a recording
    stands as a name under ``recording`` (its link is made anew for every answer), and keys that
    are not there are not invented. May be changed from any thread.
    """

    def __init__(self, calls: Calls | None = None) -> None:
        self.lock = RLock()
        """Held while the collection is changed; hold it to read several things of one state."""
        self.version = 0
        """Another number after every change."""
        self._calls = calls
        self._count = len(calls) if calls else 0
        numbers = range(self._count)
        self._starts = array("q", (calls.start(n) * 1_000_000 for n in numbers) if calls else ())
        self._slots = array("q", numbers)
        self._slot_of: dict[str, int] = {}
        self._put: dict[int, dict[str, Any]] = {}
        self._removed: set[int] = set()

    def __len__(self) -> int:
        return len(self._slots)

    def ids(self) -> list[str]:
        """Of all conversations, oldest start first."""
        with self.lock:
            return [self._id(slot) for slot in self._slots]

    def get(self, conversation_id: str) -> dict[str, Any] | None:
        """A copy of the payload, to be changed and `put` back; ``None`` where there is no such."""
        with self.lock:
            slot = self._find(conversation_id)
            return None if slot is None else _copy(self.payload(slot))

    def put(self, payload: dict[str, Any]) -> None:
        """Add a conversation, or change the one with this id.

        Raises:
            KeyError, ValueError: It has no ``id`` or no ``start_time``, or that is no time.
        """
        start, conversation_id = microseconds(payload["start_time"]), payload["id"]
        with self.lock:
            if (known := self._find(conversation_id)) is not None:
                self._take_out(known)
            slot = self._slot(conversation_id)
            self._removed.discard(slot)
            self._put[slot] = _copy(payload)
            first, last = bisect_left(self._starts, start), bisect_right(self._starts, start)
            # Among equal starts by slot, so that a change moves nothing.
            place = bisect_left(self._slots, slot, first, last)
            self._starts.insert(place, start)
            self._slots.insert(place, slot)
            self.version += 1

    def remove(self, conversation_id: str) -> None:
        """Delete a conversation: gone from the list, and 404.

        Raises:
            KeyError: There is no such.
        """
        with self.lock:
            slot = self._find(conversation_id)
            if slot is None:
                raise KeyError(conversation_id)
            self._take_out(slot)
            self._put.pop(slot, None)
            self._removed.add(slot)
            self.version += 1

    def find(self, conversation_id: str) -> dict[str, Any] | None:
        """The payload itself, not to be changed."""
        with self.lock:
            slot = self._find(conversation_id)
            return None if slot is None else self.payload(slot)

    def between(self, since: int | None, until: int | None) -> array[int]:
        """The slots of the conversations that started then, both ends included, oldest first.

        Args:
            since: Microseconds since 1970, ``None`` for no limit.
            until: The same.
        """
        first = 0 if since is None else bisect_left(self._starts, since)
        last = len(self) if until is None else bisect_right(self._starts, until)
        return self._slots[first:last]

    def item(self, slot: int) -> dict[str, Any]:
        """All but the transcript."""
        if slot in self._put or self._calls is None:
            return {key: value for key, value in self._put[slot].items() if key != "transcript"}
        return self._calls.item(slot)

    def payload(self, slot: int) -> dict[str, Any]:
        """The whole conversation."""
        if slot in self._put or self._calls is None:
            return self._put[slot]
        return self._calls.payload(slot)

    def _find(self, conversation_id: str) -> int | None:
        slot = self._slot_of.get(conversation_id)
        if slot is None and self._calls is not None:
            slot = self._calls.number(conversation_id)
        return None if slot is None or slot in self._removed else slot

    def _slot(self, conversation_id: str) -> int:
        """The slot of this id, a new one where it never had any."""
        made_up = self._calls.number(conversation_id) if self._calls is not None else None
        if made_up is not None:
            return made_up
        return self._slot_of.setdefault(conversation_id, self._count + len(self._slot_of))

    def _take_out(self, slot: int) -> None:
        start = self._start(slot)
        place = self._slots.index(slot, bisect_left(self._starts, start))
        del self._starts[place], self._slots[place]

    def _start(self, slot: int) -> int:
        if slot in self._put or self._calls is None:
            return microseconds(self._put[slot]["start_time"])
        return self._calls.start(slot) * 1_000_000

    def _id(self, slot: int) -> str:
        if slot in self._put or self._calls is None:
            return str(self._put[slot]["id"])
        return self._calls.id(slot)


def _copy(payload: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(payload))
    return copied
