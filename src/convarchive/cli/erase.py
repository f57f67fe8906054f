"""``convarchive erase``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App, unkept
from convarchive.cli.destroying import MEANWHILE, agreed, told
from convarchive.errors import UsageError

if TYPE_CHECKING:
    from convarchive.compliance.destruction import Destroyed
    from convarchive.compliance.erasure import Plan
    from convarchive.store.removal import Named

COLUMNS = (
    output.Column("id", "conversation", least=17),
    output.Column("source", "source"),
    output.Column("started", "started", least=17),
    output.Column("caller_number", "caller", least=12),
    output.Column("protected", "protected", least=12, optional=True),
)


@click.command("erase")
@click.argument("ids", nargs=-1, metavar="[ID…]")
@click.option("--caller", "callers", multiple=True, metavar="NUMBER",
              help="All conversations of this caller, with the country's code: +1…")  # fmt: skip
@click.option("--reason", metavar="TEXT", help="Why. It is kept for good; name nobody in it.")
@click.option("--by", metavar="NAME", help="Who answers for it; else the system's user.")
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    app: App, /, ids: tuple[str, ...], callers: tuple[str, ...], reason: str | None,
    by: str | None, dry_run: bool, yes: bool, as_json: bool,
) -> int:  # fmt: skip
    """Erase conversations for good: a person's right by GDPR article 17.

    \b
    convarchive erase --caller +15550104477 --dry-run
    convarchive erase --caller +15550104477 --reason 'Request 2026-17'
    convarchive erase conv_8f2kq1 conv_1mmzt0 --reason 'Request 2026-18' --yes

    Text, payloads, recordings and search index: no byte is left in the archive, and a sync does not
    bring it back. What a legal hold or a rule of retention protects can't be erased; then nothing
    is. A certificate is written. Backups and exports are not reached.
    """
    if not dry_run and reason is None:
        raise UsageError("A reason is needed.", "It is kept for good.", "Give it: --reason TEXT")
    with app.open(write=True) as archive:
        from convarchive.compliance import erasure

        plan = archive.plan_erasure(ids, callers)
        if not as_json:
            _show(app, plan)
        if plan.protected or dry_run:
            if as_json:
                output.write_json(_document(plan, None))
            erasure.refuse(plan)
            app.say("Nothing was erased.")
            return 0
        erasure.check_reason(plan, reason or "")
        many = screen.counted(len(plan.doomed), "conversation")
        agreed(f"Erase {many} for good?", yes=yes)
        app.say(MEANWHILE)
        done = archive.erase(plan, reason=reason or "", by=by)
    if as_json:
        output.write_json(_document(plan, done))
    told(app, done, "Erased")
    return unkept(archive)


def _show(app: App, plan: Plan) -> None:
    rows = [
        _row(each)
        | {
            "started": screen.when(each.started_at, app.zone),
            "protected": "; ".join(obstacle.told for obstacle in plan.protected.get(each.key, ())),
        }
        for each in plan.doomed
    ]
    columns = COLUMNS if plan.protected else COLUMNS[:-1]
    output.write_rows("table", rows, document=lambda _: {}, columns=columns)
    recordings = screen.counted(plan.recordings, "recording")
    app.say(f"{screen.counted(len(rows), 'conversation')} with {recordings}.")
    _note(app, plan.mentioning)


def _note(app: App, mentioning: Sequence[Named]) -> None:
    if not mentioning:
        return
    some = ", ".join(each.id for each in mentioning[:5])
    more = " …" if len(mentioning) > 5 else ""
    what = "conversation mentions" if len(mentioning) == 1 else "conversations mention"
    said = f"{len(mentioning):,} other {what} the number, to be looked at: {some}{more}"
    app.say("\n  ".join(screen.wrapped(screen.one_line(said), screen.columns(sys.stderr) - 2)))


def _row(each: Named) -> dict[str, Any]:
    return {
        "id": each.id,
        "source": each.source,
        "started_at": each.started_at,
        "caller_number": each.caller_number,
    }


def _document(plan: Plan, done: Destroyed | None) -> dict[str, Any]:
    return {
        "schema": "convarchive.erase/1",
        "erased": done is not None,
        "conversations": [
            _row(each)
            | {"protected": [obstacle.told for obstacle in plan.protected.get(each.key, ())]}
            for each in plan.doomed
        ],
        "recordings": plan.recordings,
        "mentioning": [_row(each) for each in plan.mentioning],
        "disposal": None if done is None else done.disposal,
        "certificate": None if done is None else str(done.certificate),
        "remains": [] if done is None else list(done.remains),
    }
