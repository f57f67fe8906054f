"""JSON as all exports write it: compact, UTF-8, and the same bytes for the same values.

Keys stay in the order of the model. Text is kept to the character: controls are escaped, everything
else stands for itself. JSON has no way to say *not a number* or *infinite*: those become ``null``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from convarchive import __version__
from convarchive.export.selection import Selection, states
from convarchive.model import Conversation, Turn, record

SCHEMA: Final = "convarchive.export/1"

HOW_TO_CHECK: Final = (
    "Anybody can check a proof: python verify_proof.py PROOF.json --key VERIFIER_KEY"
    " [FILES THAT THE VENDOR SENT]. The program is printed by: convarchive proof --checker"
)
"""For manifests of exports with proofs."""


def encode(value: Any) -> bytes:
    """The value as one line of JSON, without a line break."""
    import msgspec.json

    return msgspec.json.encode(value)


def records(selection: Selection) -> Iterator[bytes]:
    """Every state that is wished for as one line of JSON, with a field ``proof`` if that is."""
    for key, conversation in states(selection):
        if selection.wishes.proofs:
            yield encode_record(conversation, proof=selection.proof(key, conversation.revision))
        else:
            yield encode_record(conversation)


def encode_record(conversation: Conversation, **more: Any) -> bytes:
    """`record` as one line of JSON; the same as ``encode(record(conversation))``, but faster.

    Nearly all of a conversation are its turns, and msgspec makes structures of them in a third of
    the time that it takes to make dictionaries.
    """
    made = _turn()
    fields = record(conversation._replace(turns=()))
    fields["turns"] = [made(*turn) for turn in conversation.turns]
    return encode(fields | more)


@cache
def _turn() -> Callable[..., Any]:
    import msgspec

    return msgspec.defstruct("Turn", Turn._fields, gc=False)


def heading(selection: Selection, **more: Any) -> dict[str, Any]:
    """What every manifest begins with. No time and no machine: equal archives, equal bytes."""
    if selection.wishes.revisions:
        more["revisions"] = "all"
    if selection.wishes.proofs:
        more["proofs"] = HOW_TO_CHECK
    return {
        "schema": SCHEMA,
        **more,
        "query": selection.query,
        "archive": selection.archive,
        "program": f"convarchive {__version__}",
        "count": selection.count,
    }
