"""The options of ``export`` that hide things, and what is told of them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from convarchive.cli import output, screen
from convarchive.errors import UsageError
from convarchive.export import Selection, Wishes

if TYPE_CHECKING:
    from convarchive.redact import Kinds, Redaction

Redacting = Callable[[Selection], AbstractContextManager[tuple[Selection, list[str]]]]
"""From a selection to one without what is hidden, and lines to tell the user when it is done."""


def asked(
    redact: Sequence[str], sound: str | None, report: str | None, *, force: bool, wishes: Wishes
) -> Redacting:
    """What these options ask for.

    Raises:
        UsageError: They do not go together, or a kind is unknown.
    """
    if not redact:
        if sound or report:
            raise UsageError("--silence, --keep-audio and --redact-report go with --redact.")
        return _nothing
    if wishes.proofs:
        raise UsageError(
            "--redact and --with-proofs can't be given together.",
            "What is redacted is not what was stored, so it can't be proved to be.",
            "Leave out one of them.",
        )
    if wishes.revisions:
        raise UsageError("--redact takes the newest state alone.", "", "Leave out --revision all.")
    if wishes.recordings and not sound:
        raise UsageError(
            "A redacted export leaves recordings out.",
            "What is said in them can't be looked through.",
            "Add --silence, which blanks the turns where something is hidden, or --keep-audio.",
        )
    return partial(
        _redacted, wanted(redact), sound or "without", Path(report) if report else None, force
    )


def wanted(lists: Sequence[str]) -> Kinds:
    """The kinds of an option that is a list and can be given again.

    Raises:
        UsageError: One is unknown, or its file cannot be read.
    """
    from convarchive.redact import kinds

    return kinds([kind for each in lists for kind in each.split(",")])


@contextmanager
def _nothing(selection: Selection) -> Iterator[tuple[Selection, list[str]]]:
    yield selection, []


@contextmanager
def _redacted(
    kinds: Kinds, sound: str, path: Path | None, force: bool, selection: Selection
) -> Iterator[tuple[Selection, list[str]]]:
    from convarchive.export.landing import new_file
    from convarchive.redact import Redaction

    told: list[str] = []
    with ExitStack() as stack:
        # Its place is looked at before the work begins; it lands when that is done.
        file = stack.enter_context(new_file(path, force=force)) if path else None
        redaction = stack.enter_context(Redaction(selection, kinds, sound))
        yield redaction.selection, told
        told += _told(redaction, path)
        if file:
            file.write(output.dumped(redaction.document(), indent=2).encode() + b"\n")


def _told(redaction: Redaction, path: Path | None) -> Iterator[str]:
    totals = redaction.report.totals()
    hidden = ", ".join(f"{count:,} {kind}" for kind, count in totals.hidden.items())
    where = f" in {screen.counted(totals.conversations, 'conversation')}" if hidden else ""
    yield f"Hidden: {hidden or 'nothing'}{where}. Review it: no rule finds everything."
    for what, count in totals.left_out.items():
        yield f"Left out: {screen.counted(count, what)}" + (
            "." if path else ", see --redact-report."
        )
