"""Getting many things at once, in a few threads, and what went wrong beside what went right.

Only the network is used from these threads. What they bring is handled by the caller, in the order
in which it was asked for, so the store has one writer and a sync has one history. The threads stay
ahead of the caller: while it writes one batch, the next is on its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, TypeVar

from convarchive.errors import BudgetSpent, ConvarchiveError, Interrupted, KeyRefused

THREADS = 8
"""Enough for 1,000 requests a minute that take half a second each."""

AHEAD = 50
"""So many are asked for before the first of them is taken."""

TOGETHER = 25
"""So many are waited for at once."""

STOPS = (BudgetSpent, Interrupted, KeyRefused)
"""Errors after which nothing more need be asked for."""

Asked = TypeVar("Asked")
Came = TypeVar("Came")


class Fetcher:
    """A few threads that fetch."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")

    def fetch(
        self, wanted: Iterable[Asked], get: Callable[[Asked], Came]
    ) -> Iterator[tuple[Asked, Came | ConvarchiveError]]:
        """Each thing that is wanted with what came, or with the error that came instead.

        After one of `STOPS`, or when the caller has had enough, nothing more is asked for; what is
        under way ends. An error of ``wanted`` itself is raised after what was asked for has come.
        """
        unasked = iter(wanted)
        under_way: deque[tuple[Asked, Future[Came]]] = deque()
        broken: ConvarchiveError | None = None
        try:
            while True:
                try:
                    while len(under_way) < AHEAD:
                        item = next(unasked)
                        under_way.append((item, self._pool.submit(get, item)))
                except StopIteration:
                    pass
                except ConvarchiveError as error:
                    broken, unasked = error, iter(())
                if not under_way:
                    break
                _await(under_way)
                item, future = under_way.popleft()
                if future.cancelled():
                    continue
                try:
                    yield item, future.result()
                except ConvarchiveError as error:
                    if isinstance(error, STOPS):
                        unasked = iter(())
                        _cancel(under_way)
                    yield item, error
        finally:
            _cancel(under_way)
        if broken is not None:
            raise broken

    def close(self) -> None:
        """Ask for nothing more. Who wants to stop at once does not wait for what is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def ahead(items: Iterator[Came]) -> Iterator[Came]:
    """The same items, each asked for in a thread while the one before is being dealt with."""
    end: list[Came] = []
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def following() -> list[Came]:
        return [item] if (item := next(items, None)) is not None else end

    try:
        coming = pool.submit(following)
        while found := coming.result():
            coming = pool.submit(following)
            yield from found
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _await(under_way: Sequence[tuple[object, Future[Any]]]) -> None:
    """Wait for the first, and for some behind it as well, unless there is an error: to be woken for
    each takes time, of the threads, too."""
    if not under_way[0][1].done():
        wait([future for _, future in islice(under_way, TOGETHER)], return_when=FIRST_EXCEPTION)


def _cancel(results: Iterable[tuple[Asked, Future[Came]]]) -> None:
    for _, future in results:
        future.cancel()
