"""``convarchive history``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App

if TYPE_CHECKING:
    from convarchive.history import Revision

COLUMNS = (
    output.Column("number", "revision", right=True),
    output.Column("received", "received", least=17),
    output.Column("size", "size", right=True),
    output.Column("what", "changed", least=20),
)


@click.command("history")
@click.argument("name", metavar="ID")
@output.row_options(limit=0)
@click.pass_obj
def command(app: App, name: str, form: str | None, limit: int) -> None:
    """Every state of a conversation that was seen, and what changed from one to the next.

    \b
    convarchive history conv_8f2kq1
    convarchive show conv_8f2kq1 --revision 1
    """
    with app.open() as archive:
        conversation = archive.show(name)
        revisions = archive.history(name)[: limit or None]
        whole_name = f"{conversation.source}/{conversation.id}"
        archive.note_access("history", whole_name, conversations=1, form=form)
    rows: list[dict[str, Any]] = [
        {
            "id": conversation.id,
            "source": conversation.source,
            "revision": revision.number,
            "received_at": revision.received_at,
            "sha256": revision.sha256,
            "bytes": revision.bytes,
            "changes": [change._asdict() for change in revision.changes],
        }
        for revision in revisions
    ]
    if form in (None, "table"):
        rows = [
            {
                "number": revision.number,
                "received": screen.when(revision.received_at, app.zone),
                "size": screen.size(revision.bytes),
                "what": _what(revision, first=revision is revisions[0]),
            }
            for revision in revisions
        ]
    output.write_rows(
        form or "table",
        rows,
        document=lambda found: {"schema": "convarchive.history/1", "revisions": found},
        columns=COLUMNS,
    )


def _what(revision: Revision, *, first: bool) -> str:
    if first:
        return "first seen" if revision.number == 1 else "imported as such"
    changes = "; ".join(_told(change) for change in revision.changes)
    return changes or "nothing that is read from it"


def _told(change: Any) -> str:
    return f"{change.field}: {_short(change.before)} → {_short(change.after)}"


def _short(value: Any) -> str:
    return screen.cut("nothing" if value is None else str(value), 40)
