"""``convarchive export``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from convarchive.cli import redaction, screen
from convarchive.cli.app import App
from convarchive.cli.progress import bar
from convarchive.errors import SomeFailed, UsageError
from convarchive.export import FORMATS, Lost, Problem, Proof, Selection, Summary, Wishes, export

if TYPE_CHECKING:
    from convarchive.archive import Archive

_NAMED = 10
"""Of the recordings that are missing; the manifest has all of them."""


@click.command("export")
@click.argument("query", nargs=-1)
@click.option("-f", "--format", "form", metavar="FORMAT", type=click.Choice(tuple(FORMATS)),
              default="jsonl", show_default=True, help=f"One of {', '.join(FORMATS)}. jsonl, json,"
              " csv and parquet make one file; the others one for each conversation.")  # fmt: skip
@click.option("-o", "--output", metavar="PATH", default="-",
              help="A file, a directory or a .zip; - for the standard output.")  # fmt: skip
@click.option("--ids-from", metavar="FILE", help="These conversations, an id a line; - for stdin.")
@click.option("--turns", is_flag=True, help="With csv and parquet: a row a turn.")
@click.option("--with-recordings", is_flag=True, help="The sound as well.")
@click.option("--revision", type=click.Choice(("newest", "all")), default="newest",
              show_default=True, help="Which states of each.")  # fmt: skip
@click.option("--bag-format", "formats", metavar="FORMAT", multiple=True,
              type=click.Choice(tuple(FORMATS)),
              help="With bagit: a format that goes into the bag; can be given again.")  # fmt: skip
@click.option("--exported-by", metavar="NAME", default="",
              help="With bagit: who hands it over; else the user and the machine.")  # fmt: skip
@click.option("--with-proofs", is_flag=True,
              help="With each what shows that it is what was stored, and a checker.")  # fmt: skip
@click.option("--sign", "signing_key", metavar="KEY", help="With vcon: sign with this PEM key.")
@click.option("--cert", "certificates", metavar="PEM", help="With --sign: the key's certificate.")
@click.option("--redact", multiple=True, metavar="KIND,…",
              help="Hide these: card, cvv, phone, email, ssn, iban, name:FILE, pattern:FILE."
              " Recordings are left out.")  # fmt: skip
@click.option("--silence", "sound", flag_value="silence",
              help="With --redact: recordings with silence where something is hidden.")  # fmt: skip
@click.option("--keep-audio", "sound", flag_value="keep",
              help="With --redact: recordings as they are.")  # fmt: skip
@click.option("--redact-report", "report", metavar="FILE",
              help="With --redact: what was hidden where, as JSON.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace what is at PATH.")
@click.option("--utc", is_flag=True, help="Read dates in UTC.")
@click.pass_obj
def command(
    app: App,
    /,
    query: tuple[str, ...],
    form: str,
    output: str,
    ids_from: str | None,
    turns: bool,
    force: bool,
    utc: bool,
    **wished: Any,
) -> None:
    """Write the conversations that a query finds, all of them, to files.

    \b
    convarchive export since:2026-01 --format jsonl -o calls.jsonl
    convarchive export 'customer:"charged twice"' --format srt -o calls.zip
    convarchive search invoice --ids -n 0 | convarchive export --ids-from -

    An export is whole or not there at all, and the same archive and query give the same bytes.
    """
    text = " ".join(query)
    if ids_from is not None and text:
        raise UsageError("A query and --ids-from can't be given together.")
    app = app._replace(utc=app.utc or utc)
    hiding = {name: wished.pop(name) for name in ("redact", "sound", "report")}
    wishes = _wishes(form, **wished)
    redacting = redaction.asked(**hiding, force=force, wishes=wishes)
    # What goes to the standard output may come to the same screen as the bar, if through a pipe.
    watched = app._replace(quiet=app.quiet or output == "-")
    with app.open() as archive, archive.snapshot(), bar(watched, "Exporting") as tell:
        keys = archive.keys(text) if ids_from is None else _named(archive, ids_from)
        asked = text if ids_from is None else None
        _note(archive, asked, len(keys), form)
        with redacting(selection(archive, asked, keys, wishes)) as (what, told):
            summary = export(
                what, form, None if output == "-" else Path(output),
                force=force, turns=turns, progress=lambda done: tell(done, len(keys)),
            )  # fmt: skip
    _tell(app, summary, told)


def _note(archive: Archive, query: str | None, many: int, form: str) -> None:
    """Write down that somebody takes these away."""
    if not archive.note_access("export", query, conversations=many, form=form):
        click.echo(
            "convarchive: This export is not in the archive's ledger.\n"
            "  The archive can't be written to here.",
            err=True,
        )


def _tell(app: App, summary: Summary, told: Sequence[str]) -> None:
    for line in (*_told(summary), *told):
        app.say(line)
    if summary.lost:
        raise not_heard(summary.lost)


def _told(summary: Summary) -> Iterator[str]:
    if summary.path is not None:
        written = f"{screen.counted(summary.count, 'conversation')}, {screen.size(summary.bytes)}"
        yield f"{written}, in {summary.path}"
        if summary.without_transcript:
            yield f"{summary.without_transcript:,} of them have no turns."


def not_heard(lost: Sequence[Lost]) -> SomeFailed:
    """What is to be raised where recordings are missing from what was written."""
    named = [f"{one.source}/{one.id} ({one.why})" for one in lost[:_NAMED]]
    more = len(lost) - len(named)
    return SomeFailed(
        f"All is written, but for {screen.counted(len(lost), 'recording')}.",
        f"{', '.join(named)}{f' and {more:,} more' if more else ''}.",
        "The manifest has them as null. Restore the archive's recordings from a backup.",
    )


def _wishes(
    form: str, *, with_recordings: bool, with_proofs: bool, revision: str, formats: tuple[str, ...],
    signing_key: str | None, certificates: str | None, exported_by: str,
) -> Wishes:  # fmt: skip
    key, chain = (Path(path) if path else None for path in (signing_key, certificates))
    if (key is None) != (chain is None):
        raise UsageError("--sign and --cert go together.", "A signature names who has signed.")
    if _in_the_environment("exported_by") and "exported_by" not in FORMATS[form].grants:
        exported_by = ""
    return Wishes(with_recordings, revision == "all", formats, key, chain, exported_by, with_proofs)


def _in_the_environment(option: str) -> bool:
    """Whether it was set for all exports, and not for this one."""
    source = click.get_current_context().get_parameter_source(option)
    return source is ParameterSource.ENVIRONMENT


def selection(
    archive: Archive, query: str | None, keys: Sequence[int], wishes: Wishes
) -> Selection:
    """What is exported of an archive.

    Args:
        archive: Within a snapshot.
        query: What found it; None where the conversations were named.
        keys: Of the conversations, in the order of exports.
        wishes: What else is wanted.

    Raises:
        ConvarchiveError: Proofs are wanted, and no checkpoint is signed yet.
    """
    from convarchive.query import to_text
    from convarchive.searches import names

    # Who receives it does not have the saved searches. A list of ids is no query.
    understood = "" if query is None else to_text(archive.parse(query))
    return Selection(
        query=understood if query and names(query) else query or "",
        archive=archive.directory.absolute().name,
        count=len(keys),
        conversations=lambda: archive.conversations(keys),
        documents=archive.documents,
        earlier=archive.earlier,
        understood=understood,
        recording=archive.recording,
        problems=lambda: (Problem(p.source, p.id, p.message) for p in archive.problems()),
        absent=lambda: len(archive.coverage().missing),
        wishes=wishes,
        **proving(archive, wishes),
    )


def proving(archive: Archive, wishes: Wishes) -> dict[str, Any]:
    """What a selection needs for proofs, if they are wished for; all by the same checkpoint.

    Raises:
        ConvarchiveError: No checkpoint is signed yet.
    """
    if not wishes.proofs:
        return {}
    prover = archive.prover()

    def proof(key: int, revision: int | None) -> Proof:
        if revision is None and wishes.revisions:
            return prover.of_all_states(key)
        return prover.of(key, [] if revision is None else [revision])

    return {"proof": proof}


def _named(archive: Archive, path: str) -> list[int]:
    """The keys of the conversations that a file names, in the order of exports."""
    try:
        file = sys.stdin if path == "-" else Path(path).open(encoding="utf-8")  # noqa: SIM115
        with file:
            names = [line.strip() for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read.", f"{error}.") from error
    wanted = {archive.find(name) for name in names}
    return [key for key in archive.keys("") if key in wanted]
