"""Signing that kills itself: ``python -m tests.compliance.doomed_signing ARCHIVE NEW NUMBER``.

Run as a process of its own. Before the so manieth commit, flush, renaming, linking or removal it
sends itself SIGKILL; NEW is whether a new key is asked for. Ends with 0 where there are fewer.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from convarchive import Archive


def main(directory: str, new: str, number: str) -> None:
    """Sign, and die on the way."""
    count = itertools.count(1)

    def happens() -> None:
        if next(count) == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    def doomed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            happens()
            return function(*args, **options)

        return call

    class Traced(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                happens()
            return super().execute(sql, *args)

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **options: connect(*args, **options | {"factory": Traced})  # type: ignore[assignment]
    for name in ("fsync", "replace", "link", "unlink", "mkdir"):
        setattr(os, name, doomed(getattr(os, name)))
    with Archive.open(directory) as archive:
        archive.checkpoint(new_key=new == "new")


if __name__ == "__main__":
    main(*sys.argv[1:])
