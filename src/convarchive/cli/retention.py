"""``convarchive retention``."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App, Group, unkept
from convarchive.cli.destroying import MEANWHILE, agreed, told

if TYPE_CHECKING:
    from convarchive.compliance.destruction import Destroyed
    from convarchive.compliance.protection import Obstacle
    from convarchive.compliance.retention import Due, Plan

CLASSES = (
    output.Column("class", "class", least=8),
    output.Column("keep", "keep", least=4),
    output.Column("delete_after", "delete after", least=6),
    output.Column("from", "from", least=5),
    output.Column("matching", "matching", right=True, least=8),
    output.Column("due", "due", right=True, least=3),
    output.Column("held_back", "held back", right=True, least=9),
    output.Column("query", "query", least=10),
)
DUE = (
    output.Column("id", "conversation", least=17),
    output.Column("source", "source"),
    output.Column("started", "started", least=17),
    output.Column("class", "class", least=8),
    output.Column("since", "due since", least=17),
)
_SHOWN = 20


@click.group("retention", cls=Group)
def command() -> None:
    """For how long conversations are kept, and destroying them when their time has come.

    \b
    convarchive retention set calls --query '*' --keep 6y --delete-after 7y
    convarchive retention list
    convarchive retention apply --dry-run
    convarchive retention apply
    """


@command.command("set")
@click.argument("name")
@click.option("--query", required=True, metavar="QUERY", help="What belongs to the class.")
@click.option("--keep", metavar="SPAN", help="Nothing destroys it before: 6y, 18mo, 4w, 90d.")
@click.option("--delete-after", metavar="SPAN", help="After that it is due.")
@click.option("--from", "base", type=click.Choice(["end", "start", "sync"]), default="end",
              metavar="BASE", show_default=True,
              help="What is counted from: end, start, or sync, when it was first fetched.",
              )  # fmt: skip
@click.pass_obj
def set_(
    app: App, name: str, query: str, keep: str | None, delete_after: str | None, base: str
) -> None:
    """Set a class of retention, in the place of what had this name. It is in convarchive.toml.

    \b
    convarchive retention set calls --query '*' --keep 6y --delete-after 7y
    convarchive retention set noise --query 'duration:<5s' --delete-after 30d

    Of several classes that a conversation matches the longest --keep and the shortest
    --delete-after count. Where they are against each other, it is kept, and said.
    """
    given = {"query": query, "keep": keep, "delete_after": delete_after, "from": base}
    table = {field: value for field, value in given.items() if value is not None}
    with app.open(write=True) as archive:
        archive.set_retention(name, table)
    app.say(screen.one_line(f"Set the class {name}. See: convarchive retention apply --dry-run"))


@command.command("remove")
@click.argument("name")
@click.pass_obj
def remove(app: App, name: str) -> None:
    """Remove a class of retention; nothing is destroyed by that.

    \b
    convarchive retention remove noise
    """
    with app.open(write=True) as archive:
        archive.remove_retention(name)
    app.say(screen.one_line(f"Removed the class {name}."))


@command.command("list")
@output.row_options(limit=0)
@click.pass_obj
def list_(app: App, form: str | None, limit: int) -> None:
    """List the classes: how many match, how many are due, and how many of those are held back.

    \b
    convarchive retention list
    convarchive retention list --json
    """
    with app.open() as archive:
        plan = archive.plan_retention()
    stays = Counter(each.rule for each in plan.stays)
    due = stays + Counter(each.rule for each in plan.goes)
    rows = [
        {
            "id": each.name,
            "class": each.name,
            "query": each.query,
            "keep": None if each.keep is None else str(each.keep),
            "delete_after": None if each.delete_after is None else str(each.delete_after),
            "from": each.base,
            "matching": plan.matching[each.name],
            "due": due[each.name],
            "held_back": stays[each.name],
        }
        for each in plan.classes[: limit or None]
    ]
    output.write_rows(
        form or "table",
        rows,
        document=lambda listed: {"schema": "convarchive.retention/1", "classes": listed},
        columns=CLASSES,
    )
    if not plan.classes:
        app.say("There is no class. Set one: convarchive retention set NAME --query Q --keep 6y")


@command.command("apply")
@output.row_options(limit=0)
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--by", metavar="NAME", help="Who answers for it; else the user and the machine.")
@click.pass_obj
def apply(app: App, form: str | None, limit: int, dry_run: bool, yes: bool, by: str | None) -> int:
    """Destroy for good what is due. What is in a conflict stays, and is told.

    \b
    convarchive retention apply --dry-run
    convarchive retention apply --dry-run --ids
    convarchive retention apply --yes

    What stays though it is due: what is under a legal hold, what another class keeps, what has no
    date to count from, and calls in progress. The rows are what goes; what stays is told beside
    them, and in --json. A certificate is written. What was interrupted is finished first.
    """
    with app.open(write=True) as archive:
        if not dry_run and (many := archive.finish_disposals()):
            app.say(f"{screen.counted(many, 'disposal')} that had been interrupted: finished.")
        plan = archive.plan_retention()
        if form in (None, "table"):
            _show(app, plan, limit)
        _conflicts(app, plan)
        done: Destroyed | None = None
        if plan.goes and not dry_run:
            what = screen.counted(len(plan.goes), "conversation")
            agreed(f"Destroy {what} for good?", yes=yes)
            app.say(MEANWHILE)
            done = archive.apply_retention(plan, by=by)
    if form not in (None, "table"):
        output.write_rows(
            form,
            [_row(each) for each in plan.goes[: limit or None]],
            document=lambda rows: _document(plan, rows, done),
            columns=DUE,
        )
    if done is not None:
        told(app, done, "Destroyed")
    else:
        app.say("Nothing was destroyed." if plan.goes else "Nothing is due that could go.")
    return unkept(archive)


def _show(app: App, plan: Plan, limit: int) -> None:
    rows = [
        _row(each)
        | {
            "started": screen.when(each.conversation.started_at, app.zone),
            "since": screen.when(each.since, app.zone),
        }
        for each in plan.goes[: limit or None]
    ]
    output.write_rows("table", rows, document=lambda _: {}, columns=DUE)
    if plan.goes:
        many = screen.counted(len(plan.goes), "conversation")
        app.say(f"{many} with {screen.counted(plan.recordings, 'recording')}.")


def _conflicts(app: App, plan: Plan) -> None:
    """What is due and stays, and why: the first of it, or with -v all."""
    if not plan.stays:
        return
    app.say(f"{screen.counted(len(plan.stays), 'conversation')} due and held back:")
    shown = plan.stays if app.verbose else plan.stays[:_SHOWN]
    room = screen.columns(sys.stderr)
    for each in shown:
        why = "; ".join(obstacle.told for obstacle in each.against)
        line = f"  {each.conversation.id} ({each.rule}) {why}"
        app.say("\n    ".join(screen.wrapped(screen.one_line(line), room - 4)))
    if more := len(plan.stays) - len(shown):
        app.say(f"  … and {more:,} more; with -v all of them are said.")


def _row(each: Due) -> dict[str, Any]:
    return {
        "id": each.conversation.id,
        "source": each.conversation.source,
        "started_at": each.conversation.started_at,
        "class": each.rule,
        "due_since": each.since,
    }


def _document(plan: Plan, rows: list[Any], done: Destroyed | None) -> dict[str, Any]:
    return {
        "schema": "convarchive.disposal/1",
        "destroyed": done is not None,
        "conversations": rows,
        "recordings": plan.recordings,
        "conflicts": [
            _row(each) | {"against": [_told(obstacle) for obstacle in each.against]}
            for each in plan.stays
        ],
        "disposal": None if done is None else done.disposal,
        "certificate": None if done is None else str(done.certificate),
    }


def _told(obstacle: Obstacle) -> dict[str, Any]:
    return {"kind": obstacle.kind.replace(" ", "_"), "name": obstacle.name, "until": obstacle.until}
