"""``json``: one document, for tools that read a file at once.

``{"schema": "convarchive.export/1", "query": …, "count": N, "conversations": […]}``; the
conversations are those of ``jsonl``, each on a line of its own. It is written as it is read, so its
size is limited by the disk and not by the memory. It is whole if it can be parsed.
"""

from __future__ import annotations

from convarchive.export.encoding import heading, records
from convarchive.export.listing import opened
from convarchive.export.selection import FileFormat, Selection, Sink


def write(selection: Selection, out: Sink) -> None:
    """The document, ending in a line break."""
    before, after = opened(heading(selection), "conversations")
    out.write(before)
    separator = b"\n"
    for line in records(selection):
        out.write(separator + line)
        separator = b",\n"
    out.write(after)


FORMAT = FileFormat(
    "json", "one JSON document", write, grants=frozenset({"recordings", "revisions", "proofs"})
)
