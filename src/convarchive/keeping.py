"""What an archive does to be trusted: its ledger, and whatever writes leaving word in it.

`Archive` adds finding, mirroring and handing over to this.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from convarchive.compliance import HANDED_OVER
from convarchive.errors import ConvarchiveError
from convarchive.opened import Opened

if TYPE_CHECKING:
    import threading
    from typing import Self

    from convarchive.compliance import erasure, retention
    from convarchive.compliance.checkpoints import Checkpoint
    from convarchive.compliance.destruction import Destroyed
    from convarchive.compliance.log import Line
    from convarchive.compliance.proofs import Prover
    from convarchive.compliance.verify import Damage, Report
    from convarchive.compliance.verify import Options as VerifyOptions
    from convarchive.model import Conversation
    from convarchive.store.holds import Hold


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

    # Legal holds

    def place_hold(
        self, name: str, *, query: str | None = None, ids: Sequence[str] = (), reason: str,
        matter: str | None = None, by: str | None = None,
    ) -> Hold:  # fmt: skip
        """Protect conversations; arguments and errors are those of `compliance.holds.add`."""
        from convarchive.compliance import holds

        return holds.add(self, name, query=query, ids=ids, reason=reason, matter=matter, by=by)

    def release_hold(self, name: str, *, reason: str, by: str | None = None) -> Hold:
        """Release a hold; arguments and errors are those of `compliance.holds.release`."""
        from convarchive.compliance import holds

        return holds.release(self, name, reason=reason, by=by)

    def holds(self, *, released: bool = False) -> Sequence[Hold]:
        """The active legal holds, or with ``released`` all, in the order of their placing."""
        from convarchive.store import holds

        return (holds.every if released else holds.active)(self._connection())

    def hold(self, name: str) -> Hold:
        """The active hold of this name, else the one that was released last.

        Raises:
            NotFound: There is none.
        """
        from convarchive.store import holds

        return holds.named(self._connection(), name)

    def held(self, hold: Hold, limit: int = 0) -> Sequence[tuple[str, Conversation]]:
        """What a hold protects, newest first, each with the time since when; without turns.

        Args:
            hold: Which.
            limit: At most so many; 0 for all.
        """
        from convarchive.store import holds, rows

        members = dict(holds.members(self._connection(), hold.hold)[: limit or None])
        found = rows.read(self._connection(), list(members), turns=False)
        return [(members[key], conversation) for key, conversation in found]

    def held_by(self, key: int) -> Sequence[str]:
        """The names of the active holds that protect the conversation of this key."""
        from convarchive.store import holds

        return holds.of(self._connection(), [key]).get(key, [])

    # Destroying

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

    # Retention

    def set_retention(self, name: str, table: Mapping[str, str]) -> None:
        """Set a class of retention: its settings as they are in ``convarchive.toml``.

        Raises:
            QueryError: Its query is not understood.
            SettingsError: It can't be.
            ArchiveBusy: Another process is writing.
        """
        from convarchive.compliance import around, rules

        self.parse(table.get("query", ""))
        with self.writing("retention set") as connection:
            rules.write(self.directory, name, table)
            around.note_settings(connection, self.directory)

    def remove_retention(self, name: str) -> None:
        """Remove a class of retention.

        Raises:
            NotFound: There is none of this name.
            ArchiveBusy: Another process is writing.
        """
        from convarchive.compliance import around, rules

        with self.writing("retention remove") as connection:
            rules.remove(self.directory, name)
            around.note_settings(connection, self.directory)

    def plan_retention(self) -> retention.Plan:
        """What the classes of retention make due: what would go, and what stays and why.

        Raises:
            SettingsError: A class is not understood.
            IndexUnusable: What matches can't be known.
            ArchiveBusy: The index is behind, and another process is writing.
        """
        from convarchive.compliance import retention

        return retention.plan(self)

    def apply_retention(self, plan: retention.Plan, *, by: str | None = None) -> Destroyed | None:
        """Destroy what was planned; see `convarchive.compliance.retention.apply`."""
        from convarchive.compliance import retention

        return retention.apply(self, plan, by=by)

    def finish_disposals(self) -> int:
        """Bring to their end the disposals that were interrupted; how many those were.

        Raises:
            ArchiveBusy: Another process is writing.
            Unfinished: They can't be brought to their end now, and why.
        """
        from convarchive.compliance import destruction
        from convarchive.store import tombstones

        many = len(tombstones.unfinished(self._connection()))
        if many:
            self.close()  # a reader would keep the write-ahead log from being emptied
            # Not by our own, which would try in silence before.
            with super().writing("retention apply") as connection:
                destruction.finish(connection, self.directory)
        return many
