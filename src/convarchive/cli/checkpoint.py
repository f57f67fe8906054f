"""``convarchive checkpoint``."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import output, screen
from convarchive.cli.app import App
from convarchive.errors import DamageFound, NotFound, PathExists, UsageError

if TYPE_CHECKING:
    from convarchive.archive import Archive
    from convarchive.compliance.checkpoints import Checkpoint
    from convarchive.compliance.stamps import Stamp

COLUMNS = (
    output.Column("id", "checkpoint", least=21),
    output.Column("size", "entries", right=True, least=7),
    output.Column("at", "as of", least=17),
    output.Column("signed", "signed", least=6),
    output.Column("stamped", "stamp", least=5, optional=True),
)


@click.group("checkpoint", invoke_without_command=True)
@click.option("-o", "--output", "path", metavar="FILE", help="Write it there too; - for stdout.")
@click.option("--tsa", metavar="URL", help="Have it stamped by this authority (RFC 3161).")
@click.option("--new-key", is_flag=True, help="Sign with a new key from now on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def command(
    ctx: click.Context, path: str | None, tsa: str | None, new_key: bool, as_json: bool
) -> None:
    """Sign the archive as it is now: a few lines to be kept elsewhere, the proof of later.

    \b
    convarchive checkpoint
    convarchive checkpoint -o /mnt/elsewhere/calls.txt
    convarchive checkpoint --tsa http://timestamp.digicert.com
    convarchive checkpoint verify /mnt/elsewhere/calls.txt

    Nothing before a checkpoint can be altered, removed or put in without its copy telling. One is
    written after each sync and import, into checkpoints/ within the archive.
    """
    app: App = ctx.obj
    if ctx.invoked_subcommand is not None:
        if path or tsa or new_key or as_json:
            raise UsageError(
                f"That option stands behind {ctx.invoked_subcommand}, or is not one of it.",
                "", f"See: convarchive checkpoint {ctx.invoked_subcommand} --help",
            )  # fmt: skip
        return
    with app.open(write=True) as archive:
        made = archive.checkpoint(new_key=new_key, tsa=tsa)
        key = archive.verifier_keys()[-1]
        if path is not None and path != "-":
            _write(archive, Path(path), made.text)
        if as_json:
            document = {"schema": "convarchive.checkpoint/1", **_row(archive, made)}
            output.write_json(document | {"verifier_key": key})
        elif path is None or path == "-":
            click.echo(made.text, nl=False)
    app.say(f"Verifier key: {key}")


@command.command("list")
@output.row_options(limit=0)
@click.pass_obj
def list_(app: App, form: str | None, limit: int) -> None:
    """List the checkpoints in the archive, the newest first.

    \b
    convarchive checkpoint list
    convarchive checkpoint list -n 1 --json
    """
    with app.open() as archive:
        found = archive.checkpoints()[::-1][: limit or None]
        rows = [_row(archive, each) for each in found]
    output.write_rows(
        form or "table",
        [_shown(app, row) for row in rows] if form in (None, "table") else rows,
        document=lambda listed: {"schema": "convarchive.checkpoints/1", "checkpoints": listed},
        columns=COLUMNS,
    )
    if not rows:
        app.say("Nothing is signed yet. Sign it: convarchive checkpoint")


@command.command("verify")
@click.argument("file")
@click.option("--key", "vkeys", metavar="VKEY", multiple=True,
              help="The verifier key of who has to have signed it. Else any that the archive"
              " knows.")  # fmt: skip
@click.option("--tsr", metavar="FILE", help="Its time stamp, where it isn't beside it.")
@click.option("--tsa-ca", metavar="PEM", help="Whom to trust for time stamps: certificates.")
@click.option("--quick", is_flag=True, help="Trust the hashes that are kept beside the entries.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def verify(
    app: App,
    /,
    file: str,
    vkeys: tuple[str, ...],
    tsr: str | None,
    tsa_ca: str | None,
    quick: bool,
    as_json: bool,
) -> None:
    """See whether the archive goes on from a checkpoint that was kept elsewhere.

    \b
    convarchive checkpoint verify calls.txt
    convarchive checkpoint verify calls.txt --tsa-ca authority.pem

    Exit code 7: something before it was altered, removed or put in, or an older archive was put
    back. This compares the ledger alone; convarchive verify compares all that is stored with it.
    """
    data = _read(file)
    with app.open() as archive:
        checkpoint = archive.compare(data, _checked(vkeys), quick=quick)
        size = archive.ledger_entries()
    stamp = _stamp(file, data, tsr, tsa_ca)
    if as_json:
        output.write_json(_document(checkpoint, size, stamp))
        return
    grown = size - checkpoint.size
    since = f", and {screen.counted(grown, 'entry', 'entries')} since" if grown else ""
    held = screen.counted(checkpoint.size, "entry", "entries")
    click.echo(f"The archive goes on from this checkpoint: all of its {held}{since}.")
    if stamp is not None:
        click.echo(_told(app, stamp))


@command.command("consistency")
@click.argument("old")
@click.argument("new", required=False)
@click.pass_obj
def consistency(app: App, old: str, new: str | None) -> None:
    """Print the proof (RFC 6962) that the ledger only grew from OLD to NEW, or to now.

    \b
    convarchive checkpoint consistency calls.txt
    convarchive checkpoint consistency 120 4000

    OLD and NEW are checkpoints, or how many entries there were. Hashes in base64, one a line; none
    where both are the same.
    """
    with app.open() as archive:
        sizes = (_size(archive, old), None if new is None else _size(archive, new))
        proof = archive.consistency(*sizes)
    for hashed in proof:
        click.echo(base64.b64encode(hashed).decode())


def _stamp(file: str, data: bytes, tsr: str | None, tsa_ca: str | None) -> Stamp | None:
    """The time stamp that is given, or is beside the checkpoint; None where there is none."""
    from convarchive.compliance import stamps

    place = Path(tsr) if tsr else stamps.place_of(Path(file))
    if not tsr and not tsa_ca and not place.exists():
        return None
    return stamps.check(_read(str(place)), data, None if tsa_ca is None else _read(tsa_ca))


def _told(app: App, stamp: Stamp) -> str:
    at = screen.when(stamp.at.isoformat(), app.zone).strip()
    if stamp.checked:
        return f"It was there on {at}, says its time stamp, which is signed rightly."
    return f"Its time stamp says {at}; who signed that was not checked: give --tsa-ca."


def _row(archive: Archive, checkpoint: Checkpoint) -> dict[str, Any]:
    from convarchive.compliance import stamps

    path = checkpoint.path
    stamp = stamps.place_of(path) if path else None
    return {
        "id": path.stem if path else "",
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "at": archive.entered_at(checkpoint.size - 1),
        "origin": checkpoint.origin,
        "signed_by": list(checkpoint.signed_by),
        "error": checkpoint.error or None,
        "path": str(path) if path else None,
        "stamp": str(stamp) if stamp and stamp.exists() else None,
        "text": checkpoint.text.decode(errors="replace"),
    }


def _shown(app: App, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "size": row["size"],
        "at": screen.when(row["at"], app.zone).strip(),
        "signed": "yes" if row["signed_by"] else f"no: {row['error']}",
        "stamped": "yes" if row["stamp"] else "",
    }


def _document(checkpoint: Checkpoint, size: int, stamp: Stamp | None) -> dict[str, Any]:
    return {
        "schema": "convarchive.checkpoint-verification/1",
        "ok": True,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "signed_by": list(checkpoint.signed_by),
        "ledger_entries": size,
        "stamp": None
        if stamp is None
        else {
            "at": stamp.at.isoformat().replace("+00:00", "Z"),
            "signature_checked": stamp.checked,
        },
    }


def _checked(vkeys: tuple[str, ...]) -> list[str]:
    from convarchive.compliance import notes

    try:
        return [notes.check_verifier_key(vkey) for vkey in vkeys]
    except notes.NoteError as error:
        raise UsageError("--key: this is no verifier key.", str(error)) from None


def _size(archive: Archive, named: str) -> int:
    if named.isdecimal():
        return int(named)
    return archive.compare(_read(named), quick=True).size


def _read(file: str) -> bytes:
    from convarchive.compliance.notes import LONGEST

    try:
        with click.open_file(file, "rb") as opened:
            data: bytes = opened.read(LONGEST + 1)
            return data
    except FileNotFoundError:
        raise NotFound(f"There is no file {file}.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read.", f"{error.strerror}.") from error


def _write(archive: Archive, path: Path, text: bytes) -> None:
    """Write a checkpoint, in the place of an earlier one of the same history if there is one.

    Raises:
        PathExists: Something else is there; a checkpoint of another history above all.
        UsageError: It can't be written.
    """
    from convarchive import disk

    try:
        if path.exists():
            archive.compare(path.read_bytes(), quick=True)
        disk.write(path, text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", f"{error.strerror}.") from error
    except (UsageError, DamageFound) as error:
        raise PathExists(
            f"{path} is there already, and is no earlier checkpoint of this archive.",
            str(error), "Name another file.",
        ) from error  # fmt: skip
