"""What an evidence package says of its contents: counts, recordings, and what is missing.

One pass through the conversations. It counts them, puts their recordings into the package, each
file once, and writes ``exceptions.json``::

    {"schema":"convarchive.export/1","query":"…",…,"absent":0,"exceptions":[
    {"source":"ayra","id":"conv_8f2kq1","kind":"recording_missing","why":"…"},
    …
    ]}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from convarchive.export.encoding import heading
from convarchive.export.exceptions import Missing, Problems, missing, noted
from convarchive.export.hashing import copied
from convarchive.export.instants import instant
from convarchive.export.listing import opened, separated, streamed
from convarchive.export.names import safe
from convarchive.export.selection import Selection, Sound, Tree
from convarchive.model import Conversation
from convarchive.transcripts.timing import sane

EXCEPTIONS: Final = "exceptions.json"
RECORDINGS: Final = "recordings"
UNKNOWN_MONTH: Final = "unknown"

_SHOWN: Final = 100


@dataclass
class Survey:
    """What came of the pass."""

    absent: int
    """As `Selection.absent`."""
    turns: int = 0
    seconds: float = 0.0
    """All calls together, as far as their duration is known."""
    statuses: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    """Conversations by the month of their start in UTC: ``2026-01``, or `UNKNOWN_MONTH`."""
    first: str | None = None
    """When the first call started, as far as it is known."""
    last: str | None = None
    recordings: int = 0
    """Files."""
    recording_bytes: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """Exceptions by their kind."""
    examples: list[Missing] = field(default_factory=list)
    """The first of them, to be shown; all are in the file."""


def survey(selection: Selection, payload: Tree) -> Survey:
    """Go through the conversations; put recordings and exceptions into the payload."""
    found = Survey(selection.absent())
    whole = opened(heading(selection, absent=found.absent), "exceptions")
    with streamed(payload, EXCEPTIONS, *whole) as out:
        tell = separated(out)
        for exception in _exceptions(selection, payload, found):
            found.missing[exception.kind] += 1
            if len(found.examples) < _SHOWN:
                found.examples.append(exception)
            tell(exception._asdict())
    return found


def _exceptions(selection: Selection, payload: Tree, found: Survey) -> Iterator[Missing]:
    problems: Problems = noted(selection)
    added: set[str] = set()
    for _, conversation in selection.conversations():
        _count(found, conversation)
        yield from missing(selection, conversation, problems)
        sound = selection.sound(conversation)
        if sound and sound.sha256 not in added:
            added.add(sound.sha256)
            _add(sound, payload, found)


def _count(found: Survey, conversation: Conversation) -> None:
    found.turns += len(conversation.turns)
    found.seconds += sane(conversation.duration) or 0.0
    found.statuses[conversation.status] += 1
    started = conversation.started_at if instant(conversation.started_at) else None
    found.months[started[:7] if started else UNKNOWN_MONTH] += 1
    found.first = found.first or started  # they come in the order of their start
    found.last = started or found.last


def _add(sound: Sound, payload: Tree, found: Survey) -> None:
    name = safe(f"{sound.sha256}{sound.path.suffix}")
    file = copied(sound.path, payload, f"{RECORDINGS}/{name}")
    found.recordings += 1
    found.recording_bytes += file.bytes
