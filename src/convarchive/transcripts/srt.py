r"""SubRip (``.srt``): the subtitle format that every player and every court reporter can open.

It has no standard and no way to escape, only habits: cues numbered from 1, ``HH:MM:SS,mmm``, a
blank line after each. Lines end in LF here, which every reader takes. `read` takes what others
write as well, see `captions`.

Players have come to obey tags as of HTML (``<b>``, ``<font color=…>``) and of ASS (``{\an8}``), and
drop those that they do not know, with what they say. So what would begin a tag in a text becomes a
character that looks like it: ``‹b>``, ``(\an8}``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from convarchive.model import Turn
from convarchive.transcripts.captions import by_label, captions, turns
from convarchive.transcripts.cues import Cue, cues
from convarchive.transcripts.timing import clock

_MARKUP: Final = re.compile(r"</?(?:[bius]|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
"""What players take for styles and places. Any other angle bracket is text."""
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_OVERRIDE: Final = "{\\"


def write(
    turns: Sequence[Turn], *, duration: float | None = None, speaker_labels: bool = True
) -> str:
    """One cue a turn, ``Name: text``; the same cues as in WebVTT."""
    return "".join(
        f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n"
        f"{_line(cue, speaker_labels)}\n\n"
        for number, cue in enumerate(cues(turns, duration), start=1)
    )


def read(text: str) -> list[Turn]:
    """A turn a cue, or several where several lines of it begin with a speaker (``Name: text``).

    Lines of one turn stay lines. The role is guessed from the speaker, see `role_of`.
    """
    return turns(
        (cue, by_label(_MARKUP.sub("", line) for line in cue.lines)) for cue in captions(text)
    )


def _line(cue: Cue, speaker_labels: bool) -> str:
    line = f"{cue.name}: {cue.text}" if speaker_labels else cue.text
    return _TAG.sub("‹", line).replace(_OVERRIDE, "(\\")
