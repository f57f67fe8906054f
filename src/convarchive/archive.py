"""An archive directory, opened: its settings, its store and its index in one object.

This is the package's public face, and what the command line is a thin layer over.

>>> from convarchive import Archive
>>> with Archive.open("my-archive") as archive:
...     found = archive.search('customer:"charged twice" since:2026-01', limit=10)
...     for hit in found.hits:
...         print(hit.conversation.id, [match.turn.text for match in hit.turns])

Reading takes no lock and never waits: it sees the last commit. Writing (`sync`,
`import_files`, `reindex`, `rebuild`) takes the archive's one writer lock.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from convarchive.errors import IndexUnusable
from convarchive.found import Explained, Found, Hit, assembled, explained
from convarchive.governing import Governing
from convarchive.index.locator import Match
from convarchive.index.reader import SORTS, check_sort
from convarchive.model import Conversation
from convarchive.query import tree
from convarchive.store import database, facets, naming, rows

if TYPE_CHECKING:
    from pathlib import Path

    from convarchive.alerts import Alerts
    from convarchive.history import Revision, State
    from convarchive.imports import ImportReport
    from convarchive.imports import Options as ImportOptions
    from convarchive.stats import Stats
    from convarchive.status import Status
    from convarchive.store.coverage import Coverage
    from convarchive.store.owed import Problem
    from convarchive.sync.engine import Options
    from convarchive.sync.report import SourceReport, SyncReport

__all__ = ["SORTS", "Archive", "Found", "Hit", "Match"]


class Archive(Governing):
    """An archive of conversations. Make one with `create`, open one with `open`.

    What takes a query raises `QueryError` where it is not understood, and `IndexUnusable` where it
    takes an index and there is none that can be used; ``convarchive reindex`` makes one.
    """

    # Finding

    def search(
        self, query: str = "", *, limit: int = 10, offset: int = 0, sort: str = "relevance"
    ) -> Found:
        """Find conversations, and where in them it was said.

        Args:
            query: In the query language; empty for all.
            limit: At most so many hits; 0 for all.
            offset: How many of the first to leave out.
            sort: One of `SORTS`.
        """
        node = self.parse(query)
        found = self._index().search(node, limit=limit, offset=offset, sort=sort)
        hits = assembled(self._connection(), node, found.hits)
        return Found(query, found.total, hits, self.unindexed())

    def count(self, query: str = "") -> int:
        """How many conversations match."""
        node = self.parse(query)
        if isinstance(node, tree.All):
            return rows.count(self._connection())
        return self._index().count(node)

    def facets(self, query: str = "") -> dict[str, list[tuple[str, int]]]:
        """How many of the conversations that match have which status, agent, outcome and so on.

        For each of `convarchive.store.facets.FACETS` the values with their counts, the most
        frequent first; conversations without a value are not counted.
        """
        return facets.count(self._connection(), self._matching(query), self.zone)

    def stats(self, query: str = "", by: str = "month") -> Stats:
        """How many match, and how long they were, by one of `convarchive.stats.AXES`."""
        from convarchive.stats import stats

        return stats(self._connection(), self._matching(query), by, self.zone)

    def explain(self, query: str) -> Explained:
        """What is understood of a query, and what each part of it finds; works without an index."""
        return explained(self.parse(query), self._index)

    def list(
        self, query: str = "", *, limit: int = 10, offset: int = 0, sort: str = "newest"
    ) -> Sequence[Conversation]:
        """Conversations without their turns, in the order of time; all of them take no index.

        As in `search`, but what is sorted by relevance there is ``newest`` here.
        """
        check_sort(sort)
        sort = "newest" if sort == "relevance" else sort
        node = self.parse(query)
        if isinstance(node, tree.All):
            keys = rows.keys(self._connection(), sort, limit, offset)
        else:
            found = self._index().search(node, limit=limit, offset=offset, sort=sort)
            keys = [hit.key for hit in found.hits]
        return [found for _, found in rows.read(self._connection(), keys, turns=False)]

    def show(self, name: str, revision: int | None = None) -> Conversation:
        """One conversation with its turns.

        Args:
            name: Its id, ``SOURCE/ID``, or the beginning of its id from six characters on.
            revision: An earlier state of it; None for the newest.

        Raises:
            NotFound: There is none, or there are several.
        """
        key = self.find(name)
        if revision is not None:
            from convarchive.history import at_revision

            return at_revision(self._connection(), key, revision)
        return next(found for _, found in rows.read(self._connection(), [key]))

    def find(self, name: str) -> int:
        """The key of the conversation of this name.

        Raises:
            NotFound: There is none, or there are several.
        """
        return naming.find(self._connection(), name)

    def history(self, name: str) -> Sequence[Revision]:
        """Every state of a conversation that was seen, oldest first, and what changed.

        Raises:
            NotFound: There is none of this name, or there are several.
        """
        from convarchive.history import history

        return history(self._connection(), self.find(name))

    # Handing over

    def snapshot(self) -> contextlib.AbstractContextManager[None]:
        """Within the block the tables stay as they are, whatever a sync writes meanwhile."""
        return database.snapshot(self._connection())

    def keys(self, query: str = "") -> Sequence[int]:
        """The keys of all that match, in the order of exports: by start, source and id.

        Raises:
            IndexUnusable: Also where the index lacks something: what is handed over must be whole.
        """
        node = self.parse(query)
        ordered = rows.keys(self._connection(), "export")
        if isinstance(node, tree.All):
            return ordered
        if behind := self.unindexed():
            raise IndexUnusable(
                f"The search index lacks {behind:,} conversations, so the result may not be whole.",
                "", "Bring it up to date: convarchive reindex",
            )  # fmt: skip
        found = set(self._index().keys(node))
        return [key for key in ordered if key in found]

    def conversations(self, keys: Sequence[int]) -> Iterator[tuple[int, Conversation]]:
        """The conversations of these keys with their turns, a few in memory at a time."""
        return rows.read(self._connection(), keys)

    def documents(self, key: int, revision: int | None = None) -> Sequence[tuple[str, bytes]]:
        """The vendor's bytes of a conversation by name, as they came."""
        from convarchive.history import documents

        return documents(self._connection(), key, revision)

    def earlier(self, key: int, revision: int) -> Iterator[State]:
        """The states of a conversation before this revision, oldest first, one at a time."""
        from convarchive.history import earlier

        return earlier(self._connection(), key, revision)

    def recording(self, sha256: str) -> Path | None:
        """The file with the sound of this SHA-256; None where it is not on the disk."""
        from convarchive.store.recordings import locate

        return locate(self._connection(), self.directory, sha256)

    def sync(
        self,
        names: Sequence[str] = (),
        options: Options | None = None,
        *,
        stop: threading.Event | None = None,
        announce: Callable[[str, float], None] | None = None,
        progress: Callable[[SourceReport, int | None], None] | None = None,
    ) -> SyncReport:
        """Mirror what the vendors have, then bring the index up to date.

        Args:
            names: Of sources; none for all.
            options: What to fetch.
            stop: Set it to end after what is under way.
            announce: Told before each wait of a second or more.
            progress: Told after each step.

        Raises:
            ArchiveBusy: Another process is writing.
            NotFound: There is no such source.
            SettingsError: The settings are wrong, or a key is missing.
            DiskFull: No room.
        """
        from convarchive.sync.run import sync

        with self.writing("sync") as connection:
            report = sync(
                connection, self.directory, names, options, stop or threading.Event(),
                announce, progress,
            )  # fmt: skip
            if options is None or not options.dry_run:
                report.unkept = self._settled(connection, indexed=not report.interrupted)
            return report

    def import_files(
        self,
        paths: Sequence[str | os.PathLike[str]],
        options: ImportOptions | None = None,
        *,
        stop: threading.Event | None = None,
        tell: Callable[[str], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> ImportReport:
        """Take in files: exports, payloads, vCons, transcripts; then bring the index up to date.

        Args:
            paths: Of files and directories; ``-`` is the standard input.
            options: What to do.
            stop: Set it to end after what is under way.
            tell: Told of each thing that does not go in, and why.
            progress: Told how many bytes of the files have been read.

        Raises:
            ArchiveBusy: Another process is writing.
            UsageError: There is nothing at a path, or an archive.
            DiskFull: No room.
        """
        from convarchive import imports

        options = options or imports.Options()
        with self.writing("import") as connection:
            report = imports.import_files(
                connection, self.directory, [os.fspath(path) for path in paths], options,
                stop or threading.Event(), tell or (lambda _: None), progress or (lambda _: None),
            )  # fmt: skip
            if not options.dry_run:
                report.unkept = self._settled(connection, indexed=not report.interrupted)
            return report

    def reindex(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Make the index anew from the store; how many conversations it holds."""
        from convarchive.index import writer

        with self.writing("reindex") as connection:
            return writer.build(connection, self.directory, progress)

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> tuple[int, int]:
        """Make the tables anew from the vendor's bytes, and the index from them.

        Returns:
            How many conversations there are, and how many of them read differently than before.

        Raises:
            SomeFailed: It is done, but what should follow could not be; see `compliance.around`.
        """
        from convarchive import upkeep

        with self.writing("rebuild") as connection:
            counts = upkeep.rebuild(connection, self.directory, progress)
            if undone := self._settled(connection):
                raise undone
            return counts

    def backup(
        self,
        path: str | os.PathLike[str],
        *,
        jobs: int = 1,
        progress: Callable[[str, int, int | None], None] | None = None,
    ) -> int:
        """Copy the archive while it is in use, and verify the copy whole; how many conversations it
        holds.

        Args:
            path: Of the copy, a new directory.
            jobs: Processes that verify it.
            progress: Told as by `verify`.

        Raises:
            DamageFound: The copy, and so most likely the archive, is damaged; nothing is left
                there.
            PathExists: Something is there already.
            DiskFull: No room; nothing is left there.
        """
        from pathlib import Path

        from convarchive import upkeep
        from convarchive.compliance import copies

        check = copies.check(jobs, progress)
        return upkeep.backup(self._connection(), self.directory, Path(path), check)

    @contextlib.contextmanager
    def alerts(self) -> Iterator[Alerts]:
        """The alerts, to be run, added, tried or removed, under the writer lock."""
        from convarchive.alerts import Alerts

        with (
            self.writing("alert") as connection,
            contextlib.closing(Alerts(connection, self.directory, self.parse)) as alerts,
        ):
            yield alerts

    def status(self) -> Status:
        """How the archive is: its sources, what is owed, how large it is."""
        from convarchive.status import status

        return status(self._connection(), self.directory)

    def coverage(self) -> Coverage:
        """What the vendors have listed, and what became of it, by month; what is missing, by id."""
        from convarchive.store.coverage import coverage

        return coverage(self._connection())

    def problems(self) -> Sequence[Problem]:
        """What could not be stored, the latest first."""
        from convarchive.store.owed import problems

        return problems(self._connection())

    def retry_problems(self) -> int:
        """Let the next sync try everything again that has failed; how many that is.

        Raises:
            ArchiveBusy: Another process is writing.
        """
        from convarchive.store import clock, owed

        with self.writing("problems --retry") as connection, database.transaction(connection):
            return owed.forgive(connection, clock.now())

    def forget_import_problems(self) -> int:
        """Forget what files had that could not be taken in; how many problems that is.

        Raises:
            ArchiveBusy: Another process is writing.
        """
        from convarchive.store import owed

        command = "problems --forget-imports"
        with self.writing(command) as connection, database.transaction(connection):
            return owed.forget_all_imports(connection)

    def unindexed(self) -> int:
        """How many conversations the index lacks."""
        from convarchive.store import unindexed

        return unindexed.count(self._connection())
