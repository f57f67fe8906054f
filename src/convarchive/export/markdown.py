"""``markdown``: a page a conversation, ``conv_8f2kq1.md``: the facts, the summary, the transcript.

To read, to print, to paste into a ticket. It is a view, written by `convarchive.transcripts`, with
everything escaped that Markdown or HTML could take for its own.
"""

from __future__ import annotations

from convarchive.export.listing import BESIDE, write_each
from convarchive.export.selection import Selection, Tree, TreeFormat
from convarchive.model import Conversation
from convarchive.transcripts import markdown


def write(selection: Selection, tree: Tree) -> None:
    """A file a conversation."""

    def files(_: int, conversation: Conversation) -> list[tuple[str, bytes]]:
        return [("md", markdown.write(conversation).encode())]

    write_each(selection, tree, "markdown", files)


FORMAT = TreeFormat("markdown", "a page in Markdown a conversation", write, grants=BESIDE)
