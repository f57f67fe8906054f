"""``convarchive alert``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.errors import UsageError

if TYPE_CHECKING:
    from convarchive.archive import Archive

COLUMNS = (
    output.Column("name", "alert", least=12),
    output.Column("does", "does", least=20),
    output.Column("query", "query", least=12, optional=True),
)


@click.command("alert")
@click.argument("name", required=False, metavar="[@NAME]")
@click.option("--exec", "execute", metavar="COMMAND", help="Run it, the match on its stdin.")
@click.option("--webhook", metavar="URL", help="POST the match there.")
@click.option("--existing", is_flag=True, help="Act also for what matches already.")
@click.option("--test", is_flag=True, help="Act once, for the newest match.")
@click.option("--remove", is_flag=True, help="Remove the alert.")
@output.row_options(limit=0)
@click.pass_obj
def command(
    app: App, /, name: str | None, execute: str | None, webhook: str | None, existing: bool,
    test: bool, remove: bool, form: str | None, limit: int,
) -> None:  # fmt: skip
    """Act on each new match of a saved search, once, after a sync.

    \b
    convarchive alert @refunds --exec 'notify-send refund'
    convarchive alert @refunds --webhook https://example.com/hook
    convarchive alert @refunds --test
    convarchive alert

    The match is one JSON document. Without a name the alerts are listed.
    """
    todo = [test, remove, execute is not None, webhook is not None]
    if (name is None and (any(todo) or existing)) or (name is not None and sum(todo) != 1):
        raise UsageError(
            "One saved search, and one thing to do are needed.", "",
            "Give one of --exec, --webhook, --test and --remove: convarchive alert @NAME …",
        )  # fmt: skip
    with app.open() as archive:
        if name is None:
            _list(app, archive, form, limit)
            return
        name = name.removeprefix("@")
        with archive.alerts() as alerts:
            if remove:
                alerts.remove(name)
                app.say(screen.one_line(f"Removed the alert for @{name}."))
            elif test:
                found = alerts.test(name)
                app.say(screen.one_line(f"It worked, for {found}. That was not written down."))
            else:
                from convarchive.alerts import Alert

                alert = Alert(name, f"@{name}", execute, webhook)
                many = alerts.add(alert, existing=existing)
                app.say(_added(alert.does, name, many, existing=existing))


def _added(does: str, name: str, many: int, *, existing: bool) -> str:
    matches = screen.counted(many, "conversation")
    then = "come with the next one" if existing else "count as seen"
    told = f"After each sync, each new match of @{name} goes to: {does}"
    lines = screen.wrapped(screen.one_line(told), screen.columns(sys.stderr))
    return "\n".join([*lines, f"{matches} that match now {then}."])


def _list(app: App, archive: Archive, form: str | None, limit: int) -> None:
    from convarchive.alerts import read

    rows = [
        {
            "id": alert.name,
            "name": f"@{alert.name}",
            "query": alert.query,
            "kind": "exec" if alert.webhook is None else "webhook",
            "does": alert.does,
        }
        for alert in read(archive.directory).values()
    ]
    output.write_rows(
        form or "table",
        rows[: limit or None],
        document=lambda listed: {"schema": "convarchive.alerts/1", "alerts": listed},
        columns=COLUMNS,
    )
    if not rows:
        app.say("There is no alert. Add one: convarchive alert @NAME --exec COMMAND")
