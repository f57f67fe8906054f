"""Getting many things at once, in a few threads, and what went wrong beside what went right.

Only the network is used from these threads. What they bring is handled by the caller, in the order
in which it was asked for, so the store has one writer and a sync has one history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from convarchive.errors import BudgetSpent, ConvarchiveError, Interrupted, KeyRefused

THREADS = 4

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

        After an interruption, a refused key or a spent budget, or when the caller has had enough,
        nothing more is asked for; what is under way ends.
        """
        results = [(item, self._pool.submit(get, item)) for item in wanted]
        try:
            for item, future in results:
                if future.cancelled():
                    continue
                try:
                    yield item, future.result()
                except ConvarchiveError as error:
                    if isinstance(error, BudgetSpent | Interrupted | KeyRefused):
                        _cancel(results)
                    yield item, error
        finally:
            _cancel(results)

    def close(self) -> None:
        """Ask for nothing more. Who wants to stop at once does not wait for what is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _cancel(results: Iterable[tuple[Asked, Future[Came]]]) -> None:
    for _, future in results:
        future.cancel()
