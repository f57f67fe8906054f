"""What is done before and after whatever is written to an archive."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from convarchive import settings
from convarchive.compliance import access
from convarchive.errors import ConvarchiveError, DamageFound, SomeFailed
from convarchive.store import clock, ledger, tombstones
from convarchive.store.database import explained, transaction

SETTINGS = "settings"
"""An entry of the ledger: ``convarchive.toml`` is another one than before; commits to its bytes."""


def before(connection: sqlite3.Connection, directory: Path) -> None:
    """Catch up with what happened since the archive was last written to."""
    note_settings(connection, directory)
    access.take_in(connection, directory)
    if tombstones.unfinished(connection):
        from convarchive.compliance import destruction

        destruction.try_to_finish(connection, directory)


def after(
    connection: sqlite3.Connection, directory: Path, *, indexed: bool = True
) -> ConvarchiveError | None:
    """Protect and sign what was stored.

    Nothing that goes wrong here undoes what was stored, so it is told and not raised.

    Args:
        connection: For writing, under the writer lock.
        directory: The archive's.
        indexed: Whether all of it is in the index; what holds are for is found by that.

    Returns:
        What of the evidence could not be kept: `DamageFound` where the ledger is not what was
        signed before, `SomeFailed` otherwise.
    """
    steps = (_protect, sign) if indexed else (sign,)
    errors = [error for step in steps if (error := step(connection, directory)) is not None]
    if len(errors) < 2:
        return errors[0] if errors else None
    return next(
        (error for error in errors if isinstance(error, DamageFound)),
        SomeFailed(*(" ".join(filter(None, words)) for words in zip(*_words(errors), strict=True))),
    )


def _words(errors: list[ConvarchiveError]) -> list[tuple[str, str, str]]:
    return [(error.what, error.why, error.hint) for error in errors]


def _protect(connection: sqlite3.Connection, directory: Path) -> ConvarchiveError | None:
    """Let what has come to match join the legal holds."""
    from convarchive.compliance import holds

    try:
        holds.take_in_new(connection, directory)
    except ConvarchiveError as error:
        return SomeFailed(
            "All is stored, but what is new could not be put under the legal holds.",
            f"{error.what} {error.why}".strip(),
            error.hint or "Nothing can be destroyed meanwhile. Run the same command again.",
        )
    return None


def sign(connection: sqlite3.Connection, directory: Path) -> ConvarchiveError | None:
    """Sign the ledger, and give the checkpoint to whom the settings name."""
    from convarchive.compliance import checkpoints, elsewhere

    try:
        with explained():
            elsewhere.send(connection, directory, checkpoints.write(connection, directory))
    except DamageFound as error:
        return error
    except ConvarchiveError as error:
        return SomeFailed(error.what, error.why, error.hint)
    except OSError as error:
        return SomeFailed("The checkpoint could not be written.", f"{error.strerror or error}.")
    return None


def note_settings(connection: sqlite3.Connection, directory: Path) -> None:
    """Write down in the ledger that the settings have changed, if they have.

    People edit the file, so whoever writes next notices. Each time gets a salt of its own; the one
    before is forgotten.
    """
    try:
        text = (directory / settings.FILE).read_bytes()
    except OSError:
        text = b""  # that there is none is told by whoever needs one
    content = {"text": text.decode(errors="backslashreplace")}
    found = dict(
        connection.execute(
            "SELECT name, value FROM meta WHERE name IN ('settings_salt', 'settings_commitment')"
        ).fetchall()
    )
    salt = bytes.fromhex(found.get("settings_salt", ""))
    if salt and ledger.commitment(salt, content) == found.get("settings_commitment"):
        return
    salt = ledger.salt()
    commitment = ledger.commitment(salt, content)
    with transaction(connection):
        ledger.append(connection, SETTINGS, clock.now(), commitment=commitment)
        connection.executemany(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
            [("settings_salt", salt.hex()), ("settings_commitment", commitment)],
        )
