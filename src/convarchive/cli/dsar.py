"""``convarchive dsar``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.cli.progress import bar
from convarchive.errors import SomeFailed

if TYPE_CHECKING:
    from convarchive.dsar import Person

_NAMED = 5


@click.command("dsar")
@click.option("--caller", "callers", multiple=True, required=True, metavar="NUMBER",
              help="Who it is about, with the country's code: +1…; again for another number.",
              )  # fmt: skip
@click.option("-o", "--output", "path", required=True, metavar="PATH",
              help="A directory, or a .zip; it must not be there yet.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document on what was written.")
@click.pass_obj
def command(app: App, callers: tuple[str, ...], path: str, as_json: bool) -> None:
    """Write everything that is kept about one person: GDPR articles 15 and 20.

    \b
    convarchive dsar --caller +15550104477 -o request-17.zip
    convarchive dsar --caller +15550104477 --caller +15550104478 -o request-17

    Every conversation to read and to hear, for programs in every state, what the vendor sent, and
    what is kept since when and until when. Others that mention the number are told here, and not in
    it: look at them. Look at all of it before you hand it over: it can hold data of others, too.
    """
    from convarchive import dsar

    with app.open() as archive, bar(app, "Writing") as tell:
        done = dsar.write(archive, callers, Path(path), tell)
    if as_json:
        output.write_json(_document(done))
    many = screen.counted(done.conversations, "conversation")
    app.say(screen.one_line(f"{many}, in {done.path}"))
    if not done.logged:
        app.say("The archive can't be written to here, so its ledger does not know of this.")
    if done.mentioning:
        some = ", ".join(f"{each.source}/{each.id}" for each in done.mentioning[:_NAMED])
        more = " …" if len(done.mentioning) > _NAMED else ""
        said = f"Not in it, and to be looked at, since they mention the number: {some}{more}"
        app.say("\n  ".join(screen.wrapped(screen.one_line(said), screen.columns(sys.stderr) - 2)))
    if done.lost:
        raise SomeFailed(
            f"All is written, but for {screen.counted(len(done.lost), 'recording')}.", "",
            "Restore the archive's recordings from a backup.",
        )  # fmt: skip


def _document(done: Person) -> dict[str, object]:
    return {
        "schema": "convarchive.dsar/1",
        "path": str(done.path),
        "conversations": done.conversations,
        "mentioning": [{"source": each.source, "id": each.id} for each in done.mentioning],
        "recordings_lost": [lost._asdict() for lost in done.lost],
    }
