"""Checkpoints: signed roots of the ledger, by which it can be told later whether it only grew.

A checkpoint is a file of some 300 bytes in ``checkpoints/``, named by the size of the ledger and
the beginning of its root: three lines, an empty one, and signatures (`notes`;
https://c2sp.org/tlog-checkpoint). A copy that is kept elsewhere shows that nothing before it was
altered, taken away or put in; whoever has the disk and the key can change everything after it.

`write` never signs a fork: the ledger has to extend the newest checkpoint that is there.
"""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
from pathlib import Path
from typing import NamedTuple

from convarchive import disk
from convarchive.compliance import keys, notes
from convarchive.errors import DamageFound
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


def checked(checkpoint: Checkpoint, vkeys: list[str]) -> Checkpoint:
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
    """Whether the ledger begins with all that a checkpoint stands for, by a consistency proof."""
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
    _sweep(directory)
    before = newest(connection, directory)
    if before is not None:
        _refuse_fork(connection, before)
    key = (keys.renew if new_key else keys.current)(connection, directory)
    _tell_verifier_key(directory, key.vkey)
    size = ledger.size(connection)
    if before is not None and before.size == size:
        return before
    root = ledger.root(connection, size)
    body = f"{key.name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    path = directory / DIRECTORY / f"{size:012}-{root.hex()[:8]}.txt"
    text = notes.sign(body, key.name, key.private)
    disk.write(path, text)
    return Checkpoint(key.name, size, root, text, path, (key.vkey,))


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


def _sweep(directory: Path) -> None:
    """Remove what a killed run has left half written."""
    for part in (directory / DIRECTORY).glob(f"{disk.PART}*"):
        part.unlink(missing_ok=True)


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
