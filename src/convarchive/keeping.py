"""What an archive does to be trusted: its ledger, and whatever writes leaving word in it.

`Archive` adds finding, mirroring and handing over to this.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convarchive.opened import Opened

if TYPE_CHECKING:
    from convarchive.compliance import erasure
    from convarchive.compliance.destruction import Destroyed


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

    def plan_erasure(self, ids: Sequence[str] = (), callers: Sequence[str] = ()) -> erasure.Plan:
        """What `erase` would destroy, what is against it, and what else mentions the callers.

        Args:
            ids: Names of conversations.
            callers: Phone numbers in any writing, with the country's code.

        Raises:
            NotFound: There is no such conversation, or none of such a caller.
            UsageError: Nothing is asked for.
        """
        from convarchive.compliance import erasure

        return erasure.plan(self, ids, callers)

    def erase(self, plan: erasure.Plan, *, reason: str, by: str | None = None) -> Destroyed:
        """Erase what was planned, whole or not at all; see `convarchive.compliance.erasure`.

        Raises:
            ArchiveBusy: Another process is writing.
            PlanChanged: It would be something else by now.
            Protected: A hold or a rule of retention is against it; nothing was erased.
            Unfinished: It is erased from the tables, and not yet from all files.
        """
        from convarchive.compliance import erasure

        return erasure.erase(self, plan, reason=reason, by=by)
