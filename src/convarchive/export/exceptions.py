"""What is missing from an export, and why: the list that goes beside what is there.

Who hands over evidence has to say what is not in it. For each conversation that was found, this
names what one would expect of it and will not find, in a word for machines and a sentence for
people:

=========================  =========================================================================
``in_progress``            the call was going on when it was last seen
``transcript_pending``     it is finished, and the vendor has not made a transcript yet
``no_transcript``          it failed or was abandoned, and has no transcript
``no_turns``               there is a transcript, with nothing in it
``recording_missing``      its recording is known, but not on the disk
``recording_damaged``      it was there, but its bytes are not those that were fetched
``problem``                the archive could not get something of it, with what it noted
=========================  =========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from convarchive.export.selection import Selection
from convarchive.model import Conversation


class Missing(NamedTuple):
    """Something that a reader would look for in vain."""

    source: str
    id: str
    kind: str
    why: str
    """One sentence."""


KINDS: Final[Mapping[str, str]] = {
    "in_progress": "The call was still in progress: it is here as it was last seen.",
    "transcript_pending": "The vendor had not made a transcript yet.",
    "no_transcript": "There is no transcript.",
    "no_turns": "The transcript is empty.",
    "recording_missing": "There is a recording, but its file is not in the archive.",
    "recording_damaged": "The recording is left out: its bytes have changed since it was fetched.",
    "problem": "The archive could not get all of it.",
}
"""What each kind means, as a sentence."""

Problems = Mapping[tuple[str, str], Sequence[str]]
"""What the archive has noted about a conversation, by source and id."""


def missing(selection: Selection, conversation: Conversation, problems: Problems) -> list[Missing]:
    """What is not there of this conversation, but for what only its bytes could tell."""
    kinds = list(_of_transcript(conversation))
    recording = conversation.recording
    if selection.wishes.recordings and recording and not selection.sound(conversation):
        lost = recording.sha256 and selection.why_lost(recording.sha256) != "missing"
        kinds.append("recording_damaged" if lost else "recording_missing")
    noted = problems.get((conversation.source, conversation.id), ())
    return [
        *(lacking(conversation, kind) for kind in kinds),
        *(lacking(conversation, "problem", message) for message in noted),
    ]


def lacking(conversation: Conversation, kind: str, why: str = "") -> Missing:
    """One of `KINDS`, in its own words or in these."""
    return Missing(conversation.source, conversation.id, kind, why or KINDS[kind])


def noted(selection: Selection) -> Problems:
    """The archive's problems, to look them up."""
    found: dict[tuple[str, str], list[str]] = {}
    for problem in selection.problems():
        found.setdefault((problem.source, problem.id), []).append(problem.message)
    return found


def _of_transcript(conversation: Conversation) -> Iterator[str]:
    if conversation.status == "in_progress":
        yield "in_progress"
    elif not conversation.has_transcript and not conversation.turns:
        yield "transcript_pending" if conversation.status == "completed" else "no_transcript"
    elif not conversation.turns:
        yield "no_turns"
