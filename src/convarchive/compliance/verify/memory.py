"""Which conversations have been verified, and when: written where the writer lock can be had.

Verifying is reading, and never keeps a sync waiting: the lock is held for a moment, now and then.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from array import array
from collections.abc import Iterable
from pathlib import Path

from convarchive.compliance.verify.report import Report
from convarchive.errors import ConvarchiveError
from convarchive.store import clock, database
from convarchive.store.database import transaction
from convarchive.store.lock import writer_lock

SUMMARY = "verified"
"""In the table ``meta``: JSON, when all of the archive was last verified, and how many damages that
brought up."""

_MANY = 20_000
"""Conversations a transaction."""


class Memory:
    """What was found whole and is still to be written down.

    Args:
        directory: The archive's.
        on: Whether anything is to be written.
    """

    def __init__(self, directory: Path, *, on: bool) -> None:
        self._directory = directory
        self._on = on
        self._keys = array("q")
        self.failed = ""
        """Why something could not be written down; empty if all could."""

    def add(self, keys: Iterable[int]) -> None:
        """These have been found whole."""
        if self._on:
            self._keys.extend(keys)
            if len(self._keys) >= _MANY:
                self.write()

    def write(self, whole: Report | None = None) -> None:
        """Write down what has come together.

        Args:
            whole: What came of all of the archive, if it is through.
        """
        if not self._on or not (self._keys or whole):
            return
        # A damaged database is left as it is, for whoever saves what can be saved.
        if whole is not None and any(each.kind == "database" for each in whole.damage):
            return
        try:
            with (
                writer_lock(self._directory, "verify"),
                contextlib.closing(database.connect(self._directory, write=True)) as connection,
                transaction(connection),
            ):
                self._write(connection, whole)
        except (ConvarchiveError, OSError, sqlite3.DatabaseError) as error:
            self.failed = error.what if isinstance(error, ConvarchiveError) else str(error)
            return
        self.failed = ""
        self._keys = array("q")

    def _write(self, connection: sqlite3.Connection, whole: Report | None) -> None:
        at = clock.now()
        connection.executemany(
            "INSERT INTO verified SELECT key, ?2 FROM conversations WHERE key = ?1"
            " ON CONFLICT DO UPDATE SET at = ?2",
            ((key, at) for key in self._keys),
        )
        if whole is not None:
            text = json.dumps({"at": at, "damage": len(whole.damage)})
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SUMMARY, text))
