"""``text``, ``srt``, ``vtt``: a transcript a conversation, to read or to play beside the recording.

They are views, as `convarchive.transcripts` says: safe to open, but the true text, to the
character, is in ``jsonl``. A conversation without turns has a file, too, valid and without a cue.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from convarchive.export.listing import write_each
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


TEXT = TreeFormat("text", "a plain transcript a conversation", partial(write, fmt="text"))
SRT = TreeFormat("srt", "SubRip subtitles a conversation", partial(write, fmt="srt"))
VTT = TreeFormat("vtt", "WebVTT captions a conversation", partial(write, fmt="vtt"))
