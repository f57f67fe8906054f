"""The key that an archive's checkpoints are signed with: Ed25519, kept outside of the archive.

Whoever can change the archive must not be able to sign what they made of it, so the private key
is in the user's data, or where the table ``[signing]`` of the settings says, and never in the
archive's directory. It is made with the archive, once. What it is checked with, the *verifier key*
(`notes.verifier_key`), is in the ledger, in the table ``meta``, and beside the checkpoints.

A key that is not there (the archive was moved to another machine) is never silently replaced by
another one: that takes ``convarchive checkpoint --new-key``, and leaves an entry in the ledger.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convarchive import disk, settings
from convarchive.compliance import notes
from convarchive.errors import ConvarchiveError, SettingsError, UsageError
from convarchive.store import clock, inception, ledger
from convarchive.store.database import transaction

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = "key"
"""An entry of the ledger: from here on checkpoints are signed with another key; says its verifier
key."""

_PEM_SIZE = 100_000  # bytes; more than any key has


class SigningKey(NamedTuple):
    """A private key, and what is public of it."""

    name: str
    vkey: str
    private: Ed25519PrivateKey


class KeyMissing(ConvarchiveError):
    """The archive has a key, but it is not here."""


def name(connection: sqlite3.Connection) -> str:
    """Of the key and of the log: ``convarchive/`` and the archive's id."""
    return f"convarchive/{inception.archive_id(connection)}"


def verifier_keys(connection: sqlite3.Connection) -> list[str]:
    """Of all the keys that the archive has had, by its ledger, the oldest first."""
    found = connection.execute(
        "SELECT json_extract(entry, '$.verifier_key') FROM ledger WHERE kind = 'key'"
        " ORDER BY position"
    )
    return [vkey for (vkey,) in found if isinstance(vkey, str)]


def usual_place(connection: sqlite3.Connection) -> Path:
    """Where the private key is when the settings say nothing.

    Beside the user's data directory of this program and not in it: that may be an archive itself.
    """
    from platformdirs import user_data_path

    folder = user_data_path("convarchive-keys", appauthor=False)
    return folder / f"{inception.archive_id(connection)}.pem"


def current(connection: sqlite3.Connection, directory: Path) -> SigningKey:
    """The key to sign with; an archive that never had one gets it now.

    Raises:
        KeyMissing: The archive has one, and it is not here, or here is another.
        SettingsError: The settings don't say rightly where it is.
        ConvarchiveError: It can't be read or made.
    """
    known = verifier_keys(connection)
    key = _load(connection, directory)
    if not known:
        key = key or _make(_place(connection, directory), name(connection))
        _register(connection, key)
        return key
    if key is None or key.vkey != known[-1]:
        where = "is not here" if key is None else "is another than the one that is here"
        raise KeyMissing(
            f"The key that this archive is signed with {where}.",
            f"It should be in {_shown_place(connection, directory)}.",
            "Bring it there, or go on with a new one: convarchive checkpoint --new-key",
        )
    return key


def renew(connection: sqlite3.Connection, directory: Path) -> SigningKey:
    """Sign with another key from now on; what the old ones have signed still holds.

    The old key's file is kept under another name. Where the settings name a place, the new key is
    the one that is there, or is made there.

    Raises:
        UsageError: The settings name a place, and the key that is there is one of the old ones.
        ConvarchiveError: It can't be read or made.
    """
    known = verifier_keys(connection)
    key = _load(connection, directory)
    if key is not None and key.vkey in known:
        if settings.signing(directory)[:2] != (None, None):
            raise UsageError(
                "The settings name a key that this archive has had already.",
                "", "Name the place of the new one in the table [signing], then run this again.",
            )  # fmt: skip
        place = usual_place(connection)
        place.replace(place.with_name(f"{place.stem}-{key.vkey.split('+')[1]}.pem"))
        key = None
    key = key or _make(_place(connection, directory), name(connection))
    _register(connection, key)
    return key


def check(directory: Path, path: Path) -> None:
    """See whether a new archive can be signed with the key in this file, if there is one yet.

    Raises:
        UsageError: It is within the archive.
        SettingsError: Something else is there.
    """
    path = path.expanduser().absolute()
    _refuse_inside(directory, path)
    if (pem := _pem(path)) is not None:
        _read(pem, "", str(path))


def choose(directory: Path, path: Path) -> None:
    """Write into the settings of an archive that its key is in this file."""
    settings.put(directory, "signing", "key_file", str(path.expanduser().absolute()))


def _register(connection: sqlite3.Connection, key: SigningKey) -> None:
    """Write down which key it is; the ledger is what counts."""
    with transaction(connection):
        ledger.append(connection, KEY, clock.now(), verifier_key=key.vkey)
        connection.execute(
            "INSERT INTO meta VALUES ('verifier_key', ?1) ON CONFLICT DO UPDATE SET value = ?1",
            (key.vkey,),
        )


def _load(connection: sqlite3.Connection, directory: Path) -> SigningKey | None:
    """The key that is here; None where there is no file yet."""
    command = settings.signing(directory).key_command
    if command is not None:
        pem = settings.printed_by(command, "the signing key").encode()
        return _read(pem, name(connection), "what key_command prints")
    place = _place(connection, directory)
    found = _pem(place)
    return None if found is None else _read(found, name(connection), str(place))


def _pem(place: Path) -> bytes | None:
    try:
        with place.open("rb") as file:
            return file.read(_PEM_SIZE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(
            f"The signing key in {place} cannot be read.", f"{error.strerror}."
        ) from error


def _place(connection: sqlite3.Connection, directory: Path) -> Path:
    named = settings.signing(directory).key_file
    place = usual_place(connection) if named is None else Path(named).expanduser()
    place = directory / place  # as it is, where it is absolute
    _refuse_inside(directory, place)
    return place


def _shown_place(connection: sqlite3.Connection, directory: Path) -> str:
    if settings.signing(directory).key_command is not None:
        return "what key_command prints"
    return str(_place(connection, directory))


def _refuse_inside(directory: Path, place: Path) -> None:
    if place.resolve().is_relative_to(directory.resolve()):
        raise UsageError(
            f"The signing key must not be in {place}, within the archive.",
            "Whoever can change the archive could sign that.",
            "Name another place in the table [signing], as key_file.",
        )


def _make(place: Path, name: str) -> SigningKey:
    """A new key in a new file, for its owner only.

    Raises:
        ConvarchiveError: It can't be written, or another process has just made one.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    part = place.with_name(f"{disk.PART}{os.getpid()}-{place.name}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.write(part, pem)
        try:
            os.link(part, place)  # which overwrites nothing
        finally:
            part.unlink()
        for above in place.parents:
            with contextlib.suppress(OSError):  # one that is closed to us is not ours
                disk.flush_names(above)
    except OSError as error:
        raise ConvarchiveError(
            f"The signing key can't be written to {place}.", f"{error.strerror}.",
            'Make room there, or name a place in convarchive.toml: [signing] key_file = "…"',
        ) from error  # fmt: skip
    public = private.public_key().public_bytes_raw()
    return SigningKey(name, notes.verifier_key(name, public), private)


def _read(pem: bytes, name: str, where: str) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError:
        why = "It is locked with a password."
    except (ValueError, UnsupportedAlgorithm):
        why = "It is no private key in PEM."
    else:
        if isinstance(private, Ed25519PrivateKey):
            public = private.public_key().public_bytes_raw()
            return SigningKey(name, notes.verifier_key(name, public), private)
        why = "It is no Ed25519 key."
    raise SettingsError(
        f"The archive can't be signed with {where}.", why,
        "Make one: openssl genpkey -algorithm ed25519 -out FILE",
    ) from None  # fmt: skip
