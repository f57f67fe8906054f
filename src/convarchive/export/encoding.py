"""JSON as all exports write it: compact, UTF-8, and the same bytes for the same values.

Keys stay in the order of the model. Text is kept to the character: controls are escaped, everything
else stands for itself. JSON has no way to say *not a number* or *infinite*: those become ``null``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from convarchive import __version__
from convarchive.export.selection import Selection
from convarchive.model import Conversation, Turn, record

SCHEMA: Final = "convarchive.export/1"


def encode(value: Any) -> bytes:
    """The value as one line of JSON, without a line break."""
    import msgspec.json

    return msgspec.json.encode(value)


def encode_record(conversation: Conversation) -> bytes:
    """`record` as one line of JSON; the same as ``encode(record(conversation))``, but faster.

    Nearly all of a conversation are its turns, and msgspec makes structures of them in a third of
    the time that it takes to make dictionaries.
    """
    made = _turn()
    fields = record(conversation._replace(turns=()))
    fields["turns"] = [made(*turn) for turn in conversation.turns]
    return encode(fields)


@cache
def _turn() -> Callable[..., Any]:
    import msgspec

    return msgspec.defstruct("Turn", Turn._fields, gc=False)


def heading(selection: Selection, **more: Any) -> dict[str, Any]:
    """What every manifest begins with. No time and no machine: equal archives, equal bytes."""
    if selection.wishes.revisions:
        more["revisions"] = "all"
    return {
        "schema": SCHEMA,
        **more,
        "query": selection.query,
        "archive": selection.archive,
        "program": f"convarchive {__version__}",
        "count": selection.count,
    }
