"""``convarchive proof``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convarchive.cli import screen
from convarchive.cli.app import App
from convarchive.errors import NotFound, UsageError

if TYPE_CHECKING:
    from convarchive.archive import Archive
    from convarchive.compliance.proofs import Proof


@click.command("proof")
@click.argument("name", metavar="[ID]", required=False)
@click.option("-o", "--output", metavar="FILE", help="Write the proof to a file; - for stdout.")
@click.option("--revision", metavar="all|N", help="Which states of it; else the newest.")
@click.option("--tombstone", metavar="KEY", type=click.IntRange(1, 2**63 - 1),
              help="That the conversation of this key was here, and was erased.")  # fmt: skip
@click.option("--with-documents", "directory", metavar="DIR",
              help="A directory with the vendor's bytes, sound, proof and checker.")  # fmt: skip
@click.option("--checker", is_flag=True, help="The program that checks proofs, to be handed over.")
@click.option("--json", "as_json", is_flag=True, help="The proof on the standard output.")
@click.option("--force", is_flag=True, help="Replace what is at FILE or DIR.")
@click.pass_obj
def command(
    app: App, /, name: str | None, output: str | None, revision: str | None, tombstone: int | None,
    directory: str | None, checker: bool, as_json: bool, force: bool,
) -> None:  # fmt: skip
    """Prove to anybody that a conversation is what was stored, and since when.

    \b
    convarchive proof conv_8f2kq1
    convarchive proof conv_8f2kq1 -o conv_8f2kq1.proof.json
    convarchive proof --checker -o verify_proof.py
    python verify_proof.py conv_8f2kq1.proof.json --key "$(cat verifier-key.txt)"

    The proof leads from the vendor's bytes to a signed checkpoint. Who checks it needs neither this
    program nor the archive, only the verifier key, which is beside the checkpoints.
    """
    if (name is not None) + (tombstone is not None) + checker != 1:
        raise UsageError("Name what is to be proved: ID, --tombstone KEY, or --checker alone.")
    if name is None and (revision or directory):
        raise UsageError("--revision and --with-documents go with an ID.")
    if checker:
        from convarchive.compliance.proofs import checker as program

        _write(app, output or "-", program(), force)
        return
    with app.open() as archive, archive.snapshot():
        proof = _made(archive, name, revision, tombstone)
        archive.note_access("proof", name or f"--tombstone {tombstone}", conversations=1)
        if directory is not None and name is not None:
            _hand_over(app, archive, name, directory, revision, force)
    if as_json or output is not None:
        from convarchive.compliance.proofs import written

        _write(app, output or "-", written(proof), force)
    elif directory is None:
        _tell(app, proof)


def _made(archive: Archive, name: str | None, revision: str | None, tombstone: int | None) -> Proof:
    if name is None:
        return archive.prover().of_tombstone(tombstone or 0)
    key = _found(archive, name)
    if revision == "all":
        return archive.prover().of_all_states(key)
    if revision is not None and not (revision.isdecimal() and 0 < len(revision) < 18):
        raise UsageError(f"There is no revision {revision!r}.", "", "Give a number, or all.")
    return archive.prover().of(key, [int(revision)] if revision else [])


def _found(archive: Archive, name: str) -> int:
    try:
        return archive.find(name)
    except NotFound:
        erased = archive.key_of_erased(name)
        if erased is None:
            raise
        raise NotFound(
            f"The conversation {name!r} was erased.",
            "That it was here, and when it went, can be proved.",
            f"convarchive proof --tombstone {erased}",
        ) from None


def _hand_over(
    app: App, archive: Archive, name: str, path: str, revision: str | None, force: bool
) -> None:
    """What ``export --format raw --with-proofs`` writes, of one conversation."""
    from convarchive.cli.export import not_heard, selection
    from convarchive.export import Wishes, export

    if revision not in (None, "all"):
        raise UsageError("--with-documents takes the newest state, or --revision all.")
    wishes = Wishes(recordings=True, revisions=revision == "all", proofs=True)
    chosen = selection(archive, None, [archive.find(name)], wishes)
    summary = export(chosen, "raw", Path(path), force=force)
    app.say(f"In {path}. Check it there: python verify_proof.py NAME.proof.json FILES")
    if summary.lost:
        raise not_heard(summary.lost)


def _write(app: App, output: str, data: bytes, force: bool) -> None:
    if output == "-":
        sys.stdout.write(data.decode())
        return
    from convarchive.export.landing import failures_told, new_file

    with failures_told(output), new_file(Path(output), force=force) as file:
        file.write(data)
    app.say(f"Written to {output}.")


def _tell(app: App, proof: Proof) -> None:
    """What is proved, for the eye: a line an entry of the ledger."""
    size = 0
    for part in proof["proofs"]:
        leaf = json.loads(part["leaf"])
        above, _, checkpoint = part["tlog_proof"].partition("\n\n")
        position, size = int(above.split("\n")[1].split()[1]), int(checkpoint.split("\n")[1])
        when = screen.when(leaf["at"], app.zone)
        for line in (f"entry {position:<9,}  {when}  {leaf['kind']}", *_said(leaf, part)):
            click.echo(screen.one_line(line))
    app.say(f"All of it is in the signed checkpoint of {size:,} entries. The verifier key is")
    app.say(f"  {proof['verifier_key']}")
    app.say("Hand it over: convarchive proof ID -o FILE, and: convarchive proof --checker")


def _said(leaf: dict[str, Any], part: dict[str, Any]) -> Iterator[str]:
    """What an entry commits to."""
    content = part["content"]
    if content is None:
        if "commitment" in leaf:
            yield f"  of what was destroyed; the commitment is {leaf['commitment']}"
        return
    if "id_hash" in content:
        yield f"  a conversation of {content['source']}; the keyed hash of its name is"
        yield f"  {content['id_hash']}"
    if "id" in content:
        yield f"  {content['source']}/{content['id']}, revision {content['revision']}"
    for name, sha256, size in content.get("documents", ()):
        yield f"  {name}  {screen.size(size)}  {sha256}"
    if "sha256" in content:
        yield f"  {content['sha256']}"
