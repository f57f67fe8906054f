"""``text``, ``srt``, ``vtt``: a transcript a conversation, to read or to play beside the recording.

They are views, as `convarchive.transcripts` says: safe to open, but the true text, to the
character, is in ``jsonl``. A conversation without turns has a file, too, valid and without a cue.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from convarchive.export.listing import BESIDE, write_each
from convarchive.export.selection import Selection, Tree, TreeFormat
from convarchive.model import Conversation
from convarchive.transcripts import write as transcript

_SUFFIXES: Final = {"text": "txt", "srt": "srt", "vtt": "vtt"}


def write(selection: Selection, tree: Tree, *, fmt: str) -> None:
    """A file a conversation in one of the formats of `convarchive.transcripts`."""

    def files(_: int, conversation: Conversation) -> list[tuple[str, bytes]]:
        document = transcript(conversation.turns, fmt, duration=conversation.duration)
        return [(_SUFFIXES[fmt], document.encode())]

    write_each(selection, tree, fmt, files)


def _format(fmt: str, what: str) -> TreeFormat:
    return TreeFormat(fmt, what, partial(write, fmt=fmt), grants=BESIDE)


TEXT = _format("text", "a plain transcript a conversation")
SRT = _format("srt", "SubRip subtitles a conversation")
VTT = _format("vtt", "WebVTT captions a conversation")
