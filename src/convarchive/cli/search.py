"""``convarchive search``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from convarchive.cli import hits, output, screen
from convarchive.cli.app import App

if TYPE_CHECKING:
    from convarchive.archive import Found

    Facets = dict[str, list[tuple[str, int]]]

SORTS = ("relevance", "newest", "oldest", "longest")


@click.command("search")
@click.argument("query", nargs=-1)
@output.row_options(limit=10)
@click.option("--offset", default=0, metavar="K", type=click.IntRange(min=0),
              help="Leave out the first so many.")  # fmt: skip
@click.option("--sort", default="relevance", show_default=True, type=click.Choice(SORTS),
              help="The order of the hits.")  # fmt: skip
@click.option("--count", is_flag=True, help="Print only how many there are.")
@click.option("--facets", is_flag=True, help="Count the hits by status, agent, outcome …")
@click.option("--utc", is_flag=True, help="Read and show dates in UTC.")
@click.pass_obj
def command(
    app: App,
    query: tuple[str, ...],
    form: str | None,
    limit: int,
    offset: int,
    sort: str,
    count: bool,
    facets: bool,
    utc: bool,
) -> None:
    """Find conversations by what was said in them.

    \b
    convarchive search refund invoice
    convarchive search 'customer:"charged twice" since:2026-01'
    convarchive search '(refund OR chargeback) -voicemail duration:>5m' --json

    Words are all meant, in any form; "a phrase" stands within one turn; OR, -not and ( ) work as
    usual. Put the query in single quotes, so that the shell leaves it alone.
    """
    text = " ".join(query)
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        if count:
            click.echo(archive.count(text))
            warn_if_behind(app, archive.unindexed())
            return
        began = time.perf_counter()
        found = archive.search(text, limit=limit, offset=offset, sort=sort)
        took = (time.perf_counter() - began) * 1000
        counted = archive.facets(text) if facets else None
    if form is None:
        _write_screen(app, found, offset, took, counted)
    else:
        _write_rows(app, form, found, counted)
    warn_if_behind(app, found.unindexed)


def _write_rows(app: App, form: str, found: Found, counted: Facets | None) -> None:
    output.write_rows(
        form,
        [hits.table_row(hit.conversation, app.zone) for hit in found.hits]
        if form == "table"
        else [hits.hit_row(hit) for hit in found.hits],
        document=lambda rows: {
            "schema": "convarchive.search/1",
            "query": found.query,
            "total": found.total,
            "unindexed": found.unindexed,
            "hits": rows,
            **({} if counted is None else {"facets": counted}),
        },
        columns=hits.TABLE,
    )


def warn_if_behind(app: App, unindexed: int) -> None:
    """What can't be found yet must not look as if it weren't there."""
    if unindexed:
        app.say(
            f"convarchive: {screen.counted(unindexed, 'conversation')} stored and not yet indexed"
            " could not be searched. Run: convarchive reindex"
        )


def _write_screen(app: App, found: Found, offset: int, took: float, counted: Facets | None) -> None:
    head = f"{screen.counted(found.total, 'conversation')} · {took:.0f} ms"
    click.echo(click.style(head, dim=True))
    for name, values in (counted or {}).items():
        told = ", ".join(
            f"{screen.one_line(str(value))} {number:,}" for value, number in values[:6]
        )
        if told:
            click.echo(screen.cut(f"  {name:<10}{told}", screen.columns()))
    if not found.hits:
        return
    click.echo()
    for number, hit in enumerate(found.hits, start=offset + 1):
        hits.write_hit(number, hit, app.zone)
    if not app.quiet:
        first = found.hits[0]
        at = next((match.turn.start for match in first.turns), None)
        place = "" if at is None else f" --at {screen.clock(at)}"
        click.echo()
        following = f"convarchive show {screen.one_line(first.conversation.id)}{place}"
        click.echo(click.style(following, dim=True), err=True)
