"""``convarchive rebuild``."""

from __future__ import annotations

import click

from convarchive.cli import screen
from convarchive.cli.app import App
from convarchive.cli.progress import bar
from convarchive.errors import SomeFailed


@click.command("rebuild")
@click.pass_obj
def command(app: App) -> None:
    """Make the tables anew from the vendor's bytes, as this version reads them.

    \b
    convarchive rebuild

    A later version of this program may read more out of what was fetched years ago.
    """
    with app.open(write=True) as archive, bar(app, "Reading") as tell:
        many, changed = archive.rebuild(tell)
        unread = sum(problem.stage == "stored" for problem in archive.problems())
    app.say(f"{screen.counted(many, 'conversation')} read again, {changed:,} of them changed.")
    if unread:
        raise SomeFailed(
            f"{screen.counted(unread, 'item')} could not be read.",
            "Their rows are as they were.",
            "See: convarchive problems",
        )
