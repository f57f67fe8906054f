"""``convarchive redact``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.cli.redaction import wanted
from convarchive.errors import UsageError
from convarchive.model import Conversation

if TYPE_CHECKING:
    from convarchive.archive import Archive
    from convarchive.redact import Redactor
    from convarchive.redact.conversation import Redacted


@click.command("redact")
@click.argument("query", nargs=-1)
@click.option("--preview", is_flag=True, help="Show what would be hidden.")
@click.option("--kinds", multiple=True, metavar="KIND,…", show_default=True,
              default=("card,cvv,phone,email,ssn,iban",),
              help="Also name:FILE and pattern:FILE.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True,
              help="Places and kinds as one JSON document, without any text.")  # fmt: skip
@click.option("--utc", is_flag=True, help="Read dates in UTC.")
@click.pass_obj
def command(
    app: App,
    query: tuple[str, ...],
    preview: bool,
    kinds: tuple[str, ...],
    as_json: bool,
    utc: bool,
) -> None:
    """See what a redacted export of these conversations would hide.

    \b
    convarchive redact --preview 'topic:billing'
    convarchive redact --preview --kinds card,cvv,name:staff.txt
    convarchive export 'topic:billing' --redact card,cvv -o billing.jsonl

    Nothing is changed: the archive keeps what was said. The text is on the screen, so it is for
    the eyes of those who may read it.
    """
    if not preview:
        raise UsageError(
            "redact changes nothing by itself.", "The archive is the record, and stays as it is.",
            "See what would be hidden with --preview; hide it with: convarchive export --redact",
        )  # fmt: skip
    from convarchive.redact import Redactor

    redactor = Redactor(wanted(kinds))
    app = app._replace(utc=app.utc or utc)
    text = " ".join(query)
    with app.open() as archive:
        found = _found(archive, text, redactor)
        if as_json:
            head = {"schema": "convarchive.redact/1", "query": text}
            rows = [_row(*pair) for pair in found]
            output.write_json({**head, "kinds": redactor.kinds.asked, "conversations": rows})
            return
        many = sum(_write(app, *pair) for pair in found)
    app.say(f"{screen.counted(many, 'conversation')} with something to hide.")


def _found(
    archive: Archive, query: str, redactor: Redactor
) -> Iterator[tuple[Conversation, Redacted]]:
    """The conversations in which something would be hidden, before and after."""
    from convarchive.redact.conversation import redact

    keys = archive.keys(query)
    archive.note_access("redact", query, conversations=len(keys))
    for key, conversation in archive.conversations(keys):
        redacted = redact(conversation, f"redacted-{key}", redactor)
        if redacted.turns or redacted.fields:
            yield conversation, redacted


def _row(conversation: Conversation, redacted: Redacted) -> Mapping[str, Any]:
    return {
        "source": conversation.source,
        "id": redacted.conversation.id,
        "turns": [
            {
                "position": conversation.turns[at].position,
                "hidden": [mark._asdict() for mark in marked],
            }
            for at, marked in redacted.turns.items()
        ],
        "fields": redacted.fields,
    }


def _write(app: App, conversation: Conversation, redacted: Redacted) -> int:
    """One conversation for the eye; counts as one."""
    name = click.style(screen.one_line(conversation.id), bold=True)
    click.echo(f"{screen.when(conversation.started_at, app.zone).strip()}  {name}")
    for line in (*_turns(conversation, redacted), *_fields(redacted)):
        click.echo(f"  {line}")
    click.echo()
    return 1


def _turns(conversation: Conversation, redacted: Redacted) -> Iterator[str]:
    for at, marked in redacted.turns.items():
        turn = conversation.turns[at]
        kinds = ",".join(dict.fromkeys(mark.kind for mark in marked))
        speaker = screen.padded(screen.one_line(turn.speaker or turn.role), 13)
        head = f"{screen.padded(screen.clock(turn.start), 7, right=True)}  {speaker}"
        room = screen.columns() - 27 - len(kinds)
        spans = [(mark.start, mark.end) for mark in marked]
        text = screen.highlighted(turn.text, spans, max(20, room))
        yield f"{head}  {text}  {click.style(kinds, dim=True)}"


def _fields(redacted: Redacted) -> Iterator[str]:
    for name, counts in redacted.fields.items():
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        field = screen.padded(name.replace("_", " "), 13)
        yield f"{'':7}  {field}  {click.style(told, dim=True)}"
