"""An erasure that kills itself: ``python doomed_erasure.py ARCHIVE EVENT NUMBER [retention]``.

Run as a process of its own. An event is ``before`` or ``after`` a ``commit``, a ``rewrite`` of the
database (``VACUUM``, the emptying of the log), or a ``file`` operation: an fsync, a removal, a
renaming. At the so manieth one of that kind the process sends itself SIGKILL, which nothing can
catch. Ends with 0, and how many there were, where there are fewer.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from tests.compliance.graveyard import PERSON

from convarchive import Archive

EVENTS = tuple(f"{when} {what}" for what in ("commit", "rewrite", "file")
               for when in ("before", "after"))  # fmt: skip

_seen = dict.fromkeys(EVENTS, 0)
_fatal = dict.fromkeys(EVENTS, 0)


def happens(event: str) -> None:
    """Count an event, and die of it if it is the one."""
    _seen[event] += 1
    if _seen[event] == _fatal[event]:
        os.kill(os.getpid(), signal.SIGKILL)


class Traced(sqlite3.Connection):
    """A connection whose commits and rewritings are events."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        """Run a statement."""
        kinds = {"COMMIT": "commit", "VACUUM": "rewrite"}
        kind = kinds.get(sql, "rewrite" if "wal_checkpoint" in sql else None)
        if kind:
            happens(f"before {kind}")
        cursor = super().execute(sql, *args)
        if kind:
            happens(f"after {kind}")
        return cursor


def told(real: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the system, each call of which is two events."""

    def call(*args: Any, **options: Any) -> Any:
        happens("before file")
        result = real(*args, **options)
        happens("after file")
        return result

    return call


def main(directory: str, event: str, number: str, what: str = "erase") -> None:
    """Erase, or apply the rules of retention, and die on the way."""
    with Archive.open(directory) as archive:
        erasure = archive.plan_erasure(callers=[PERSON])
        retention = archive.plan_retention()
        _fatal[event] = int(number)
        connect = sqlite3.connect
        sqlite3.connect = lambda *args, **options: connect(  # type: ignore[assignment]
            *args, **{"factory": Traced, **options}
        )
        for name in ("fsync", "unlink", "rename", "replace", "rmdir"):
            setattr(os, name, told(getattr(os, name)))
        if what == "erase":
            archive.erase(erasure, reason="Request 17")
        else:
            archive.apply_retention(retention)
    print(_seen[event])


if __name__ == "__main__":
    main(*sys.argv[1:])
