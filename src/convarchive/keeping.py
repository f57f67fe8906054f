"""What an archive does to be trusted: its ledger, and whatever writes leaving word in it.

`Archive` adds finding, mirroring and handing over to this.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convarchive.errors import ConvarchiveError
from convarchive.opened import Opened

if TYPE_CHECKING:
    from typing import Self

    from convarchive.compliance.checkpoints import Checkpoint
    from convarchive.compliance.proofs import Prover


class Keeping(Opened):
    """An archive directory whose changes are all in its ledger."""

    unkept: ConvarchiveError | None = None
    """Why an archive that was just made has no key to be signed with."""

    @classmethod
    def create(
        cls,
        directory: str | os.PathLike[str],
        signing_key: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Make an empty archive, and the key that it is signed with.

        Without that key there is an archive all the same; see `unkept`.

        Args:
            directory: Where. It may be there already, if no archive is in it.
            signing_key: The file with the key, or where to make it; None for the user's data.

        Raises:
            PathExists: There is an archive already.
            UsageError: The directory can't be made or written to, or the key will not do.
        """
        from pathlib import Path

        from convarchive.compliance import keys

        if signing_key is not None:
            keys.check(Path(directory), Path(signing_key))
        archive = super().create(directory)
        if signing_key is not None:
            keys.choose(archive.directory, Path(signing_key))
        with archive.writing("init") as connection:
            try:
                keys.current(connection, archive.directory)
            except ConvarchiveError as error:
                archive.unkept = error
        return archive

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

    def checkpoint(self, *, new_key: bool = False, tsa: str | None = None) -> Checkpoint:
        """The newest checkpoint; a new one is signed if the ledger has grown.

        Args:
            new_key: Whether to sign with another key from now on.
            tsa: The URL of a time stamping authority, to have it stamped.

        Raises:
            ArchiveBusy: Another process is writing.
            DamageFound: The ledger does not go on from the newest checkpoint; nothing is signed.
            ConvarchiveError: The key is not here, or the checkpoint could not be handed over.
        """
        from convarchive.compliance import checkpoints, elsewhere, stamps

        with self.writing("checkpoint") as connection:
            made = checkpoints.write(connection, self.directory, new_key=new_key)
            if tsa is not None and made.path is not None:
                stamps.stamp(tsa, made.path)
            elsewhere.send(connection, self.directory, made)
            return made

    def checkpoints(self) -> Sequence[Checkpoint]:
        """All that are kept in the archive, in the order of their sizes, signatures checked."""
        from convarchive.compliance import checkpoints, keys

        known = keys.verifier_keys(self._connection())
        return [checkpoints.checked(each, known) for each in checkpoints.all_of(self.directory)]

    def compare(self, checkpoint: bytes, vkeys: Sequence[str] = ()) -> Checkpoint:
        """See whether the ledger goes on from a checkpoint that was kept elsewhere.

        Args:
            checkpoint: The bytes of its file.
            vkeys: Whose signature to accept; none for all keys that the ledger knows.

        Raises:
            UsageError: It is no checkpoint, or one of another archive.
            DamageFound: It is not signed rightly, or the archive has another history, or an end.
        """
        from convarchive.compliance import checkpoints
        from convarchive.store import database

        with database.snapshot(self._connection()):
            return checkpoints.compare(self._connection(), checkpoint, vkeys)

    def verifier_keys(self) -> Sequence[str]:
        """The lines by which its checkpoints are checked, the oldest first."""
        from convarchive.compliance import keys

        return keys.verifier_keys(self._connection())

    def consistency(self, old: int, new: int | None = None) -> Sequence[bytes]:
        """What shows that the ledger only grew from one size to another, by RFC 6962.

        Args:
            old: How many entries it had.
            new: How many it had later; None for now.

        Raises:
            UsageError: It never had as many, or the old one is the larger.
            DamageFound: Something of the ledger is missing.
        """
        from convarchive.compliance import checkpoints
        from convarchive.store import database

        with database.snapshot(self._connection()):
            return checkpoints.consistency(self._connection(), old, new)

    def prover(self) -> Prover:
        """What makes proofs for strangers, by the newest checkpoint that is signed.

        Raises:
            ConvarchiveError: There is none.
        """
        from convarchive.compliance.proofs import Prover

        return Prover(self._connection(), self.directory)

    def entered_at(self, position: int) -> str | None:
        """When an entry of the ledger was made; None where there is none at this position."""
        found = (
            self._connection()
            .execute("SELECT at FROM ledger WHERE position = ?", (position,))
            .fetchone()
        )
        return found[0] if found else None

    def _settled(self, connection: sqlite3.Connection) -> ConvarchiveError | None:
        """Keep the evidence of what was stored; what of it could not be kept."""
        from convarchive.compliance import around

        return around.after(connection, self.directory)
