"""Conversations, a batch at a time: each state against the ledger, its bytes against their hashes,
and the tables against what the bytes say.

This is where the time goes, so a batch takes five statements, and rows are compared as tuples. It
runs in several processes, each with a connection of its own; what a batch reads is of one moment.
"""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import zstandard

from convarchive.compliance.verify import sounds
from convarchive.compliance.verify.accounts import entry_at
from convarchive.compliance.verify.damage import Damage, damage
from convarchive.compliance.verify.rows import commits, lenient, printable
from convarchive.compliance.verify.turns import Turns
from convarchive.errors import ConvarchiveError
from convarchive.records import read as meaning
from convarchive.store import evidence, rows
from convarchive.store.database import snapshot

BATCH = 200
"""Conversations at a time."""

_READ = 20
"""Of these are read at a time. With all of them it takes half as long again: they leave the
processor's cache."""


class Wanted(NamedTuple):
    """How thoroughly to look."""

    bodies: bool = True
    """Unpack the vendor's bytes and read them again."""
    sound: bool = True
    """Read recordings, and not only their sizes."""
    shared: bool = False
    """Look at a recording with each conversation that has it, and not only with the first."""


class Checked(NamedTuple):
    """What a batch came to."""

    damage: list[Damage]
    whole: list[int]
    """Keys of the conversations that are as they were stored."""
    conversations: int
    documents: int
    bytes: int
    """Of documents and recordings, unpacked."""
    recordings: int
    unreadable: list[str]
    """Conversations whose bytes are those that came, and that this version can't read."""


def added(one: Checked, other: Checked) -> Checked:
    """What two batches came to."""
    return Checked(
        one.damage + other.damage,
        one.whole + other.whole,
        one.conversations + other.conversations,
        one.documents + other.documents,
        one.bytes + other.bytes,
        one.recordings + other.recordings,
        one.unreadable + other.unreadable,
    )


def check(
    connection: sqlite3.Connection, directory: Path, keys: Sequence[int], wanted: Wanted
) -> Checked:
    """Look at the conversations of these keys, all that is there of them."""
    with _without_collecting():
        return _check(connection, directory, keys, wanted)


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Python's search for cycles takes a tenth of a batch's time, and there are none."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _check(
    connection: sqlite3.Connection, directory: Path, keys: Sequence[int], wanted: Wanted
) -> Checked:
    for factory in (str, lenient):
        connection.text_factory = factory
        try:
            with snapshot(connection):
                return _Batch(connection, directory, keys, wanted).checked()
        except sqlite3.OperationalError as error:
            if factory is lenient or "decode" not in str(error).lower():
                raise
        finally:
            connection.text_factory = str
    raise AssertionError  # pragma: no cover - the loop returns or raises


_State = tuple[int, str, str, Any, Any, Any]
"""Revision, when it came, fingerprint, position, salt, entry."""


class _Batch:
    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        keys: Sequence[int],
        wanted: Wanted,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._wanted = wanted
        self._keys = keys
        self._in = _among(keys)
        self._found: list[Damage] = []
        self._spoilt: set[int] = set()
        self._unreadable: list[str] = []
        self._kinds = dict(connection.execute("SELECT name, kind FROM sources").fetchall())
        self._documents = self._bytes = 0
        self._names: dict[int, str] = {}

    def checked(self) -> Checked:
        """Do it."""
        views = self._views()
        states = self._states()
        sums, bodies = self._read_documents(states)
        for key, view in views.items():
            self._identity(key, view, states.get(key, ()))
            self._commitments(key, view, states.get(key, ()), sums)
        readable = [key for key in sorted(bodies) if key in views]
        for at in range(0, len(readable), _READ):
            self._projections(views, bodies, readable[at : at + _READ])
        heard = sounds.of(self._connection, self._directory, self._in, self._wanted)
        for key, each in heard.damage:
            self._found.append(each)
            self._spoilt.add(key)
        return Checked(
            self._found,
            [key for key in views if key not in self._spoilt],
            len(views),
            self._documents,
            self._bytes + heard.bytes,
            heard.files,
            self._unreadable,
        )

    def _views(self) -> dict[int, tuple[Any, ...]]:
        columns = ", ".join(rows.PROJECTED)
        found = self._connection.execute(
            f"SELECT {columns}, key, revision, fingerprint, first_seen_at, changed_at"
            f" FROM conversations WHERE key {self._in} ORDER BY key"
        ).fetchall()
        self._names = {row[_KEY]: f"{row[0]}/{row[1]}" for row in found}
        return {row[_KEY]: row for row in found}

    def _states(self) -> dict[int, list[_State]]:
        states: defaultdict[int, list[_State]] = defaultdict(list)
        for key, *state in self._connection.execute(
            "SELECT r.conversation, r.revision, r.received_at, r.fingerprint, r.ledger, r.salt,"
            " CAST(l.entry AS BLOB) FROM revisions AS r LEFT JOIN ledger AS l"
            f" ON l.position = r.ledger WHERE r.conversation {self._in}"
            " ORDER BY r.conversation, r.revision"
        ):
            states[key].append(tuple(state))
        return states

    def _read_documents(
        self, states: dict[int, list[_State]]
    ) -> tuple[dict[tuple[int, int], list[Any]], dict[int, dict[str, bytes]]]:
        """Name, SHA-256 and length of each document by state, and the bytes of the newest one."""
        sums: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
        bodies: defaultdict[int, dict[str, bytes]] = defaultdict(dict)
        body = "body" if self._wanted.bodies else "NULL"
        newest = {key: each[-1][0] for key, each in states.items()}
        unpack = zstandard.ZstdDecompressor().decompress
        for key, revision, name, digest, size, packed in self._connection.execute(
            f"SELECT conversation, revision, name, sha256, bytes, {body} FROM documents"
            f" WHERE conversation {self._in} ORDER BY conversation, revision, name"
        ):
            self._documents += 1
            sums[key, revision].append((name, digest, size))
            if packed is None:
                continue
            try:
                # A header that lies could ask for more memory than there is.
                fits = zstandard.frame_content_size(packed) == size
                content = unpack(packed) if fits else b""
            except (zstandard.ZstdError, MemoryError, TypeError):
                fits, content = False, b""
            if not fits or sha256(content).hexdigest() != digest:
                self._bytes_damaged(key, revision, name)
                continue
            self._bytes += size
            if revision == newest.get(key):
                bodies[key][name] = content
        return sums, bodies

    def _identity(self, key: int, view: tuple[Any, ...], states: Sequence[_State]) -> None:
        """What is said of a conversation itself follows from its states."""
        if not states:
            self._add("row_unentered", key, "", "It has no state that was received.")
            return
        revision, fingerprint, first_seen_at, changed_at = view[_KEY + 1 :]
        newest = states[-1]
        for name, said, follows in (
            ("revision", revision, newest[0]),
            ("fingerprint", fingerprint, newest[2]),
            ("changed_at", changed_at, newest[1]),
        ):
            if said != follows:
                what = f"Its {name} is {printable(said)}, and that of its newest state is"
                self._add("row_changed", key, "", f"{what} {printable(follows)}.")
        if first_seen_at not in _first_seen(states):
            what = f"It was first seen at {printable(first_seen_at)}, and no state came then."
            self._add("row_changed", key, "", what)

    def _commitments(
        self,
        key: int,
        view: tuple[Any, ...],
        states: Iterable[_State],
        sums: dict[tuple[int, int], list[Any]],
    ) -> None:
        for revision, received_at, fingerprint, position, salt, data in states:
            documents = sums.get((key, revision), [])
            if not documents:
                self._add("bytes_missing", key, f" revision {revision}", "It has no document.")
            content = evidence.revision_content(
                key, view[0], view[1], revision, received_at, fingerprint, documents
            )
            fields = entry_at(data)
            named = (fields.get("conversation"), fields.get("revision")) == (key, revision)
            if not named or not commits(fields, salt, content):
                what = f"It is not what entry {position} of the ledger commits to."
                self._add("row_changed", key, f" revision {revision}", what)

    def _projections(
        self,
        views: dict[int, tuple[Any, ...]],
        bodies: dict[int, dict[str, bytes]],
        keys: Sequence[int],
    ) -> None:
        """Compare the tables with what the bytes say."""
        columns, spoken = {}, {}
        for key in keys:
            source = views[key][0]
            try:
                read = meaning(source, self._kinds.get(source, ""), bodies[key])
                columns[key] = rows.project(read)
            except (ConvarchiveError, msgspec.MsgspecError, UnicodeError) as error:
                self._unreadable.append(f"{printable(self._names[key])}: {error}")
                continue
            spoken[key] = read.turns
        differ = Turns(self._connection, _among(keys)).different(spoken)
        for key, told in columns.items():
            if key in differ or told != views[key][:_KEY]:
                names = _different(told, views[key])
                if key in differ:
                    names.append(f"{differ[key]} of {len(spoken[key])} turns")
                what = f"The bytes say something else: {', '.join(names)}."
                self._add("projection", key, "", what)

    def _bytes_damaged(self, key: int, revision: int, name: str) -> None:
        where = f" revision {revision} {printable(name)}"
        what = "They don't unpack to the length and the SHA-256 that were stored with them."
        self._add("bytes_damaged", key, where, what)

    def _add(self, kind: str, key: int, more: str, what: str) -> None:
        self._spoilt.add(key)
        name = printable(self._names.get(key, f"conversation {key}"))
        self._found.append(damage(kind, f"{name}{more}", what))


def _among(keys: Sequence[int]) -> str:
    """SQL for being one of these; a stretch without a gap is searched once, and not key by key."""
    if keys and list(keys) == list(range(keys[0], keys[-1] + 1)):
        return f"BETWEEN {keys[0]} AND {keys[-1]}"
    return f"IN ({','.join(map(str, keys))})"


_KEY = len(rows.PROJECTED)
"""Where the key is in a row of `_Batch._views`."""


def _first_seen(states: Sequence[_State]) -> set[str]:
    """When a conversation can have been seen first: when the state came that was entered first.

    Of a state that was there before the ledger, or was lost and entered again, the order of the
    entries does not tell; there it is when one of those came.
    """
    first = min(states, key=lambda state: state[3] if isinstance(state[3], int) else -1)
    told = {first[1]}
    later = [state for state in states if entry_at(state[5]).get("at") != state[1]]
    if len(states) > 1 and later:
        told.update(state[1] for state in later)
    return told


def _different(told: tuple[Any, ...], view: tuple[Any, ...]) -> list[str]:
    """Which columns."""
    named = zip(rows.PROJECTED, told, view, strict=False)
    return [name for name, one, other in named if one != other]
