"""``convarchive list``."""

from __future__ import annotations

import click

from convarchive.cli import hits, output
from convarchive.cli.app import App
from convarchive.cli.search import warn_if_behind

SORTS = ("newest", "oldest", "longest")


@click.command("list")
@click.argument("query", nargs=-1)
@output.row_options(limit=20)
@click.option("--offset", default=0, metavar="K", type=click.IntRange(min=0),
              help="Leave out the first so many.")  # fmt: skip
@click.option("--sort", default="newest", show_default=True, type=click.Choice(SORTS),
              help="The order of the rows.")  # fmt: skip
@click.option("--utc", is_flag=True, help="Read and show dates in UTC.")
@click.pass_obj
def command(
    app: App,
    query: tuple[str, ...],
    form: str | None,
    limit: int,
    offset: int,
    sort: str,
    utc: bool,
) -> None:
    """List conversations in the order of time.

    \b
    convarchive list
    convarchive list status:failed since:7d --csv
    convarchive list 'agent:agent_billing has:recording' --ids -n 0
    """
    text = " ".join(query)
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        found = archive.list(text, limit=limit, offset=offset, sort=sort)
        total = archive.count(text)
        archive.note_access("list", text, conversations=total, form=form)
        behind = archive.unindexed() if text else 0
    table = form in (None, "table")
    output.write_rows(
        form or "table",
        [hits.table_row(each, app.zone) if table else hits.row(each) for each in found],
        document=lambda rows: {
            "schema": "convarchive.list/1",
            "query": text,
            "total": total,
            "hits": rows,
        },
        columns=hits.TABLE,
    )
    if table and total > len(found):
        app.say(f"{len(found):,} of {total:,}. More: -n N, --offset K; all: -n 0")
    warn_if_behind(app, behind)
