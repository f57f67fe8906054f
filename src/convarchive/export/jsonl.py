"""``jsonl``: one JSON object a line, whole and lossless; the form to import again.

::

    {"record":"manifest","schema":"convarchive.export/1","query":"…","archive":"…",…,"count":2}
    {"record":"conversation","source":"ayra","id":"conv_8f2kq1",…,"turns":[…]}
    {"record":"conversation",…}
    {"record":"complete","count":2,"sha256":"…"}

The last line is the proof that the file is whole: it is only written when everything before it was,
and it holds the SHA-256 of all bytes before it, line breaks included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from convarchive.export.encoding import encode, heading
from convarchive.export.selection import FileFormat, Selection, Sink
from convarchive.model import record


def write(selection: Selection, out: Sink) -> None:
    """A manifest line, a line a conversation, a closing line."""
    digest = hashlib.sha256()
    for value in _before_the_last(selection):
        line = encode(value) + b"\n"
        digest.update(line)
        out.write(line)
    complete = {"record": "complete", "count": selection.count, "sha256": digest.hexdigest()}
    out.write(encode(complete) + b"\n")


def _before_the_last(selection: Selection) -> Iterator[dict[str, Any]]:
    yield {"record": "manifest", **heading(selection)}
    for _, conversation in selection.conversations():
        yield record(conversation)


FORMAT = FileFormat("jsonl", "one JSON object a line, lossless, with a closing checksum", write)
