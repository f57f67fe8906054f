"""``raw``: the vendor's own bytes, as they came over the wire.

A file a document of the newest revision: ``conv_8f2kq1.detail.json``,
``conv_8f2kq1.transcript.json``; a transcript that was imported keeps its suffix,
``conv_8f2kq1.srt``. Nothing is parsed or changed, so the SHA-256 in the manifest is that of what
was received. With every revision they are ``conv_8f2kq1.r1.detail.json`` and so on, counted from 1
as `convarchive history` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from convarchive.export.listing import BESIDE, write_each
from convarchive.export.names import safe
from convarchive.export.selection import Selection, State, Tree, TreeFormat
from convarchive.model import Conversation

_TRANSCRIPTS: Final = {"srt": "srt", "vtt": "vtt", "text": "txt"}


def write(selection: Selection, tree: Tree) -> None:
    """A file for each document of each conversation."""

    def files(key: int, conversation: Conversation) -> Iterator[tuple[str, bytes]]:
        newest = (conversation, selection.documents(key))
        if not selection.wishes.revisions:
            return _named(newest, "")
        states = chain(selection.earlier(key, conversation.revision), [newest])
        return chain.from_iterable(_named(state, f"r{state[0].revision}.") for state in states)

    write_each(selection, tree, "raw", files)


def _named(state: State, prefix: str) -> Iterator[tuple[str, bytes]]:
    _, documents = state
    return (
        (prefix + (_TRANSCRIPTS.get(name) or f"{safe(name)}.json"), data)
        for name, data in documents
    )


FORMAT = TreeFormat(
    "raw", "the vendor's own bytes, unchanged", write, grants=BESIDE | {"revisions"}
)
