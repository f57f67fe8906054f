"""Transcripts as people and players read them: plain text, SubRip and WebVTT.

========  ==========================================================  ===================
format    what it looks like                                          module
========  ==========================================================  ===================
``text``  ``[00:00:05] Customer: I was charged twice``, one turn      `text` (reads, too)
          a line
``srt``   SubRip: numbered cues, ``Customer: I was charged twice``    `srt`
``vtt``   WebVTT: the same cues, with ``<v Customer>`` voices         `vtt`
========  ==========================================================  ===================

None of them can carry everything that a turn has, and all three have places where a text could pass
itself off as structure. So they are views: made for the eye, safe to open, one entry a turn. The
true text, to the character, is in the JSON.

What the formats share has its own modules: `plain` (no control characters reach a screen), `roles`
(who is who), `timing` (times where the vendor gave none) and `cues` (what SRT and VTT have in
common).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from convarchive.model import Turn

__all__ = ["FORMATS", "MEDIA_TYPES", "write"]

FORMATS: Final = ("text", "srt", "vtt")
"""What `write` can make, as people ask for it."""

MEDIA_TYPES: Final = {
    "text": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
"""What HTTP calls them."""


def write(
    turns: Sequence[Turn],
    fmt: str,
    *,
    duration: float | None = None,
    include_timestamps: bool = True,
    speaker_labels: bool = True,
) -> str:
    """The turns as one document of this format, lines ending in LF.

    Args:
        turns: In the order of the transcript.
        fmt: One of `FORMATS`.
        duration: Of the call, in seconds, where it is known: the last cue ends no later.
        include_timestamps: Whether lines of ``text`` begin with the time; cues always have theirs.
        speaker_labels: Whether it says who speaks.

    Raises:
        ValueError: The format is none of `FORMATS`.
    """
    # Loaded when used: a search needs nothing of this room but `plain`.
    from convarchive.transcripts import srt, text, vtt

    if fmt == "text":
        return text.write(
            turns, include_timestamps=include_timestamps, speaker_labels=speaker_labels
        )
    if fmt == "srt":
        return srt.write(turns, duration=duration, speaker_labels=speaker_labels)
    if fmt == "vtt":
        return vtt.write(turns, duration=duration, speaker_labels=speaker_labels)
    raise ValueError(f"no transcript format {fmt!r}; there are {', '.join(FORMATS)}")
