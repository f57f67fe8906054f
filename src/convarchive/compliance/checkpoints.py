"""Checkpoints: signed roots of the ledger, by which it can be told later whether it only grew.

A checkpoint is a file of some 300 bytes in ``checkpoints/``, named by the size of the ledger and
the beginning of its root: three lines, an empty one, and signatures (`notes`;
https://c2sp.org/tlog-checkpoint). A copy that is kept elsewhere shows that nothing before it was
altered, taken away or put in; whoever has the disk and the key can change everything after it.

`write` never signs a fork: the ledger has to extend the newest checkpoint that is there. It takes
the hashes that are kept in `ledger_nodes` for true, which takes no time; an entry that was altered
below one of them contradicts the new checkpoint as it did the old one, and `compare` and
``convarchive verify``, which hash all entries anew, tell.
"""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from convarchive import disk
from convarchive.compliance import keys, notes
from convarchive.errors import DamageFound, UsageError
from convarchive.store import ledger, merkle

DIRECTORY = "checkpoints"
VERIFIER_KEY = "verifier-key.txt"
"""The verifier key, beside the checkpoints."""

_NAME = re.compile(r"(\d{12,})-([0-9a-f]{8})\.txt")
_SIZE = re.compile(rb"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """A root of a ledger, and who has signed it."""

    origin: str
    """Whose ledger: `keys.name`. Empty where it can't be read."""
    size: int
    """How many entries it has."""
    root: bytes
    """Of their tree, 32 bytes. Empty where it can't be read."""
    text: bytes
    """The file."""
    path: Path | None = None
    """Where it is."""
    signed_by: tuple[str, ...] = ()
    """The verifier keys whose signatures were checked, and hold."""
    error: str = ""
    """One sentence why it can't be read or its signature does not hold; empty if all is well."""


def parse(data: bytes, path: Path | None = None) -> Checkpoint:
    """Read a checkpoint; its signatures are not checked yet.

    Raises:
        NoteError: It is none.
    """
    lines = notes.parse(data).body.split(b"\n")
    if len(lines) < 4 or not all(lines[:-1]):
        raise notes.NoteError("It is no checkpoint: origin, size and root, a line each.")
    origin, size, coded = lines[:3]
    try:
        root = base64.b64decode(coded, validate=True)
    except binascii.Error:
        root = b""
    if not _SIZE.fullmatch(size) or len(root) != 32 or base64.b64encode(root) != coded:
        raise notes.NoteError("It is no checkpoint: its size or its root is not one.")
    return Checkpoint(origin.decode(), int(size), root, data, path)


def all_of(directory: Path) -> list[Checkpoint]:
    """The checkpoints of an archive, in the order of their sizes; signatures are not checked.

    What has the name of one and is none is among them, with an `error`.
    """
    return [_read(path) for path in _paths(directory)]


def newest(connection: sqlite3.Connection, directory: Path) -> Checkpoint | None:
    """The newest checkpoint of an archive, its signature checked: see its `error`."""
    paths = _paths(directory)
    return checked(_read(paths[-1]), keys.verifier_keys(connection)) if paths else None


def checked(checkpoint: Checkpoint, vkeys: Sequence[str]) -> Checkpoint:
    """The same, with who has signed it, or with an `error`.

    Args:
        checkpoint: What was read.
        vkeys: The verifier keys that are known.
    """
    if checkpoint.error:
        return checkpoint
    try:
        signed_by = notes.verify(checkpoint.text, vkeys).signed_by
    except notes.NoteError as error:
        return checkpoint._replace(error=str(error))
    return checkpoint._replace(signed_by=signed_by)


def extended(connection: sqlite3.Connection, checkpoint: Checkpoint) -> bool:
    """Whether the ledger goes on from a checkpoint, by a consistency proof from the hashes kept."""
    size = ledger.size(connection)
    if checkpoint.size > size:
        return False
    try:
        path = ledger.consistency(connection, checkpoint.size, size)
        root = ledger.root(connection, size)
    except ValueError:  # something of it is missing
        return False
    return merkle.extends(checkpoint.size, size, checkpoint.root, root, path)


def write(connection: sqlite3.Connection, directory: Path, *, new_key: bool = False) -> Checkpoint:
    """Sign the ledger as it is now, if it has grown since the newest checkpoint.

    Args:
        connection: For writing, under the writer lock.
        directory: The archive's.
        new_key: Whether to sign with another key from now on.

    Returns:
        The newest checkpoint.

    Raises:
        DamageFound: The ledger does not extend the newest checkpoint, or that is not whole;
            nothing is signed.
        ConvarchiveError: The key is not here.
        OSError: It can't be written.
    """
    disk.sweep(directory / DIRECTORY)
    before = newest(connection, directory)
    if before is not None:
        _refuse_fork(connection, before)
        if before.size == ledger.size(connection) and not new_key:
            return before
    key = (keys.renew if new_key else keys.current)(connection, directory)
    _tell_verifier_key(directory, key.vkey)
    size = ledger.size(connection)
    root = ledger.root(connection, size)
    body = f"{key.name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    path = directory / DIRECTORY / f"{size:012}-{root.hex()[:8]}.txt"
    text = notes.sign(body, key.name, key.private)
    disk.write(path, text)
    return Checkpoint(key.name, size, root, text, path, (key.vkey,))


def begins_with(connection: sqlite3.Connection, checkpoint: Checkpoint) -> bool:
    """Whether the ledger's first entries are those of a checkpoint; hashes each of them anew."""
    tree = merkle.Growing()
    for entry in ledger.read(connection, 0, checkpoint.size):
        tree.add(merkle.leaf_hash(entry.data))
    return (tree.size, tree.root()) == (checkpoint.size, checkpoint.root)


def compare(
    connection: sqlite3.Connection, data: bytes, vkeys: Sequence[str] = (), *, quick: bool = False
) -> Checkpoint:
    """See whether the ledger goes on from a checkpoint that was kept elsewhere.

    Args:
        connection: To the archive.
        data: The checkpoint.
        vkeys: Whose signature to accept; none for all keys that the ledger knows.
        quick: Whether to take the hashes that are kept for true, and not to hash the entries.

    Raises:
        UsageError: It is no checkpoint, or one of another archive.
        DamageFound: Its signature does not hold, or the ledger does not begin with what was signed.
    """
    try:
        checkpoint = parse(data)
    except notes.NoteError as error:
        raise UsageError("This is no checkpoint.", str(error)) from None
    if checkpoint.origin != (ours := keys.name(connection)):
        raise UsageError(
            "The checkpoint is of another archive.",
            f"It is of {checkpoint.origin}; this is {ours}.",
            "If it was kept for this one, then what is in this directory was exchanged.",
        )
    signed_by = _signed_by(data, vkeys or keys.verifier_keys(connection))
    size = ledger.size(connection)
    if checkpoint.size > size:
        raise DamageFound(
            "The archive is older than the checkpoint.",
            f"Its ledger has {size:,} entries, and had {checkpoint.size:,} when that was signed.",
            "An older copy was put back, or the end was cut off.",
        )
    if not (extended if quick else begins_with)(connection, checkpoint):
        raise DamageFound(
            "The archive has another history than the checkpoint.",
            f"Its first {checkpoint.size:,} entries are not those that were signed.",
            "Something was altered, taken away or put in: convarchive verify",
        )
    return checkpoint._replace(signed_by=signed_by)


def consistency(connection: sqlite3.Connection, old: int, new: int | None) -> list[bytes]:
    """What shows that the ledger only grew between two sizes; None for the size of now.

    Raises:
        UsageError: It never had as many entries, or the old size is the larger one.
        DamageFound: Something of the ledger is missing.
    """
    size = ledger.size(connection)
    new = size if new is None else new
    if not old <= new <= size:
        raise UsageError(
            f"There is no proof from {old:,} to {new:,} entries.",
            f"The first must be the smaller one, and the ledger has {size:,}.",
        )
    try:
        return ledger.consistency(connection, old, new)
    except ValueError as error:
        raise DamageFound(
            "The ledger is not whole.", str(error), "See: convarchive verify"
        ) from None


def _signed_by(data: bytes, vkeys: Sequence[str]) -> tuple[str, ...]:
    try:
        return notes.verify(data, vkeys).signed_by
    except notes.Unsigned as error:
        raise DamageFound(
            "No known key has signed the checkpoint.", str(error),
            "It is forged, or the archive is a copy from before it had that key.",
        ) from None  # fmt: skip
    except notes.NoteError as error:
        raise DamageFound("The checkpoint's signature does not hold.", str(error)) from None


def _refuse_fork(connection: sqlite3.Connection, before: Checkpoint) -> None:
    where = f"the newest checkpoint, {before.path}"
    if before.error:
        raise DamageFound(
            f"Nothing was signed, since {where}, is not what was written.",
            before.error,
            "Put it back from where it was copied to; if it is lost, move it out of the way.",
        )
    if not extended(connection, before):
        raise DamageFound(
            f"Nothing was signed, since the ledger does not go on from {where}.",
            f"Of what it says of {before.size:,} entries something was changed or cut off.",
            "An older archive.db was put back, or someone has changed it: convarchive verify",
        )


def _tell_verifier_key(directory: Path, vkey: str) -> None:
    folder = directory / DIRECTORY
    folder.mkdir(mode=0o700, exist_ok=True)
    path, text = folder / VERIFIER_KEY, f"{vkey}\n".encode()
    if not path.exists() or path.read_bytes() != text:
        disk.write(path, text)
    disk.flush_names(directory)


def _paths(directory: Path) -> list[Path]:
    folder = directory / DIRECTORY
    if not folder.is_dir():
        return []
    found = [(_NAME.fullmatch(path.name), path) for path in folder.iterdir()]
    return [path for _, _, path in sorted((int(m[1]), m[2], path) for m, path in found if m)]


def _read(path: Path) -> Checkpoint:
    """What a file says; that its name says something else is an error, too."""
    named = _NAME.fullmatch(path.name)
    size = int(named[1]) if named else 0
    try:
        with path.open("rb") as file:
            data = file.read(notes.LONGEST + 1)
    except OSError as error:
        return Checkpoint("", size, b"", b"", path, error=f"It can't be read: {error.strerror}.")
    try:
        read = parse(data, path)
    except notes.NoteError as error:
        return Checkpoint("", size, b"", data, path, error=str(error))
    if named and (read.size, read.root.hex()[:8]) != (size, named[2]):
        return read._replace(error="It says something else than its name.")
    return read
