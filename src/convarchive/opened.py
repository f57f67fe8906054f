"""An archive directory, opened: its database for reading, and for writing under the writer lock,
and its index.

`Archive` adds to this what one can do with an archive.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from convarchive import query as language
from convarchive.errors import NotFound, OlderArchive, PathExists, UsageError
from convarchive.index.reader import Reader
from convarchive.query import tree
from convarchive.store import database

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self


class Opened:
    """A directory with an archive in it. Make one with `create`, open one with `open`.

    Args:
        directory: The archive's.
        zone: Where dates without a zone in a query are; None for the machine's own.
    """

    def __init__(self, directory: str | os.PathLike[str], zone: tzinfo | None = None) -> None:
        self._directory = os.fspath(directory)
        self.zone = zone
        self._reading: sqlite3.Connection | None = None
        self._reader: Reader | None = None

    @property
    def directory(self) -> Path:
        """Where it is."""
        from pathlib import Path

        return Path(self._directory)

    @classmethod
    def open(
        cls,
        directory: str | os.PathLike[str],
        zone: tzinfo | None = None,
        *,
        write: bool = False,
    ) -> Self:
        """Open an archive for reading; what writes takes the lock when it is called.

        Args:
            directory: The archive's.
            zone: In which dates are read and shown; None for the machine's own.
            write: Whether one of an earlier version is to be brought up to date.

        Raises:
            NotFound: There is no archive in this directory.
            NewerArchive: A later version of this program has written it.
            OlderArchive: An earlier version has, and it is opened for reading only.
            ArchiveBusy: It can't be brought up to date, since another process is writing.
            ArchiveError: It can't be opened.
        """
        archive = cls(directory, zone)
        # Here and below without pathlib: a search does without, and starts 6 ms sooner.
        if not os.path.exists(os.path.join(directory, database.FILE)):  # noqa: PTH110, PTH118
            raise NotFound(
                f"There is no archive in {archive.directory}.", "",
                "Make one: convarchive init, or try: convarchive demo",
            )  # fmt: skip
        try:
            archive._connection()
        except OlderArchive:
            if not write:
                raise
            with archive.writing("upgrade"):
                pass  # whoever may write brings it up to date
        return archive

    @classmethod
    def create(cls, directory: str | os.PathLike[str]) -> Self:
        """Make an empty archive; the directory may be there already, if no archive is in it.

        Raises:
            PathExists: There is an archive already.
            UsageError: The directory can't be made or written to.
        """
        from convarchive import settings

        archive = cls(directory)
        if (archive.directory / database.FILE).exists() or settings.exist(archive.directory):
            raise PathExists(
                f"There is an archive in {archive.directory} already.", "",
                "Use it as it is, or name another directory.",
            )  # fmt: skip
        try:
            archive.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            settings.create(archive.directory)
            database.create(archive.directory)  # the last: it is what makes an archive
        except OSError as error:
            raise UsageError(
                f"{archive.directory} cannot be used for an archive.", f"{error.strerror}."
            ) from error
        return archive

    def close(self) -> None:
        """Let go of the files."""
        if self._reading is not None:
            self._reading.close()
            self._reading = self._reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def parse(self, query: str, saved: Mapping[str, str] | None = None) -> tree.Node:
        """A query as a tree; ``@NAME`` is what is saved in the settings, or given, as this."""

        def searches() -> Mapping[str, str]:
            from convarchive import searches

            return searches.read(self.directory) if saved is None else saved

        return language.parse(query, now=datetime.now(UTC), zone=self.zone, saved=searches)

    @contextlib.contextmanager
    def writing(self, command: str) -> Iterator[sqlite3.Connection]:
        """Hold the writer lock, with a connection that can write.

        Raises:
            ArchiveBusy: Another process is writing.
        """
        from convarchive.store.lock import writer_lock

        with (
            writer_lock(self.directory, command),
            contextlib.closing(database.connect(self.directory, write=True)) as connection,
        ):
            yield connection

    def _connection(self) -> sqlite3.Connection:
        if self._reading is None:
            self._reading = database.connect(self._directory)
        return self._reading

    def _matching(self, query: str) -> Sequence[int] | None:
        """The keys of all that match, in no order; None for everything, without an index."""
        node = self.parse(query)
        return None if isinstance(node, tree.All) else self._index().keys(node)

    def _index(self) -> Reader:
        # Another process may have written meanwhile.
        if self._reader is None or not self._reader.is_current():
            self._reader = Reader(self._connection(), self._directory)
        return self._reader
