"""``convarchive coverage``."""

from __future__ import annotations

from typing import Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.errors import DamageFound, SomeFailed

COLUMNS = (
    output.Column("source", "source"),
    output.Column("month", "month"),
    output.Column("listed", "listed", right=True),
    output.Column("stored", "stored", right=True),
    output.Column("failed", "failed", right=True),
    output.Column("waiting", "waiting", right=True),
    output.Column("lost", "lost", right=True, least=4),
)

_SHOWN = 20


@click.command("coverage")
@output.row_options(limit=0)
@click.option("--by", type=click.Choice(["month"]), default="month", help="What a row is.")
@click.pass_obj
def command(
    app: App,
    form: str | None,
    limit: int,
    by: str,  # noqa: ARG001 - months are all there is
) -> None:
    """Is it all there: listed at the vendor, stored, failed, by month; and what is missing.

    \b
    convarchive coverage
    convarchive coverage --json

    Exit code 3 if something could not be fetched, 7 if something stored is lost.
    """
    with app.open() as archive:
        found = archive.coverage()
    missing = [each._asdict() for each in found.missing]
    gaps = [each._asdict() for each in found.gaps]
    rows = [{"id": f"{month.source}/{month.month}", **month._asdict()} for month in found.months]
    if form == "ids":
        rows = missing
    output.write_rows(
        form or "table",
        rows[: limit or None],
        document=lambda months: {
            "schema": "convarchive.coverage/1",
            "complete": found.complete,
            "months": months,
            "missing": missing,
            "gaps": gaps,
        },
        columns=COLUMNS,
    )
    if form in (None, "table"):
        _tell(missing, gaps)
    _judge(missing)


def _tell(missing: list[dict[str, Any]], gaps: list[dict[str, Any]]) -> None:
    for gap in gaps:
        since, until = gap["since"] or "the beginning", gap["until"] or "now"
        click.echo(f"never listed  {gap['source']}  from {since} to {until}")
    for each in missing[:_SHOWN]:
        name = screen.one_line(f"{each['source']}/{each['id']}")
        told = f"{each['state']:<12}  {name}  {each['started_at'] or 'no date'}"
        click.echo(screen.cut(told, screen.columns()))
    if len(missing) > _SHOWN:
        click.echo(f"… and {len(missing) - _SHOWN:,} more: convarchive coverage --ids")


def _judge(missing: list[dict[str, Any]]) -> None:
    """The exit code says what the table says."""
    lost = sum(each["state"] == "lost" for each in missing)
    if lost:
        raise DamageFound(
            f"{screen.counted(lost, 'conversation')} that had been stored can't be found.", "",
            "Restore a backup, or fetch them again: convarchive sync --full",
        )  # fmt: skip
    if failed := sum(each["state"] == "failed" for each in missing):
        raise SomeFailed(
            f"{screen.counted(failed, 'conversation')} could not be fetched.", "",
            "See: convarchive problems",
        )  # fmt: skip
