"""What is done before anything else is written to an archive, and after something was stored."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from convarchive import settings
from convarchive.compliance import access
from convarchive.errors import ConvarchiveError, SomeFailed
from convarchive.store import clock, ledger, tombstones
from convarchive.store.database import transaction

SETTINGS = "settings"
"""An entry of the ledger: ``convarchive.toml`` is another one than before; commits to its bytes."""


def before(connection: sqlite3.Connection, directory: Path) -> None:
    """Catch up with what happened since the archive was last written to."""
    note_settings(connection, directory)
    access.take_in(connection, directory)
    if tombstones.unfinished(connection):
        from convarchive.compliance import destruction

        destruction.try_to_finish(connection, directory)


def after(connection: sqlite3.Connection, directory: Path) -> SomeFailed | None:
    """Follow up on what was stored and is indexed: new matches join the legal holds.

    Returns:
        What could not be done, for whoever reports on what was stored.
    """
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
