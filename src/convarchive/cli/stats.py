"""``convarchive stats``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.cli.search import warn_if_behind

if TYPE_CHECKING:
    from convarchive.stats import Row, Stats

# As in `convarchive.stats`, which the help does not load.
AXES = ("month", "agent", "status", "outcome", "sentiment", "topic", "language", "source", "day",
        "hour", "weekday")  # fmt: skip

COLUMNS = (
    output.Column("id", "value"),
    output.Column("count", "count", right=True),
    output.Column("share", "share %", right=True),
    output.Column("all", "of all", right=True),
    output.Column("share_of_all", "%", right=True),
    output.Column("duration", "seconds", right=True),
    output.Column("average", "average", right=True, optional=True),
)

_WIDEST = 80
_LEAST_BAR = 6
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


@click.command("stats")
@click.argument("query", nargs=-1)
@click.option(
    "--by",
    default="month",
    show_default=True,
    type=click.Choice(AXES),
    metavar="WHAT",
    help=f"What a row is: {', '.join(AXES[:-1])} or {AXES[-1]}.",
)
@output.row_options(limit=0)
@click.option("--utc", is_flag=True, help="Read and show dates in UTC.")
@click.pass_obj
def command(
    app: App, query: tuple[str, ...], by: str, form: str | None, limit: int, utc: bool
) -> None:
    """How many conversations there are, and how long they were.

    \b
    convarchive stats
    convarchive stats --by agent status:failed
    convarchive stats 'customer:"charged twice"' --by topic -n 10 --csv

    With a query, each row says also how many there are of all, matching or not.
    """
    from convarchive.stats import to_json

    text = " ".join(query)
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        found = archive.stats(text, by)
        archive.note_access("stats", text, conversations=found.total.matching, form=form)
        behind = archive.unindexed() if text else 0
    kept = found._replace(rows=_first(found, limit))
    if form is None:
        _write(kept, cut=len(found.rows) - len(kept.rows))
    else:
        total = to_json(found._replace(rows=[found.total]))[0]
        del total["id"], total["value"], total["share"]
        output.write_rows(
            form,
            to_json(kept),
            document=lambda rows: {
                "schema": "convarchive.stats/1", "query": text, "by": by, "total": total,
                "unindexed": behind, "rows": rows,
            },
            columns=COLUMNS,
        )  # fmt: skip
    warn_if_behind(app, behind)


def _first(found: Stats, limit: int) -> list[Row]:
    """The most frequent; of months and days the latest."""
    if not limit or found.by in ("hour", "weekday"):
        return found.rows
    return found.rows[-limit:] if found.by in ("month", "day") else found.rows[:limit]


def _write(found: Stats, cut: int) -> None:
    total, room = found.total, min(screen.columns(), _WIDEST)
    head = screen.counted(total.matching, "conversation")
    part = total.matching < total.all
    if part:
        head += f" of {total.all:,}, {_per_cent(total.matching, total.all)}"
    if total.average is not None:
        head += f" · {screen.clock(total.duration)} in all"
        head += f" · {screen.clock(total.average)} on average"
    click.echo(click.style(screen.cut(head, room), dim=True))
    if not total.matching:
        return
    click.echo()
    if found.by in ("month", "day"):
        click.echo(click.style(_sparkline([row.matching for row in found.rows], room), fg="cyan"))
        click.echo()
    _write_rows(found, room, part=part)
    if cut:
        click.echo(click.style(f"and {cut:,} more", dim=True))


def _write_rows(found: Stats, room: int, *, part: bool) -> None:
    """Value, count, share, with a query also of how many; a bar; how long."""
    lines = [_texts(row, found.total, part=part) for row in found.rows]
    heads = [found.by, "count", "share", *(["of all"] if part else []), "average", "in all"]
    widths = [max(map(screen.width, cells)) for cells in zip(heads, *lines, strict=True)]
    least = _LEAST_BAR + 2 * len(widths)
    widths[0] = max(8, min(widths[0], room - least - sum(widths[1:])))
    bar = max(_LEAST_BAR, room - sum(widths) - 2 * len(widths))
    most = max(row.matching for row in found.rows)
    click.echo(click.style(_line(heads, widths, " " * bar), dim=True))
    for row, cells in zip(found.rows, lines, strict=True):
        drawn = _bar(row.matching, most, bar)
        drawn = click.style(drawn, fg="cyan") if row.matching else drawn
        click.echo(_line(cells, widths, drawn).rstrip())


def _texts(row: Row, total: Row, *, part: bool) -> list[str]:
    of_all = f"{_per_cent(row.matching, row.all)} of {row.all:,}" if row.all else "0"
    return [
        "(none)" if row.value is None else screen.one_line(row.value),
        f"{row.matching:,}",
        _per_cent(row.matching, total.matching),
        *([of_all] if part else []),
        screen.clock(row.average),
        screen.clock(row.duration) if row.timed else "",
    ]


def _line(cells: Sequence[str], widths: Sequence[int], bar: str) -> str:
    """The last two stand behind the bar."""
    padded = [
        screen.padded(cell, width, right=at > 0)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join([*padded[:-2], bar, *padded[-2:]])


def _per_cent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def _bar(count: int, most: int, columns: int) -> str:
    """As long as the count, in eighths of a column; what there is at all is seen."""
    eighths = round(8 * columns * count / most)
    whole, rest = divmod(max(eighths, 1) if count else 0, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(columns)


def _sparkline(counts: Sequence[int], columns: int) -> str:
    """The counts as heights, neighbours added where there are too many; none is a space."""
    each = -(-len(counts) // columns)
    sums = [sum(counts[at : at + each]) for at in range(0, len(counts), each)]
    most = max(sums)
    return "".join(_LEVELS[-(-many * len(_LEVELS) // most) - 1] if many else " " for many in sums)
