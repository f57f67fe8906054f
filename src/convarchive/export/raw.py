"""``raw``: the vendor's own bytes, as they came over the wire.

A file a document of the newest revision: ``conv_8f2kq1.detail.json``,
``conv_8f2kq1.transcript.json``; a transcript that was imported keeps its suffix,
``conv_8f2kq1.srt``. Nothing is parsed or changed, so the SHA-256 in the manifest is that of what
was received.
"""

from __future__ import annotations

from typing import Final

from convarchive.export.listing import write_each
from convarchive.export.names import safe
from convarchive.export.selection import Selection, Tree, TreeFormat
from convarchive.model import Conversation

_TRANSCRIPTS: Final = {"srt": "srt", "vtt": "vtt", "text": "txt"}


def write(selection: Selection, tree: Tree) -> None:
    """A file for each document of each conversation."""

    def files(key: int, _: Conversation) -> list[tuple[str, bytes]]:
        return [
            (_TRANSCRIPTS.get(name) or f"{safe(name)}.json", data)
            for name, data in selection.documents(key)
        ]

    write_each(selection, tree, "raw", files)


FORMAT = TreeFormat("raw", "the vendor's own bytes, unchanged", write)
