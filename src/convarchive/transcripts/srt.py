"""SubRip (``.srt``): the subtitle format that every player and every court reporter can open.

It has no standard and no way to escape, only habits: cues numbered from 1, ``HH:MM:SS,mmm``, a
blank line after each. Lines end in LF here, which every reader takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from convarchive.model import Turn
from convarchive.transcripts.cues import Cue, cues
from convarchive.transcripts.timing import clock


def write(
    turns: Sequence[Turn], *, duration: float | None = None, speaker_labels: bool = True
) -> str:
    """One cue a turn, ``Name: text``; the same cues as in WebVTT."""
    return "".join(
        f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n"
        f"{_line(cue, speaker_labels)}\n\n"
        for number, cue in enumerate(cues(turns, duration), start=1)
    )


def _line(cue: Cue, speaker_labels: bool) -> str:
    return f"{cue.name}: {cue.text}" if speaker_labels else cue.text
