"""``convarchive path``."""

from __future__ import annotations

import os

import click

from convarchive.cli.app import App


@click.command("path")
@click.pass_obj
def command(app: App) -> None:
    """Print where the archive is.

    \b
    convarchive path
    sqlite3 "$(convarchive path)/archive.db" 'SELECT count(*) FROM turns'
    """
    with app.open() as archive:
        click.echo(os.fspath(archive.directory.absolute()))
