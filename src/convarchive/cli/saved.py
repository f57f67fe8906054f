"""Saved searches, and what was understood of a query: parts of ``convarchive search``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.errors import UsageError

if TYPE_CHECKING:
    from convarchive.archive import Archive
    from convarchive.found import Explained

COLUMNS = (
    output.Column("name", "name", least=12),
    output.Column("query", "query", least=30),
)


def save(app: App, archive: Archive, name: str, query: str) -> None:
    """Save a query under a name, and say so.

    Raises:
        QueryError: It is not understood.
        UsageError: There is none, or the name won't do.
    """
    from convarchive import searches

    if not query.strip():
        raise UsageError(
            "There is no query to be saved.", "", f"Write it: convarchive search --save {name} …"
        )
    name = name.removeprefix("@")
    before = searches.save(archive.directory, name, query, archive.parse)
    instead = f" in the place of: {before}" if before not in (None, query) else ""
    app.say(screen.one_line(f"Saved as @{name}{instead}"))


def forget(app: App, archive: Archive, name: str) -> None:
    """Remove a saved search.

    Raises:
        UsageError: There is none of this name, or something else needs it.
    """
    from convarchive import searches

    searches.forget(archive.directory, name.removeprefix("@"))
    app.say(screen.one_line(f"Forgot @{name.removeprefix('@')}"))


def write_saved(app: App, archive: Archive, form: str | None) -> None:
    """List the saved searches."""
    from convarchive import searches

    rows = [
        {"id": name, "name": f"@{name}", "query": query}
        for name, query in searches.read(archive.directory).items()
    ]
    output.write_rows(
        form or "table",
        rows,
        document=lambda listed: {"schema": "convarchive.searches/1", "searches": listed},
        columns=COLUMNS,
    )
    if not rows:
        app.say("No search is saved. Save one: convarchive search --save NAME QUERY")


def write_explained(explained: Explained, *, err: bool = False) -> None:
    """The query as it was understood, and below it what each of its parts finds."""
    room = screen.columns()
    for line in screen.wrapped(screen.one_line(explained.query), max(20, room - 12)):
        click.echo(f"{'understood' if line else '':<12}{line}", err=err)
    counts = ["" if count is None else f"{count:,}" for _, count in explained.parts]
    width = max(map(len, counts), default=0)
    for (part, _), count in zip(explained.parts, counts, strict=True):
        told = screen.cut(screen.one_line(part), max(20, room - 14 - width))
        click.echo(click.style(f"{'':<12}{count:>{width}}  {told}".rstrip(), dim=True), err=err)
