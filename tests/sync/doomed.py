"""A sync that kills itself: ``python doomed.py ARCHIVE EVENT NUMBER``.

Run as a process of its own. An event is ``before`` or ``after`` a ``commit`` of the database or an
``fsync`` of a file or a directory. At the so manieth one of that kind the process sends itself
SIGKILL, which nothing can catch. The program knows nothing of this: SQLite's trace tells of each
statement that is about to run, and `os.fsync` is stood before the real one.

Ends with 0, and how many there were, where there are fewer.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from typing import Any

from convarchive import Archive

EVENTS = ("before commit", "after commit", "before fsync", "after fsync")

_lock = threading.Lock()
_seen = dict.fromkeys(EVENTS, 0)
_fatal = dict.fromkeys(EVENTS, 0)


def happens(event: str) -> None:
    """Count an event, and die of it if it is the one."""
    with _lock:
        _seen[event] += 1
        if _seen[event] == _fatal[event]:
            os.kill(os.getpid(), signal.SIGKILL)


class Traced(sqlite3.Connection):
    """A connection whose commits are events."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_trace_callback(self._about_to)

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        """Run a statement."""
        cursor = super().execute(sql, *args)
        if sql == "COMMIT":
            happens("after commit")
        return cursor

    def _about_to(self, statement: str) -> None:
        if statement == "COMMIT":
            happens("before commit")


def main(directory: str, event: str, number: str) -> None:
    """Sync, and die on the way."""
    _fatal[event] = int(number)
    connect, fsync = sqlite3.connect, os.fsync

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        return connect(*args, **{"factory": Traced, **options})

    def told(descriptor: int) -> None:
        happens("before fsync")
        fsync(descriptor)
        happens("after fsync")

    sqlite3.connect, os.fsync = traced, told  # type: ignore[assignment]
    with Archive.open(directory) as archive:
        report = archive.sync()
    if not report.complete:
        raise SystemExit(str(report))
    print(_seen[event])


if __name__ == "__main__":
    main(*sys.argv[1:])
