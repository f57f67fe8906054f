"""``vcon``: the IETF's container for conversations, made to be read by other vendors' systems.

A file a conversation, ``conv_8f2kq1.vcon``: transcript, summary, every other field and the vendor's
bytes, as `convarchive.vcon` says. With the recordings they are inside; without, the vCon has their
SHA-256. With a key the vCons are signed, so that a change of a byte shows.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from convarchive.export.listing import listing
from convarchive.export.selection import Selection, Sink, Tree, TreeFormat
from convarchive.model import Conversation

if TYPE_CHECKING:
    from convarchive.vcon.signing import Signer


def write(selection: Selection, tree: Tree) -> None:
    """A vCon for each conversation.

    Raises:
        UsageError: It is to be signed, and key or certificate can't be used.
    """
    from convarchive.vcon.signing import Signer

    pem, certificates = selection.wishes.signing_key, selection.wishes.certificates
    signer = Signer(pem, certificates) if pem and certificates else None

    with listing(selection, tree, "vcon") as listed:
        for key, conversation in selection.conversations():
            with listed.place(key, conversation) as place:
                place.add("vcon", partial(_write, selection, key, conversation, signer))


def _write(
    selection: Selection, key: int, conversation: Conversation, signer: Signer | None, out: Sink
) -> None:
    """The file, a piece at a time."""
    from convarchive.vcon import pieces
    from convarchive.vcon import write as vcon

    known = conversation.recording.sha256 if conversation.recording else None
    wished = known if selection.wishes.recordings else None
    path = selection.recording(wished) if wished else None
    made = vcon(
        conversation,
        selection.documents(key),
        recording=b"" if path else None,
        missing=wished is not None and path is None,
    )
    with path.open("rb") if path else nullcontext() as sound:
        whole = pieces(made, sound)
        for piece in signer.signed(whole, made["uuid"]) if signer else whole:
            out.write(piece)


FORMAT = TreeFormat(
    "vcon",
    "vCon, the IETF's container for conversations",
    write,
    frozenset({"recordings", "signing_key", "certificates", "proofs"}),
)
