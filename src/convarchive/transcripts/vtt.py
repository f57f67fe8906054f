"""WebVTT (``.vtt``): what browsers show under a recording; https://www.w3.org/TR/webvtt1/.

Who speaks is markup, ``<v Customer>``, so that a page can style the two sides. Times always have
their hours, of two digits or more, and exactly three digits after the point.
"""

from __future__ import annotations

from collections.abc import Sequence

from convarchive.model import Turn
from convarchive.transcripts.cues import Cue, cues
from convarchive.transcripts.timing import clock


def write(
    turns: Sequence[Turn], *, duration: float | None = None, speaker_labels: bool = True
) -> str:
    """One cue a turn; the same cues as in SubRip."""
    return "WEBVTT\n" + "".join(
        f"\n{clock(cue.start)} --> {clock(cue.end)}\n{_line(cue, speaker_labels)}\n"
        for cue in cues(turns, duration)
    )


def _line(cue: Cue, speaker_labels: bool) -> str:
    text = _escaped(cue.text)
    return f"<v {_escaped(cue.name)}>{text}" if speaker_labels else text


def _escaped(line: str) -> str:
    """The three characters that markup is made of, by name; names of speakers take them, too."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
