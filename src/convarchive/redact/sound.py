"""What becomes of the recordings: left out, handed over as they are, or with silence in places.

Left out is the rule, as nobody can hear in a file what is in it. The hash and the size go as well:
who has the original finds by them which conversation this was. To silence takes a turn's times, and
sound that can be silenced (`silence`); where either is missing, the recording is left out, and the
report says why. A turn in which something is hidden is silent from its first to its last sample,
since nobody knows when in it the digits were spoken.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from convarchive.model import Conversation, Recording, Turn
from convarchive.redact.silence import Seconds, Wave, opened, silenced

MODES: Final = ("without", "keep", "silence")

_AT_HAND: Final = 4
"""Silenced files that are kept: who asks for one copies it before asking for many more."""

Find = Callable[[str], Path | None]


class Kept(NamedTuple):
    """What is handed over of a recording."""

    recording: Recording | None
    why_not: str = ""
    """Why it is left out."""


class Sound:
    """The recordings of one export.

    Args:
        mode: One of `MODES`.
        find: Where the file of a SHA-256 is.
    """

    def __init__(self, mode: str, find: Find) -> None:
        self._mode = mode
        self._find = find
        self._silenced: dict[str, tuple[Path, tuple[Seconds, ...]]] = {}
        self._files: deque[Path] = deque()
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    def kept(self, conversation: Conversation, hidden: Iterable[int]) -> Kept:
        """What is handed over of a conversation's recording.

        Args:
            conversation: As it is in the archive.
            hidden: The indexes of the turns in which something is hidden.
        """
        recording = conversation.recording
        if recording is None or recording.sha256 is None:
            return Kept(None)
        if self._mode == "keep":
            return Kept(recording._replace(url=None))  # a link to what the vendor has
        if self._mode == "without":
            return Kept(None, "recordings are left out unless they are asked for")
        file = self._find(recording.sha256)
        wave = opened(file) if file else None
        stretches = _stretches(conversation.turns, sorted(hidden))
        if wave is None:
            return Kept(
                None, "it is not there" if file is None else "it is not WAV of a plain kind"
            )
        if stretches is None:
            return Kept(None, "the transcript does not say when it was spoken")
        return Kept(self._prepared(wave, stretches, recording))

    def file(self, sha256: str) -> Path | None:
        """The file with the sound of this SHA-256, which is that of what is handed over. One with
        silence in it is good until some more were asked for."""
        if self._mode == "keep":
            return self._find(sha256)
        if sha256 not in self._silenced:
            return None
        path, stretches = self._silenced[sha256]
        wave = opened(path)
        return self._written(sha256, wave, stretches) if wave else None

    def close(self) -> None:
        """Remove what was silenced."""
        if self._directory is not None:
            self._directory.cleanup()

    def _prepared(self, wave: Wave, stretches: Sequence[Seconds], before: Recording) -> Recording:
        digest, size = hashlib.sha256(), 0
        for piece in silenced(wave, stretches):
            digest.update(piece)
            size += len(piece)
        sha256 = digest.hexdigest()
        self._silenced[sha256] = wave.path, tuple(stretches)
        return Recording(None, sha256, size, before.media_type)

    def _written(self, sha256: str, wave: Wave, stretches: Sequence[Seconds]) -> Path:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="convarchive-")
        path = Path(self._directory.name) / f"{sha256}{wave.path.suffix}"
        if path not in self._files:
            with path.open("xb") as out:
                for piece in silenced(wave, stretches):
                    out.write(piece)
            self._files.append(path)
        if len(self._files) > _AT_HAND:
            self._files.popleft().unlink()
        return path


def _stretches(turns: Sequence[Turn], hidden: Sequence[int]) -> list[Seconds] | None:
    """When these turns are spoken; None where that is not known, or nothing was transcribed."""
    found = []
    for at in hidden:
        start, end = turns[at].start, turns[at].end
        if start is None:
            return None
        if end is None:
            later = (turn.start for turn in turns[at + 1 :] if turn.start is not None)
            end = next((begin for begin in later if begin > start), float("inf"))
        found.append((start, end))
    return found if turns else None
