"""``convarchive problems``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App

if TYPE_CHECKING:
    from convarchive.store.owed import Problem

COLUMNS = (
    output.Column("source", "source"),
    output.Column("id", "id", least=17),
    output.Column("stage", "stage"),
    output.Column("attempts", "tries", right=True, least=5),
    output.Column("last", "last", least=17),
    output.Column("message", "what", least=20),
)


@click.command("problems")
@output.row_options(limit=0)
@click.option("--retry", is_flag=True, help="Let the next sync try all of them again.")
@click.option("--forget-imports", is_flag=True, help="Forget what files had that can't go in.")
@click.pass_obj
def command(app: App, form: str | None, limit: int, retry: bool, forget_imports: bool) -> None:
    """What could not be stored, and why. The sync tries each again, five times; an import tries
    its files each time that it is run.

    \b
    convarchive problems
    convarchive problems --retry && convarchive sync
    """
    with app.open() as archive:
        if retry:
            many = archive.retry_problems()
            app.say(f"{screen.counted(many, 'problem')} will be tried again by: convarchive sync")
            return
        if forget_imports:
            many = archive.forget_import_problems()
            app.say(f"{screen.counted(many, 'problem')} of files forgotten.")
            return
        found = archive.problems()
    shown = found[: limit or None]
    if form is None:
        for problem in shown:
            _write(app, problem)
        hint = "Try them again: convarchive problems --retry"
        if found and all(problem.stage == "import" for problem in found):
            hint = "Import the files again, or: convarchive problems --forget-imports"
        app.say(hint if found else "No problems.")
        return
    output.write_rows(
        form,
        [problem._asdict() | {"last": _last(app, problem)} for problem in shown]
        if form == "table"
        else [problem._asdict() for problem in shown],
        document=lambda listed: {"schema": "convarchive.problems/1", "problems": listed},
        columns=COLUMNS,
    )


def _write(app: App, problem: Problem) -> None:
    """A problem for the eye: which conversation, then what is the matter with it."""
    tries = f"{problem.attempts} {'try' if problem.attempts == 1 else 'tries'}"
    when = f", last {_last(app, problem)}" if problem.last_at else ", to be tried again"
    where = screen.one_line(f"{problem.source}/{problem.id}  {problem.stage}, {tries}{when}")
    click.echo(screen.cut(where, screen.columns()))
    for line in screen.wrapped(screen.one_line(problem.message), min(screen.columns(), 100) - 2):
        click.echo(f"  {line}")


def _last(app: App, problem: Problem) -> str:
    return screen.when(problem.last_at, app.zone).strip() if problem.last_at else ""
