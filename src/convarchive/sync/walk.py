"""Listing what the vendor has, oldest first, by time and not by page number.

A page number shifts when a conversation is deleted or arrives late while we read; a time does not.
So the first page is asked for again and again, each time from the start of the last conversation
seen, and what was seen already is dropped. This is keyset pagination with an inclusive key. Page
numbers are used only where times can't: while a full page shares a single instant, and for a vendor
who does not sort, does not filter or does not say when a call started.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from convarchive.errors import UnexpectedAnswer
from convarchive.sources.base import Listed, Page, Source


class Step(NamedTuple):
    """One page, without what was listed before."""

    items: tuple[Listed, ...]
    unreadable: tuple[bytes, ...]
    cursor: str | None
    """Everything that started before this has been listed by now; None where that is unknown."""
    total: int | None
    """How many there are in all from where the walk began, if the vendor says."""


def walk(source: Source, since: str | None, until: str | None) -> Iterator[Step]:
    """Everything that started from ``since`` (inclusive) to ``until`` (exclusive).

    Raises:
        UnexpectedAnswer: The list repeats itself and can't come to an end.
    """
    seen: set[str] = set()
    cursor, number, by_time = since, 1, True
    last: Page | None = None
    total: int | None = None
    while True:
        page = source.list(since=cursor, until=until, page=number)
        if number > 1 and last is not None and page.items and page.items == last.items:
            raise UnexpectedAnswer(
                "The vendor's list repeats itself.", f"Pages {number - 1} and {number} are alike."
            )
        total = page.total if last is None else total
        last = page
        by_time = by_time and _in_order(page, cursor)
        fresh = {item.id: item for item in page.items if item.id not in seen}
        seen.update(fresh)
        furthest = page.items[-1].started_at if by_time and page.items else None
        wanted = tuple(item for item in fresh.values() if _before(item.started_at, until))
        # What is dropped here must not lie before the cursor: some vendors disregard the end.
        beyond = furthest is not None and not _before(furthest, until)
        yield Step(wanted, page.unreadable, until if beyond else furthest, total)
        if beyond or not page.full:
            return
        if furthest is not None and (cursor is None or _key(furthest) > _key(cursor)):
            cursor, number = furthest, 1
        else:
            number += 1


def _in_order(page: Page, cursor: str | None) -> bool:
    """Whether times can be relied on: all there, ascending, and none before what was asked for."""
    starts = [_key(cursor)] if cursor is not None else []
    for item in page.items:
        if item.started_at is None:
            return False
        starts.append(_key(item.started_at))
    return all(earlier <= later for earlier, later in pairwise(starts))


def _before(started_at: str | None, until: str | None) -> bool:
    return started_at is None or until is None or _key(started_at) < _key(until)


def _key(instant: str) -> str:
    """Without its Z a time sorts right beside one that has fractions of a second."""
    return instant.removesuffix("Z")
