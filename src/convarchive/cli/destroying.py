"""What the commands that destroy share: asking first, and saying afterwards what was done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from convarchive.cli import screen
from convarchive.cli.app import App
from convarchive.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from convarchive.compliance.destruction import Destroyed

MEANWHILE = "The search index and the database are written anew; that takes its time."


def agreed(question: str, *, yes: bool) -> None:
    """Ask, unless it is said already; no lock is held meanwhile.

    Raises:
        UsageError: There is nobody to ask.
        Interrupted: The answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "Nobody can be asked: this is no terminal.", "Nothing was destroyed.",
            "To go on without being asked, give --yes.",
        )  # fmt: skip
    if not click.confirm(question, err=True):
        raise Interrupted("Nothing was destroyed.")


def told(app: App, done: Destroyed, verb: str) -> None:
    """Say what was done, where the certificate is, and what else has to be looked at."""
    many = screen.counted(done.conversations, "conversation")
    sound = screen.counted(done.recordings, "recording")
    app.say(f"{verb}: {many}, {sound}, {screen.size(done.bytes)}.")
    app.say(screen.one_line(f"Certificate: {done.certificate}"))
    for each in done.remains:
        app.say(screen.one_line(each))
    app.say("Backups and exports made before still have it.")
