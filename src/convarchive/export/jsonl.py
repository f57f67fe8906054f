"""``jsonl``: one JSON object a line, whole and lossless; the form to import again.

::

    {"record":"manifest","schema":"convarchive.export/1","query":"…","archive":"…",…,"count":2}
    {"record":"conversation","source":"ayra","id":"conv_8f2kq1",…,"turns":[…]}
    {"record":"conversation",…}
    {"record":"complete","count":2,"sha256":"…"}

The last line is the proof that the file is whole: it is only written when everything before it was,
and it holds the SHA-256 of all bytes before it, line breaks included. Its count is that of the
lines between, which are more than the conversations where every revision is written.

With proofs a record has one more field, ``proof``: a whole ``convarchive.proof/1``, of that state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from convarchive.export.encoding import encode, heading, records
from convarchive.export.selection import FileFormat, Selection, Sink


def write(selection: Selection, out: Sink) -> None:
    """A manifest line, a line a conversation, a closing line."""
    digest = hashlib.sha256()
    for count, line in enumerate(_before_the_last(selection)):  # noqa: B007 - see below
        digest.update(line)
        out.write(line)
    # The last line's number, from 0, is how many there are behind the manifest.
    complete = {"record": "complete", "count": count, "sha256": digest.hexdigest()}
    out.write(encode(complete) + b"\n")


def _before_the_last(selection: Selection) -> Iterator[bytes]:
    yield encode({"record": "manifest", **heading(selection)}) + b"\n"
    for line in records(selection):
        yield line + b"\n"


FORMAT = FileFormat(
    "jsonl", "one JSON object a line, lossless, with a closing checksum", write,
    grants=frozenset({"recordings", "revisions", "proofs"}),
)  # fmt: skip
