"""Sound beside a format of one file: ``calls.jsonl`` gets a directory ``calls-recordings``.

A file a recording, named by the SHA-256 of its bytes, as the one file names it: ``3f9a….wav``. Its
``manifest.json`` lists them; ``file`` is null where a recording could not be had. The directory
lands before the file, which so remains the sign that the export is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from convarchive.export.encoding import heading
from convarchive.export.listing import MANIFEST, copy_sound, opened, separated, streamed
from convarchive.export.selection import Selection, Tree
from convarchive.model import Conversation, Recording


def place(path: Path) -> Path:
    """Where the sound of an export to this path goes."""
    return path.with_name(f"{path.stem}-recordings")


@contextmanager
def copied_beside(selection: Selection, tree: Tree) -> Iterator[Selection]:
    """The selection; the sound of each conversation that it gives out is copied into the tree."""
    with streamed(tree, MANIFEST, *opened(heading(selection, format="recordings"), "files")) as out:
        copier = _Copier(selection, tree, separated(out))

        def conversations() -> Iterator[tuple[int, Conversation]]:
            for key, conversation in selection.conversations():
                copier.copy(conversation.recording)
                yield key, conversation

        yield replace(selection, conversations=conversations)


class _Copier:
    """Copies each recording once, however often it comes."""

    def __init__(self, selection: Selection, tree: Tree, tell: Callable[[Any], None]) -> None:
        self._selection = selection
        self._tree = tree
        self._tell = tell
        self._seen: set[str] = set()

    def copy(self, recording: Recording | None) -> None:
        """Copy it, if there is one, and list it."""
        sha256 = recording and recording.sha256
        if not recording or not sha256 or sha256 in self._seen:
            return
        self._seen.add(sha256)
        file, size = copy_sound(self._selection, self._tree, sha256, sha256)
        media_type = recording.media_type
        self._tell({"file": file, "sha256": sha256, "bytes": size, "media_type": media_type})
