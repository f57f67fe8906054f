"""``convarchive backup``."""

from __future__ import annotations

import os

import click

from convarchive.cli import screen
from convarchive.cli.app import App
from convarchive.cli.progress import bars
from convarchive.cli.verify import Bars


@click.command("backup")
@click.argument("path", type=click.Path())
@click.pass_obj
def command(app: App, path: str) -> None:
    """Copy the archive to PATH, a new directory, while it is in use, and verify the copy.

    \b
    convarchive backup /mnt/backups/calls-2026-01-31
    convarchive verify /mnt/backups/calls-2026-01-31      years later

    The copy is an archive of its own; the search index is left out, reindex makes it. One that does
    not verify is removed: exit code 7.
    """
    with app.open() as archive, bars(app) as progress:
        many = archive.backup(path, jobs=os.cpu_count() or 1, progress=Bars(progress).step)
    app.say(
        f"{screen.counted(many, 'conversation')} in {path}, verified."
        f" Use it: convarchive -a {path} reindex"
    )
