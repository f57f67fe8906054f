"""``convarchive search``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import hits, output, screen
from convarchive.cli.app import App

if TYPE_CHECKING:
    from convarchive.archive import Archive, Found
    from convarchive.found import Explained

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
@click.option("-C", "--context", default=0, metavar="N", type=click.IntRange(min=0),
              help="Show so many turns before and after each.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Say what was understood, and what each part finds.")
@click.option("--save", metavar="NAME", help="Save the query; @NAME stands for it from then on.")
@click.option("--saved", is_flag=True, help="List the saved searches.")
@click.option("--forget", metavar="NAME", help="Remove a saved search.")
@click.option("--utc", is_flag=True, help="Read and show dates in UTC.")
@click.pass_obj
def command(
    app: App,
    /,
    query: tuple[str, ...],
    form: str | None,
    save: str | None,
    saved: bool,
    forget: str | None,
    utc: bool,
    **asked: Any,
) -> None:
    """Find conversations by what was said in them.

    \b
    convarchive search refund invoice
    convarchive search 'customer:"charged twice" since:2026-01'
    convarchive search '(refund OR chargeback) -voicemail duration:>5m' --json
    convarchive search --save refunds 'customer:(refund OR "money back")'
    convarchive search @refunds since:7d

    Words are all meant, in any form; "a phrase" stands within one turn; OR, -not and ( ) work as
    usual. Put the query in single quotes, so that the shell leaves it alone.
    """
    text = " ".join(query)
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        if save is not None or saved or forget is not None:
            from convarchive.cli import saved as searches

            if forget is not None:
                return searches.forget(app, archive, forget)
            if saved:
                return searches.write_saved(app, archive, form)
            searches.save(app, archive, save or "", text)
        _search(app, archive, text, form, **asked)
    return None


def _search(
    app: App, archive: Archive, text: str, form: str | None, *, limit: int, offset: int, sort: str,
    count: bool, facets: bool, context: int, explain: bool,
) -> None:  # fmt: skip
    explained = archive.explain(text) if explain else None
    if count:
        total = archive.count(text)
        archive.note_access("search", text, conversations=total, form="count")
        _write_explained(explained, form)
        click.echo(total)
        warn_if_behind(app, archive.unindexed())
        return
    began = time.perf_counter()
    found = archive.search(text, limit=limit, offset=offset, sort=sort)
    took = (time.perf_counter() - began) * 1000
    counted = archive.facets(text) if facets else None
    archive.note_access("search", text, conversations=found.total, form=form)
    _write_explained(explained, form)
    if form is None:
        _write_screen(app, found, offset, took, counted, context)
    else:
        _write_rows(app, form, found, counted, explained)
    warn_if_behind(app, found.unindexed)


def _write_explained(explained: Explained | None, form: str | None) -> None:
    if explained is not None and form != "json":
        from convarchive.cli.saved import write_explained

        write_explained(explained, err=form is not None)


def _write_rows(
    app: App, form: str, found: Found, counted: Facets | None, explained: Explained | None
) -> None:
    more: dict[str, Any] = {} if counted is None else {"facets": counted}
    if explained is not None:
        parts = [{"query": part, "count": number} for part, number in explained.parts]
        more |= {"explain": explained.query, "parts": parts}
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
            **more,
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


def _write_screen(
    app: App, found: Found, offset: int, took: float, counted: Facets | None, context: int
) -> None:
    head = f"{screen.counted(found.total, 'conversation')} · {took:.0f} ms"
    click.echo(click.style(head, dim=True))
    if counted is not None and found.total:
        from convarchive.cli import facets

        click.echo()
        facets.write(counted)
    if not found.hits:
        return
    click.echo()
    for number, hit in enumerate(found.hits, start=offset + 1):
        hits.write_hit(number, hit, app.zone, context)
    if not app.quiet:
        first = found.hits[0]
        at = next((match.turn.start for match in first.turns), None)
        place = "" if at is None else f" --at {screen.clock(at)}"
        click.echo()
        following = f"convarchive show {screen.one_line(first.conversation.id)}{place}"
        click.echo(click.style(following, dim=True), err=True)
