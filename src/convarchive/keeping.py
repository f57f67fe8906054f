"""What an archive does to be trusted: its ledger, and whatever writes leaving word in it.

`Archive` adds finding, mirroring and handing over to this.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from convarchive.opened import Opened

if TYPE_CHECKING:
    import threading

    from convarchive.compliance.verify import Damage, Report
    from convarchive.compliance.verify import Options as VerifyOptions


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

    def verify(
        self,
        options: VerifyOptions | None = None,
        *,
        stop: threading.Event | None = None,
        tell: Callable[[Damage], None] | None = None,
        progress: Callable[[str, int, int | None], None] | None = None,
    ) -> Report:
        """See whether the archive is whole and as it was stored; damage is named, and not raised.

        It works on an archive that can't be opened otherwise: make one by ``Archive(directory)``.

        Args:
            options: How thoroughly, and how much of it.
            stop: Set it to end after what is under way.
            tell: Told of each damage as it is found.
            progress: Told what is looked at, how many of it are done, and of how many.

        Raises:
            NotFound: There is no archive, or no such source.
            Unreadable: The checkpoint that is given is none.
            ArchiveError: An earlier or later version of this program has written it.
        """
        from convarchive.compliance import verify

        return verify.verify(self.directory, options or verify.Options(), stop, tell, progress)
