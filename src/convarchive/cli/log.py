"""``convarchive log``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.errors import UsageError

if TYPE_CHECKING:
    from convarchive.compliance.log import Line

COLUMNS = (
    output.Column("position", "entry", right=True, least=5),
    output.Column("when", "when", least=17),
    output.Column("kind", "kind"),
    output.Column("what", "what", least=20),
)


@click.command("log")
@output.row_options(limit=20)
@click.option("--access", is_flag=True, help="Only who has read or handed over something.")
@click.option("--kind", "kinds", metavar="KIND", multiple=True,
              help="Only entries of this kind; can be given again.")  # fmt: skip
@click.option("--since", metavar="DATE", help="Not before.")
@click.option("--until", metavar="DATE", help="Only before.")
@click.option("--utc", is_flag=True, help="Read and show dates in UTC.")
@click.pass_obj
def command(
    app: App, form: str | None, limit: int, access: bool, kinds: tuple[str, ...],
    since: str | None, until: str | None, utc: bool,
) -> None:  # fmt: skip
    """What was done to the archive: the entries of its ledger in words, newest first.

    \b
    convarchive log
    convarchive log --kind hold --kind release -n 0
    convarchive log --access --since 2026-01 --csv -n 0 > accesses.csv

    What is exported is always in it. So is who searched and read what, from when on
    convarchive.toml begins with access_log = true.
    """
    app = app._replace(utc=app.utc or utc)
    span = {"since": _instant(app, "--since", since), "until": _instant(app, "--until", until)}
    if access and kinds:
        raise UsageError("--access and --kind can't be given together.")
    table = form in (None, "table")
    with app.open() as archive:
        waiting = archive.take_in_accesses()
        output.write_rows(
            form or "table",
            (_row(app, line, table=table)
             for line in archive.log(kinds=kinds, accesses=access, limit=limit, **span)),
            document=lambda rows: {"schema": "convarchive.log/1", "waiting": waiting, "log": rows},
            columns=COLUMNS,
        )  # fmt: skip
    if waiting:
        many = "1 access is" if waiting == 1 else f"{waiting:,} accesses are"
        app.say(f"convarchive: {many} not in the ledger yet. The next command that writes takes in"
                " what is in access/, unless a file there is damaged.")  # fmt: skip


def _row(app: App, line: Line, *, table: bool) -> dict[str, Any]:
    row = {"id": str(line.position), "position": line.position, "at": line.at, "kind": line.kind}
    if table:
        return row | {"position": str(line.position), "when": _when(app, line), "what": line.what}
    access = line.access
    return row | {
        "what": line.what,
        "action": access and access.action,
        "user": access and access.user,
        "host": access and access.host,
        "query": access and access.query,
        "format": access and access.format,
        "conversations": access and access.conversations,
    }


def _when(app: App, line: Line) -> str:
    try:
        return screen.when(line.at, app.zone) if line.at else ""
    except (ValueError, OverflowError):  # it has been tampered with, and is to be seen all the same
        return str(line.at)


def _instant(app: App, option: str, text: str | None) -> str | None:
    from convarchive.query import parse_instant
    from convarchive.store import clock

    if text is None:
        return None
    try:
        return clock.text(parse_instant(text, now=datetime.now(UTC), zone=app.zone))
    except UsageError as error:
        raise UsageError(f"{option}: {error.what}", error.why, error.hint) from None
