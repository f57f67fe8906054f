"""What is noted while an export is under way: that all conversations come, and all of their sound.

A format is given a selection that counts. So no format has to, and none can forget to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from convarchive.errors import ConvarchiveError
from convarchive.export.selection import Lost, Selection
from convarchive.model import Conversation

Progress = Callable[[int], None]
"""Told how many conversations are done."""


class Tally:
    """Counts the conversations as they pass, sees to it that all come, and checks their sound.

    Args:
        selection: What is exported.
        progress: Told after each conversation.
        passes: How often the format goes through them; one counts as done for each so many that
            were seen.
    """

    def __init__(self, selection: Selection, progress: Progress | None, passes: int) -> None:
        self._selection = selection
        self._progress = progress
        self._passes = passes
        self._seen = 0
        self._current = ("", "")
        self._checked: tuple[str, Path | None, str] = ("", None, "")
        self.without_transcript = 0
        """Conversations that have no turns."""
        self.lost: dict[Lost, None] = {}
        """The recordings that were asked for and cannot be handed over."""

    def watched(self) -> Selection:
        """The selection, each of whose conversations and recordings passes by here."""
        return replace(
            self._selection,
            conversations=self._conversations,
            recording=self._recording,
            why_lost=self._why_lost,
        )

    def _conversations(self) -> Iterator[tuple[int, Conversation]]:
        """Those of the selection.

        Raises:
            ConvarchiveError: There were fewer or more than announced.
        """
        done = self.without_transcript = 0
        for key, conversation in self._selection.conversations():
            self._current = conversation[:2]
            yield key, conversation
            done += 1
            self.without_transcript += not conversation.turns
            self._seen += 1
            if self._progress and self._seen % self._passes == 0:
                self._progress(self._seen // self._passes)
        if done != self._selection.count:
            raise ConvarchiveError(
                f"The export was given up: {done} conversations came, not {self._selection.count}.",
                "The archive was changed at the same time.",
                "Run it again.",
            )

    def _recording(self, sha256: str) -> Path | None:
        """The file with this sound, if there is one and its bytes are those that were stored."""
        if self._checked[0] != sha256:
            path = self._selection.recording(sha256)
            self._checked = (sha256, path, _fault(path, sha256))
        _, path, fault = self._checked
        if fault:
            self.lost[Lost(*self._current, sha256, fault)] = None
            return None
        return path

    def _why_lost(self, sha256: str) -> str:
        return "" if self._recording(sha256) else self._checked[2]


def _fault(path: Path | None, sha256: str) -> str:
    """What is wrong with a recording, in a word; empty if nothing is."""
    if path is None:
        return "missing"
    try:
        with path.open("rb") as sound:
            whole = hashlib.file_digest(sound, "sha256").hexdigest() == sha256
    except OSError:
        return "unreadable"
    return "" if whole else "damaged"
