"""``convarchive reindex``."""

from __future__ import annotations

import click

from convarchive.cli import screen
from convarchive.cli.app import App
from convarchive.cli.progress import bar


@click.command("reindex")
@click.pass_obj
def command(app: App) -> None:
    """Make the search index anew from the store. Nothing is fetched, nothing is lost.

    \b
    convarchive reindex
    """
    with app.open(write=True) as archive, bar(app, "Indexing") as tell:
        many = archive.reindex(tell)
    app.say(f"{screen.counted(many, 'conversation')} indexed.")
