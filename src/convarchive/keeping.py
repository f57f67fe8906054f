"""What an archive does to be trusted: its ledger, and whatever writes leaving word in it.

`convarchive.governing` adds to this what must stay and what must go, and `Archive` finding,
mirroring and handing over.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from convarchive.compliance import HANDED_OVER
from convarchive.errors import ArchiveBusy, ConvarchiveError
from convarchive.opened import Opened

if TYPE_CHECKING:
    import threading
    from typing import Self

    from convarchive.compliance.checkpoints import Checkpoint
    from convarchive.compliance.log import Line
    from convarchive.compliance.proofs import Prover
    from convarchive.compliance.verify import Damage, Report
    from convarchive.compliance.verify import Options as VerifyOptions


class Keeping(Opened):
    """An archive directory whose changes are all in its ledger."""

    unkept: ConvarchiveError | None = None
    """What of the evidence could not be kept of what was done last: no key is here, for example."""

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

    def compare(
        self, checkpoint: bytes, vkeys: Sequence[str] = (), *, quick: bool = False
    ) -> Checkpoint:
        """See whether the ledger goes on from a checkpoint that was kept elsewhere.

        Args:
            checkpoint: The bytes of its file.
            vkeys: Whose signature to accept; none for all keys that the ledger knows.
            quick: Whether to take the hashes that are kept for true, and not to hash all entries.

        Raises:
            UsageError: It is no checkpoint, or one of another archive.
            DamageFound: It is not signed rightly, or the archive has another history, or an end.
        """
        from convarchive.compliance import checkpoints
        from convarchive.store import database

        with database.snapshot(self._connection()):
            return checkpoints.compare(self._connection(), checkpoint, vkeys, quick=quick)

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

    def ledger_entries(self) -> int:
        """How many entries the ledger has."""
        from convarchive.store import ledger

        return ledger.size(self._connection())

    def prover(self) -> Prover:
        """What makes proofs for strangers, by the newest checkpoint that is signed.

        Raises:
            ConvarchiveError: There is none.
        """
        from convarchive.compliance.proofs import Prover

        return Prover(self._connection(), self.directory)

    def key_of_erased(self, name: str) -> int | None:
        """The key that a conversation of this name had which was erased; None for none such."""
        from convarchive.compliance import proofs

        return proofs.key_of_erased(self._connection(), name)

    def entered_at(self, position: int) -> str | None:
        """When an entry of the ledger was made; None where there is none at this position."""
        found = (
            self._connection()
            .execute("SELECT at FROM ledger WHERE position = ?", (position,))
            .fetchone()
        )
        return found[0] if found else None

    def _settled(
        self, connection: sqlite3.Connection, *, indexed: bool = True
    ) -> ConvarchiveError | None:
        """Protect and sign what was stored; what of that could not be done."""
        from convarchive.compliance import around

        return around.after(connection, self.directory, indexed=indexed)

    def _sign(self) -> None:
        """Sign what was decided, which stands even if that can't be done; see `unkept`."""
        from convarchive.compliance import around

        # Whoever writes at this moment signs when they are done.
        with contextlib.suppress(ArchiveBusy), self.writing("checkpoint") as connection:
            self.unkept = around.sign(connection, self.directory)

    # Accesses

    def note_access(
        self, action: str, query: str | None, *, conversations: int, form: str | None = None
    ) -> bool:
        """Write down that somebody is about to see or take away something; call it before.

        The methods for finding and handing over don't do it themselves, since only who calls them
        knows what is shown. Without ``access_log = true`` in the settings only what is handed over
        is written down.

        Args:
            action: ``search``, ``list``, ``show`` …, or one of `compliance.HANDED_OVER`.
            query: As it was typed, or the name of the conversation; None for a list of names.
            conversations: How many are seen or taken away.
            form: In which format.

        Returns:
            Whether it is written down, or need not be. False only for what is handed over.

        Raises:
            ConvarchiveError: It cannot be written down, and must be: nothing may be shown.
            SettingsError: The settings don't say clearly whether it must be.
        """
        if action not in HANDED_OVER and not self._may_log():
            return True
        from convarchive.compliance import access

        return access.note(self, action, query, conversations=conversations, form=form)

    def _may_log(self) -> bool:
        """A quick look at whether the settings could ask for an access log: a search has no time
        for more. An escaped letter in a key counts as one that could."""
        path = os.path.join(self._directory, "convarchive.toml")  # noqa: PTH118 - as in `opened`
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                text = file.read()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return b"access_log" in text or b"\\" in text

    def take_in_accesses(self) -> int:
        """Write accesses that wait into the ledger, if nobody else is writing; how many wait on."""
        from convarchive.compliance import access

        return access.settle(self)

    def log(
        self, *, kinds: Sequence[str] = (), accesses: bool = False, since: str | None = None,
        until: str | None = None, limit: int = 0,
    ) -> Iterator[Line]:  # fmt: skip
        """The entries of the ledger in words, the newest first.

        Args:
            kinds: Only of these; none for all.
            accesses: Only those about who has read or handed over something.
            since: Not before this time, as `convarchive.store.clock` writes it.
            until: Only before this time.
            limit: At most so many; 0 for all.
        """
        from convarchive.compliance import log

        chosen = (*kinds, *(log.ACCESSES if accesses else ()))
        return log.read(self._connection(), kinds=chosen, since=since, until=until, limit=limit)

    # Verifying

    def verify(
        self,
        options: VerifyOptions | None = None,
        *,
        stop: threading.Event | None = None,
        tell: Callable[[Damage], None] | None = None,
        progress: Callable[[str, int, int | None], None] | None = None,
    ) -> Report:
        """See whether it is whole; arguments and errors are those of `compliance.verify.verify`.

        It works on an archive that can't be opened otherwise: make one by ``Archive(directory)``.
        """
        from convarchive.compliance import verify

        return verify.verify(self.directory, options or verify.Options(), stop, tell, progress)
