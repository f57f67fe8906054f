"""What an archive does to be trusted: its ledger, and whatever writes leaving word in it.

`Archive` adds finding, mirroring and handing over to this.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from convarchive.opened import Opened


class Keeping(Opened):
    """An archive directory whose changes are all in its ledger."""

    @contextlib.contextmanager
    def writing(self, command: str) -> Iterator[sqlite3.Connection]:
        """Hold the writer lock, with a connection that can write.

        Raises:
            ArchiveBusy: Another process is writing.
        """
        from convarchive.compliance import around

        with super().writing(command) as connection:
            around.before(connection, self.directory)
            yield connection
