"""Storing what was read: a batch a transaction, with what could not be read and the sound.

Killed between two of them, the same import run again finds what is stored unchanged and goes on.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from convarchive.errors import Unreadable
from convarchive.imports.finding import Trouble
from convarchive.imports.reading import Entry, Options, shown
from convarchive.imports.report import ImportReport
from convarchive.imports.sounds import Sounds
from convarchive.imports.stream import FAILURES
from convarchive.store import clock, mirror, owed, recordings
from convarchive.store.database import transaction
from convarchive.store.imported import VIEWS, Adopted, Fate, adopt
from convarchive.store.ingest import Received
from convarchive.store.recordings import Sound

BATCH: Final = 100
"""Conversations a transaction."""

_HEAVY: Final = 32 << 20
"""Bytes that are held at most, beyond those of the last one."""


class Intake:
    """What one import writes.

    Args:
        connection: To the archive's database, for writing.
        directory: Of the archive.
        options: What to do.
        report: Where everything is counted.
        tell: Told of each thing that does not go in.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        options: Options,
        report: ImportReport,
        tell: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._options = options
        self._source = options.source or mirror.IMPORTED
        self._report = report
        self._tell = tell
        self._batch: list[Entry | Trouble] = []
        self._bytes = 0
        self._views: dict[tuple[str, str], str] = {}
        """The transcripts of this import, and the file that each came from."""
        self._sounds = Sounds()

    def forget(self, path: str) -> None:
        """Forget the problems that an earlier import had there."""
        if not self._options.dry_run:
            with transaction(self._connection):
                owed.forget_imports(self._connection, self._source, shown(path))

    def take(self, result: Entry | Trouble) -> None:
        """Store it, with the next or at once."""
        self._batch.append(result)
        if isinstance(result, Entry):
            self._bytes += sum(len(body) for _, body in result.documents)
            self._bytes += len(result.sound[0]) if result.sound else 0
        if len(self._batch) >= BATCH or self._bytes >= _HEAVY:
            self.flush()

    def end_file(self) -> None:
        """The file that was read is about to be closed, and the ZIP archive around it."""
        if any(isinstance(each, Entry) and each.conversation.recording for each in self._batch):
            self.flush()

    def flush(self) -> None:
        """Store what is waiting."""
        if not self._batch:
            return
        at = clock.now()
        with suppress(_Undone), transaction(self._connection):
            for each in self._batch:
                if isinstance(each, Trouble):
                    self._note(each, at)
                else:
                    self._store(each, at)
            if self._options.dry_run:
                raise _Undone
        self._batch.clear()
        self._bytes = 0

    def _store(self, entry: Entry, at: str) -> None:
        conversation = entry.conversation
        mirror.add_source(self._connection, conversation.source, mirror.IMPORTED, at)
        received = Received(conversation, entry.fingerprint, entry.documents, at)
        adopted = adopt(self._connection, received, again=self._named_by_another(entry))
        fate = adopted.fate
        if fate is Fate.KEPT_FULLER and entry.file.listed is not None:
            fate = Fate.UNCHANGED  # our own export of what is here
        self._count(entry, fate)
        if fate in (Fate.NEW, Fate.CHANGED, Fate.UNCHANGED) and not adopted.vendors:
            self._add_sound(entry, adopted, at)

    def _named_by_another(self, entry: Entry) -> bool:
        """Whether another file of this import was a transcript of the same conversation."""
        if not any(name in VIEWS for name, _ in entry.documents):
            return False
        name = (entry.conversation.source, entry.conversation.id)
        return self._views.setdefault(name, entry.file.name) != entry.file.name

    def _count(self, entry: Entry, fate: Fate) -> None:
        report = self._report
        report.read += 1
        report.new += fate is Fate.NEW
        report.changed += fate is Fate.CHANGED
        report.unchanged += fate is Fate.UNCHANGED
        if fate in (Fate.NEW, Fate.CHANGED, Fate.UNCHANGED):
            return
        report.erased += fate is Fate.ERASED
        report.kept += fate is not Fate.ERASED
        name = f"{entry.conversation.source}/{entry.conversation.id}"
        self._tell(f"{shown(entry.where)}: {name} {fate.value}.")

    def _note(self, trouble: Trouble, at: str) -> None:
        where = shown(trouble.where)
        mirror.add_source(self._connection, self._source, mirror.IMPORTED, at)
        owed.note_problem(
            self._connection, self._source, where, "import", trouble.message, at, trouble.body
        )
        self._report.problems += 1
        self._tell(f"{where}: {trouble.message}")

    def _add_sound(self, entry: Entry, adopted: Adopted, at: str) -> None:
        """Note which recording it has, and take the sound in if that came along."""
        sound = _named(entry)
        if sound is None:
            return
        sound = recordings.known(self._connection, sound.sha256) or sound
        if self._is_newer(entry, adopted.key, sound):
            recordings.know(self._connection, adopted.key, sound, at)
        if recordings.locate(self._connection, self._directory, sound.sha256) is None:
            self._take_sound(entry, adopted.key, sound, at)
        elif not recordings.is_stored(self._connection, sound.sha256):
            # A run that was killed has left it there, whole, and could not write it down any more.
            recordings.attach(self._connection, adopted.key, sound, at)

    def _is_newer(self, entry: Entry, key: int, sound: Sound) -> bool:
        """Whether this is to be the recording of the conversation, and is not yet."""
        has, newest = self._connection.execute(
            "SELECT recording_sha256, revision FROM conversations WHERE key = ?", (key,)
        ).fetchone()
        older = 0 < entry.conversation.revision < newest
        return has is None or (has != sound.sha256 and not older)

    def _take_sound(self, entry: Entry, key: int, sound: Sound, at: str) -> None:
        try:
            parts = self._sounds.parts(entry, sound.sha256)
        except (Unreadable, *FAILURES) as error:
            self._note(Trouble(entry.where, f"Its sound can't be taken in. {error}"), at)
            return
        if parts is None:
            return
        self._report.recordings += 1
        if not self._options.dry_run:
            recordings.write(self._directory, parts(), sound.media_type)
            recordings.attach(self._connection, key, sound, at)


def _named(entry: Entry) -> Sound | None:
    """The recording that a conversation says that it has."""
    if entry.sound is not None:
        body, media_type = entry.sound
        return Sound(hashlib.sha256(body).hexdigest(), len(body), media_type)
    if entry.file.listed and entry.file.listed.sound:
        beside = entry.file.listed.sound
        return Sound(beside.sha256, beside.bytes, beside.media_type)
    recording = entry.conversation.recording
    if recording is None or recording.sha256 is None:
        return None
    return Sound(recording.sha256, recording.bytes or 0, recording.media_type)


class _Undone(Exception):
    """Nothing of this transaction is to stay."""
