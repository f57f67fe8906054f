"""``convarchive hold``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import hits, output, screen
from convarchive.cli.app import App, Group, unkept

if TYPE_CHECKING:
    from convarchive.store.holds import Hold

COLUMNS = (
    output.Column("name", "hold", least=12),
    output.Column("matter", "matter", least=8),
    output.Column("since", "since", least=17),
    output.Column("until", "until", least=8),
    output.Column("conversations", "conversations", right=True, least=8),
    output.Column("query", "query", least=14),
    output.Column("reason", "reason", least=12, optional=True),
)

_MEMBERS = (
    output.Column("since", "held since", least=17),
    output.Column("started", "started", least=17),
    *hits.TABLE[1:],
)


@click.group("hold", cls=Group)
def command() -> None:
    """Legal holds: what must not be destroyed, whatever the rules of retention say.

    \b
    convarchive hold add MATTER-7 --query 'caller:+15550104477' --reason lawsuit
    convarchive hold list
    convarchive hold release MATTER-7 --reason 'settled on 3 May'
    """


@command.command("add")
@click.argument("name")
@click.option("--query", metavar="QUERY", help="What matches, now and later.")
@click.option("--id", "ids", metavar="ID", multiple=True,
              help="This conversation; can be given again.")  # fmt: skip
@click.option("--reason", required=True, help="Why.")
@click.option("--matter", help="The case that it belongs to.")
@click.option("--by", metavar="WHO", help="Who places it; else the user and the machine.")
@click.option("--utc", is_flag=True, help="Read dates in UTC.")
@click.pass_obj
def add(
    app: App, name: str, query: str | None, ids: tuple[str, ...], reason: str, matter: str | None,
    by: str | None, utc: bool,
) -> int:  # fmt: skip
    """Place a hold. What it protects stays, until the hold is released.

    \b
    convarchive hold add MATTER-7 --query 'caller:+15550104477' --reason lawsuit
    convarchive hold add AUDIT --id conv_8f2kq1 --id conv_1mmzt0 --reason audit
    convarchive hold add ALL --query '*' --reason 'court order' --matter 24-CV-1

    The query is kept as it is understood now: saved searches are written out, and 7d is the instant
    seven days ago. What comes to match later joins the hold after each sync, import and rebuild,
    and before anything is destroyed. To hold more, place another hold.
    """
    app = app._replace(utc=app.utc or utc)
    with app.open(write=True) as archive:
        hold = archive.place_hold(
            name, query=query, ids=ids, reason=reason, matter=matter, by=by
        )  # fmt: skip
    many = screen.counted(hold.conversations, "conversation")
    told = [f"{hold.name} protects {many} from now on."]
    if hold.query is not None:
        told.append(f"So it does with what comes to match: {hold.query}")
    for line in told:
        room = screen.columns(sys.stderr)
        app.say("\n".join(screen.wrapped(screen.one_line(line), room)))
    return unkept(archive)


@command.command("list")
@output.row_options(limit=0)
@click.option("--all", "released", is_flag=True, help="Released ones, too.")
@click.option("--utc", is_flag=True, help="Show dates in UTC.")
@click.pass_obj
def list_(app: App, form: str | None, limit: int, released: bool, utc: bool) -> None:
    """List the holds.

    \b
    convarchive hold list
    convarchive hold list --all --csv
    """
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        found = archive.holds(released=released)
    table = form in (None, "table")
    output.write_rows(
        form or "table",
        [_row(app, hold, table=table) for hold in found[: limit or None]],
        document=lambda rows: {"schema": "convarchive.holds/1", "holds": rows},
        columns=[column for column in COLUMNS if released or column.name != "until"],
    )
    if not found:
        app.say("There is no hold. Place one: convarchive hold add NAME --query Q --reason …")


def _row(app: App, hold: Hold, *, table: bool) -> dict[str, Any]:
    fields = hold._asdict()
    number = fields.pop("hold")
    row = {"id": hold.name or f"({number})", "hold": number, **fields}
    if not table:
        return row
    return row | {
        "name": hold.name or "(forgotten)",
        "since": screen.when(hold.placed_at, app.zone),
        "until": screen.when(hold.released_at, app.zone) if hold.released_at else "",
        "query": hold.query or "(by id)" * (hold.reason is not None),
    }


@command.command("show")
@click.argument("name")
@output.row_options(limit=20)
@click.option("--utc", is_flag=True, help="Show dates in UTC.")
@click.pass_obj
def show(app: App, name: str, form: str | None, limit: int, utc: bool) -> None:
    """Show what a hold protects, newest calls first.

    \b
    convarchive hold show MATTER-7
    convarchive hold show MATTER-7 --ids -n 0
    """
    app = app._replace(utc=app.utc or utc)
    with app.open() as archive:
        hold = archive.hold(name)
        members = archive.held(hold, limit)
        archive.note_access("hold", name, conversations=hold.conversations, form=form)
    table = form in (None, "table")
    if form is None:
        _write_facts(app, hold)
    output.write_rows(
        form or "table",
        [
            hits.table_row(each, app.zone) | {"since": screen.when(since, app.zone)}
            if table
            else hits.row(each) | {"held_since": since}
            for since, each in members
        ],
        document=lambda rows: {
            "schema": "convarchive.hold/1", **_row(app, hold, table=False), "members": rows,
        },
        columns=_MEMBERS,
    )  # fmt: skip
    if table and len(members) < hold.conversations:
        app.say(f"{len(members):,} of {hold.conversations:,}. More: -n N; all: -n 0")


def _write_facts(app: App, hold: Hold) -> None:
    """The hold itself, above its members."""
    facts = {
        "hold": hold.name,
        "matter": hold.matter,
        "placed": f"{screen.when(hold.placed_at, app.zone).strip()} by {hold.placed_by}",
        "reason": hold.reason,
        "query": hold.query,
        "released": hold.released_at
        and f"{screen.when(hold.released_at, app.zone).strip()} by {hold.released_by}",
        "because": hold.release_reason,
        "protects" if hold.released_at is None else "protected": screen.counted(
            hold.conversations, "conversation"
        ),
    }
    for label, text in facts.items():
        lines = screen.wrapped(screen.one_line(text or ""), max(20, screen.columns() - 11))
        for at, line in enumerate(lines if text else ()):
            click.echo(f"{'' if at else label:<11}{line}")
    click.echo()


@command.command("release")
@click.argument("name")
@click.option("--reason", help="Why.")
@click.option("--by", metavar="WHO", help="Who releases it; else the user and the machine.")
@click.pass_obj
def release(app: App, name: str, reason: str | None, by: str | None) -> int:
    """Release a hold. What no other hold protects may be destroyed from then on.

    \b
    convarchive hold release MATTER-7 --reason 'settled on 3 May'
    """
    with app.open(write=True) as archive:
        hold = archive.release_hold(name, reason=reason, by=by)
    many = screen.counted(hold.conversations, "conversation")
    app.say(screen.one_line(f"Released {hold.name}. It protected {many}."))
    return unkept(archive)
