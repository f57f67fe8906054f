"""``convarchive problems``."""

from __future__ import annotations

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App

COLUMNS = (
    output.Column("source", "source"),
    output.Column("id", "id", least=17),
    output.Column("stage", "stage"),
    output.Column("attempts", "tries", right=True, least=5),
    output.Column("last", "last", least=17),
    output.Column("message", "what", least=20),
)


@click.command("problems")
@output.row_options()
@click.option("--retry", is_flag=True, help="Let the next sync try all of them again.")
@click.pass_obj
def command(app: App, form: str | None, retry: bool) -> None:
    """What could not be stored, and why. The sync tries each again, five times.

    \b
    convarchive problems
    convarchive problems --retry && convarchive sync
    """
    with app.open() as archive:
        if retry:
            many = archive.retry_problems()
            app.say(f"{screen.counted(many, 'problem')} will be tried again by: convarchive sync")
            return
        found = archive.problems()
    rows = [problem._asdict() for problem in found]
    if form in (None, "table"):
        for row in rows:
            row["last"] = screen.when(row["last_at"] or None, app.zone)
    output.write_rows(
        form or "table",
        rows,
        document=lambda listed: {"schema": "convarchive.problems/1", "problems": listed},
        columns=COLUMNS,
    )
    if not rows and form in (None, "table"):
        app.say("No problems.")
