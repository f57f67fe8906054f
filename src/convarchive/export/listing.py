"""What all formats with a file a conversation have in common: names, and a ``manifest.json``.

::

    {"schema":"convarchive.export/1","format":"srt","query":"…",…,"count":2,"conversations":[
    {"source":"ayra","id":"conv_8f2kq1","turns":38,"file":"conv_8f2kq1.srt","sha256":"…","bytes":3512},
    …
    ]}

There is an entry for each file, so where a conversation has two files it has two entries; one of
which nothing could be written has an entry whose ``file`` and ``sha256`` are null. The manifest is
written last: it is the sign that the export is whole.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from typing import Any, Final

from convarchive.export.encoding import encode, heading
from convarchive.export.hashing import Hashed
from convarchive.export.names import Names
from convarchive.export.selection import Selection, Sink, Tree
from convarchive.model import Conversation

MANIFEST: Final = "manifest.json"

_IN_MEMORY: Final = 8_000_000
"""Bytes of a manifest in the making; a longer one goes to a temporary file."""

Content = bytes | Callable[[Sink], None]
"""Of a file: its bytes, or what writes them."""

Files = Callable[[int, Conversation], Iterable[tuple[str, Content]]]
"""From key and conversation to its files: what follows the name (``detail.json``), and content."""


def write_each(selection: Selection, tree: Tree, fmt: str, files: Files) -> None:
    """Put the files of each conversation, and the manifest, into the tree."""
    names = Names()
    before, after = opened(heading(selection, format=fmt), "conversations")
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as listing:
        listing.write(before)
        separator = b"\n"
        for key, conversation in selection.conversations():
            name = names.name(conversation.source, conversation.id)
            for entry in _added(tree, name, conversation, files(key, conversation)):
                listing.write(separator + encode(entry))
                separator = b",\n"
        listing.write(after)
        listing.seek(0)
        tree.copy(MANIFEST, listing)  # type: ignore[arg-type]  # it has what is needed: read


def opened(heading: dict[str, Any], key: str) -> tuple[bytes, bytes]:
    """A JSON object cut open inside of a last, empty list, so that the items can be streamed."""
    whole = encode({**heading, key: []})
    return whole.removesuffix(b"]}"), b"\n]}\n"


def _added(
    tree: Tree, name: str, conversation: Conversation, files: Iterable[tuple[str, Content]]
) -> list[dict[str, Any]]:
    about = {
        "source": conversation.source,
        "id": conversation.id,
        "turns": len(conversation.turns),
    }
    entries = []
    for suffix, content in files:
        file = f"{name}.{suffix}"
        sha256, size = _written(tree, file, content)
        entries.append({**about, "file": file, "sha256": sha256, "bytes": size})
    return entries or [{**about, "file": None, "sha256": None, "bytes": 0}]


def _written(tree: Tree, file: str, content: Content) -> tuple[str, int]:
    """Put it into the tree; its SHA-256 and size."""
    if isinstance(content, bytes):
        tree.add(file, content)
        return hashlib.sha256(content).hexdigest(), len(content)
    with tree.open(file) as out:
        hashed = Hashed(out)
        content(hashed)
    return hashed.hexdigest, hashed.bytes
