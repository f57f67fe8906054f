"""``html``: a page a conversation, ``conv_8f2kq1.html``, and an ``index.html`` that lists them.

For people: nothing but a browser is needed, no network and no server. With recordings a page plays
the sound that lies beside it, and each time in the transcript is a link into it. Pages are made by
`page`; what was said is text in them and never markup (`markup`).
"""

from __future__ import annotations

from convarchive.export.listing import BESIDE, listing, streamed
from convarchive.export.markup import Markup, joined, tag
from convarchive.export.page import document, length, page, when
from convarchive.export.selection import Selection, Tree, TreeFormat
from convarchive.model import Conversation

INDEX = "index"
_HERE = "<!--rows-->"
_HEADS = ("Started", "Conversation", "Length", "Caller", "Agent", "Ended", "Turns", "Summary")
"""Of the columns of the index."""


def write(selection: Selection, tree: Tree) -> None:
    """A page for each conversation, and the index."""
    before, after = _index(selection)
    with (
        listing(selection, tree, "html", taken=[INDEX]) as listed,
        streamed(tree, f"{INDEX}.html", before, after) as rows,
    ):
        for key, conversation in selection.conversations():
            with listed.place(key, conversation) as place:
                sound = place.add_sound()
                file = place.add("html", page(conversation, selection.archive, sound))
            rows.write(_row(conversation, file).encode())


def _index(selection: Selection) -> tuple[bytes, bytes]:
    """The index without its rows: what comes before them, and after."""
    found = f"found by {selection.query}" if selection.query else "all that were selected"
    body = joined(
        tag("h1", f"{selection.count:,} conversation{'' if selection.count == 1 else 's'}"),
        tag("p", f"From the archive {selection.archive}, ", tag("bdi", found), class_="under"),
        tag("div", _rows(), class_="list"),
    )
    before, after = document(
        f"Conversations of {selection.archive}", tag("main", body), class_="wide"
    ).split(_HERE.encode())
    return before, after


def _rows() -> Markup:
    heads = (tag("th", head, scope="col") for head in _HEADS)
    body = tag("tbody", Markup(_HERE))
    return tag("table", tag("thead", tag("tr", *heads)), body)


def _row(conversation: Conversation, file: str) -> Markup:
    cells = (
        when(conversation.started_at),
        tag("a", tag("bdi", conversation.id), href=file),
        length(conversation.duration),
        tag("bdi", conversation.caller_number or ""),
        tag("bdi", conversation.agent_id or ""),
        tag("bdi", conversation.outcome or conversation.status),
        str(len(conversation.turns)),
        tag("span", conversation.summary or "", dir="auto"),
    )
    return joined(Markup("\n"), tag("tr", *(tag("td", cell) for cell in cells)))


FORMAT = TreeFormat("html", "pages to read, to hear and to print, with an index", write, BESIDE)
