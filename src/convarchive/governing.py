"""What must stay in an archive and what must go: legal holds, retention, erasure.

Whatever is decided here is signed at once, so that it can be shown later when it was;
`Keeping.unkept` says if that could not be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from convarchive.keeping import Keeping

if TYPE_CHECKING:
    from convarchive.compliance import erasure, retention
    from convarchive.compliance.destruction import Destroyed
    from convarchive.model import Conversation
    from convarchive.store.holds import Hold


class Governing(Keeping):
    """An archive in which rules say what stays and what goes."""

    # Legal holds

    def place_hold(
        self, name: str, *, query: str | None = None, ids: Sequence[str] = (), reason: str,
        matter: str | None = None, by: str | None = None,
    ) -> Hold:  # fmt: skip
        """Protect conversations; arguments and errors are those of `compliance.holds.add`."""
        from convarchive.compliance import holds

        hold = holds.add(self, name, query=query, ids=ids, reason=reason, matter=matter, by=by)
        self._sign()
        return hold

    def release_hold(self, name: str, *, reason: str | None = None, by: str | None = None) -> Hold:
        """Release a hold; arguments and errors are those of `compliance.holds.release`."""
        from convarchive.compliance import holds

        hold = holds.release(self, name, reason=reason, by=by)
        self._sign()
        return hold

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

        destroyed = retention.apply(self, plan, by=by)
        self._sign()
        return destroyed

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

        destroyed = erasure.erase(self, plan, reason=reason, by=by)
        self._sign()
        return destroyed
