"""Batches of conversations, checked in several processes, or in this one.

The processes are spawned, as on every system, and each reads with a connection of its own. They end
with this one however that ends, and leave Ctrl-C to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from convarchive.compliance.verify import contents, opening
from convarchive.compliance.verify.contents import Checked, Wanted
from convarchive.compliance.verify.damage import damage
from convarchive.compliance.verify.rows import name_of

SMALL = 5_000
"""An archive of so many conversations is through before other processes have started."""

LOUD = 500_000_000
"""Bytes of sound; so it is with these."""

_AHEAD = 4
"""Batches a process that wait for it."""

Check = Callable[[Sequence[int]], Checked]


@contextlib.contextmanager
def checking(
    directory: Path, wanted: Wanted, jobs: int
) -> Iterator[Callable[[Iterable[Sequence[int]]], Iterator[Checked]]]:
    """What checks batches of keys and brings what they came to, in their order.

    Args:
        directory: The archive's.
        wanted: How thoroughly.
        jobs: Processes; 1 is this one.
    """
    if jobs <= 1:
        with contextlib.closing(opening.connect(directory)) as connection:
            yield lambda batches: (survive(connection, directory, b, wanted) for b in batches)
        return
    from multiprocessing import get_context

    with ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=_begin, initargs=(directory, wanted)
    ) as pool:
        try:
            yield lambda batches: _mapped(pool, batches, jobs * _AHEAD)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def survive(
    connection: sqlite3.Connection, directory: Path, keys: Sequence[int], wanted: Wanted
) -> Checked:
    """Check a batch; where the database can't be read, the conversations are named one by one."""
    try:
        return contents.check(connection, directory, keys, wanted)
    except sqlite3.DatabaseError as error:
        if not opening.is_damage(error):
            raise
        if len(keys) == 1:
            try:
                name = name_of(connection, keys[0])
            except sqlite3.DatabaseError:
                name = f"conversation {keys[0]}"
            found = damage("database", name, f"It can't be read. SQLite says: {error}.")
            return Checked([found], [], 1, 0, 0, 0, [])
    half = len(keys) // 2
    one, other = (
        survive(connection, directory, part, wanted) for part in (keys[:half], keys[half:])
    )
    return contents.added(one, other)


def _mapped(
    pool: ProcessPoolExecutor, batches: Iterable[Sequence[int]], ahead: int
) -> Iterator[Checked]:
    under_way: deque[Future[Checked]] = deque()
    for batch in batches:
        under_way.append(pool.submit(_check, batch))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


_check_here: Check


def _begin(directory: Path, wanted: Wanted) -> None:
    """In a new process."""
    global _check_here  # noqa: PLW0603 - what a process of a pool knows, it knows by its globals
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connection = opening.connect(directory)
    _check_here = lambda keys: survive(connection, directory, keys, wanted)  # noqa: E731


def _check(keys: Sequence[int]) -> Checked:
    return _check_here(keys)


def _end_with_parent() -> None:
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
