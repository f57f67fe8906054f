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
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from convarchive.export.encoding import encode, heading
from convarchive.export.names import Names
from convarchive.export.selection import Selection, Tree
from convarchive.model import Conversation

MANIFEST: Final = "manifest.json"

_IN_MEMORY: Final = 8_000_000
"""Bytes of a file in the making; a longer one goes to a temporary file."""

Files = Callable[[int, Conversation], Iterable[tuple[str, bytes | Iterator[bytes]]]]
"""From key and conversation to its files: what follows the name (``detail.json``), and bytes; in
pieces where there can be more of them than should be held."""


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
    tree: Tree,
    name: str,
    conversation: Conversation,
    files: Iterable[tuple[str, bytes | Iterator[bytes]]],
) -> list[dict[str, Any]]:
    about = {
        "source": conversation.source,
        "id": conversation.id,
        "turns": len(conversation.turns),
    }
    entries = []
    for suffix, data in files:
        file = f"{name}.{suffix}"
        digest, size = _put(tree, file, [data] if isinstance(data, bytes) else data)
        entries.append({**about, "file": file, "sha256": digest, "bytes": size})
    return entries or [{**about, "file": None, "sha256": None, "bytes": 0}]


def _put(tree: Tree, file: str, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Write a file; its SHA-256 and its size."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as made:
        for piece in pieces:
            digest.update(piece)
            made.write(piece)
        size = made.tell()
        made.seek(0)
        if size <= _IN_MEMORY:
            tree.add(file, made.read())
        else:
            tree.copy(file, made)  # type: ignore[arg-type]  # it has what is needed: read
    return digest.hexdigest(), size
