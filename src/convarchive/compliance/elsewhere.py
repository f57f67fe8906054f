"""A copy of each checkpoint elsewhere: only that can show later what was done to the archive.

The table ``[signing]`` names a command that gets each checkpoint (which mails it, prints it, puts
it into a bucket with object lock), and an authority that gives it a time stamp (`stamps`). What
failed is done by the next command that writes a checkpoint, for the newest one.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
from pathlib import Path

from convarchive import settings
from convarchive.compliance import stamps
from convarchive.compliance.checkpoints import Checkpoint
from convarchive.errors import ConvarchiveError
from convarchive.store.database import transaction

VARIABLE = "CONVARCHIVE_CHECKPOINT"
"""The environment variable in which a command gets the checkpoint's path."""

_SECONDS = 60


def send(connection: sqlite3.Connection, directory: Path, checkpoint: Checkpoint) -> None:
    """Do with a checkpoint what the settings ask for, if that is not done yet.

    Raises:
        ConvarchiveError: Something could not be done; the rest is.
    """
    asked = settings.signing(directory)
    failure: ConvarchiveError | None = None
    if asked.tsa_url is not None and checkpoint.path is not None:
        try:
            stamps.stamp(asked.tsa_url, checkpoint.path)
        except ConvarchiveError as error:
            failure = error
    if asked.checkpoint_command is not None:
        _hand_over(connection, asked.checkpoint_command, checkpoint)
    if failure is not None:
        raise failure


def _hand_over(connection: sqlite3.Connection, command: str, checkpoint: Checkpoint) -> None:
    """Give it to the command, once; written down is what it took."""
    name = checkpoint.path.name if checkpoint.path else ""
    found = connection.execute("SELECT value FROM meta WHERE name = 'checkpoint_sent'").fetchone()
    if found == (name,):
        return
    _run(command, checkpoint)
    with transaction(connection):
        connection.execute(
            "INSERT INTO meta VALUES ('checkpoint_sent', ?1) ON CONFLICT DO UPDATE SET value = ?1",
            (name,),
        )


def _run(command: str, checkpoint: Checkpoint) -> None:
    what = "The checkpoint was not taken by checkpoint_command."
    hint = "It will be tried again; the checkpoint itself is written."
    path = checkpoint.path.absolute() if checkpoint.path else ""
    try:
        done = subprocess.run(  # noqa: S603 - it is the owner's own command
            shlex.split(command), input=checkpoint.text, capture_output=True, timeout=_SECONDS,
            env=os.environ | {VARIABLE: str(path)}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ConvarchiveError(what, f"It did not end in {_SECONDS} seconds.", hint) from None
    except (OSError, ValueError, IndexError) as error:
        raise ConvarchiveError(what, f"It cannot be run: {error}.", hint) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = f"It ended with {done.returncode}{f': {said[-1][:200]}' if said else ''}."
        raise ConvarchiveError(what, why, hint)
