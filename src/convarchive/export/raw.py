"""``raw``: the vendor's own bytes, as they came over the wire.

A file a document of the newest revision: ``conv_8f2kq1.detail.json``,
``conv_8f2kq1.transcript.json``. Nothing is parsed or changed, so the SHA-256 in the manifest is
that of what was received.
"""

from __future__ import annotations

from convarchive.export.listing import write_each
from convarchive.export.names import safe
from convarchive.export.selection import Selection, Tree, TreeFormat
from convarchive.model import Conversation


def write(selection: Selection, tree: Tree) -> None:
    """A file for each document of each conversation."""

    def files(key: int, _: Conversation) -> list[tuple[str, bytes]]:
        return [(f"{safe(name)}.json", data) for name, data in selection.documents(key)]

    write_each(selection, tree, "raw", files)


FORMAT = TreeFormat("raw", "the vendor's own bytes, unchanged", write)
