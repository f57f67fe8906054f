"""WebVTT (``.vtt``): what browsers show under a recording; https://www.w3.org/TR/webvtt1/.

Who speaks is markup, ``<v Customer>``, so that a page can style the two sides. Times always have
their hours, of two digits or more, and exactly three digits after the point. `read` takes what
others write as well, see `captions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Final

from convarchive.model import Turn
from convarchive.transcripts import captions
from convarchive.transcripts.captions import Caption
from convarchive.transcripts.cues import Cue, cues
from convarchive.transcripts.timing import clock

_COMMENTS: Final = ("NOTE", "STYLE", "REGION")
_TAG: Final = re.compile(r"(<[^>]*>?)")
_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?(?:\s+([^>]*))?>?")


def write(
    turns: Sequence[Turn], *, duration: float | None = None, speaker_labels: bool = True
) -> str:
    """One cue a turn; the same cues as in SubRip."""
    return "WEBVTT\n" + "".join(
        f"\n{clock(cue.start)} --> {clock(cue.end)}\n{_line(cue, speaker_labels)}\n"
        for cue in cues(turns, duration)
    )


def read(text: str) -> list[Turn]:
    """A turn for each voice of each cue; in a cue without voices, as in SubRip.

    Tags are taken off and characters that are written by name are themselves again. Lines of one
    turn stay lines. The role is guessed from the voice, see `role_of`.
    """
    cues = captions.captions(text, named=True, comments=_COMMENTS)
    return captions.turns((cue, _spoken(cue)) for cue in cues)


def _spoken(cue: Caption) -> list[tuple[str, str]]:
    """Speaker and words."""
    voices = [*_voices("\n".join(cue.lines))]
    if all(voice is None for voice, _ in voices):
        words = "".join(words for _, words in voices)
        return captions.by_label(line for line in words.split("\n") if line.strip())
    # Around voices there may be white space that nobody says.
    return [(voice or "", words) for voice, words in voices if words or voice is not None]


def _voices(markup: str) -> Iterator[tuple[str | None, str]]:
    """The text by who speaks; None for what no voice does."""
    voice: str | None = None
    words: list[str] = []
    for part in _TAG.split(markup):
        begins = _VOICE.fullmatch(part)
        if begins or part.startswith("</v"):
            yield voice, "".join(words).strip()
            voice, words = (unescape(begins[1] or "").strip(), []) if begins else (None, [])
        elif not part.startswith("<"):
            words.append(unescape(part))
    yield voice, "".join(words).strip()


def _line(cue: Cue, speaker_labels: bool) -> str:
    text = _escaped(cue.text)
    return f"<v {_escaped(cue.name)}>{text}" if speaker_labels else text


def _escaped(line: str) -> str:
    """The three characters that markup is made of, by name; names of speakers take them, too."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
