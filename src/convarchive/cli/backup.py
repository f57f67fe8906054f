"""``convarchive backup``."""

from __future__ import annotations

import click

from convarchive.cli import screen
from convarchive.cli.app import App


@click.command("backup")
@click.argument("path", type=click.Path())
@click.pass_obj
def command(app: App, path: str) -> None:
    """Copy the archive to PATH, a new directory, while it is in use.

    \b
    convarchive backup /mnt/backups/calls-2026-01-31

    The copy is an archive of its own; the search index is left out, reindex makes it.
    """
    with app.open() as archive:
        many = archive.backup(path)
    app.say(
        f"{screen.counted(many, 'conversation')} in {path}. Use it: convarchive -a {path} reindex"
    )
