"""vCons: what the document ``vcon`` means. The reader itself is the room `convarchive.vcon`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from convarchive.vcon import Read

NAME: Final = "vcon"
"""Of the document that holds a vCon."""


def read(source: str, data: bytes) -> Read:
    """What a vCon means.

    Raises:
        UnexpectedAnswer: It is none, or damaged, or encrypted.
    """
    from convarchive import vcon

    return vcon.read(source, data)


_PARTS: Final = frozenset({"uuid", "parties", "dialog", "analysis", "attachments"})


def recognises(value: dict[str, Any]) -> bool:
    """Whether a JSON object is a vCon, or one that is signed or encrypted (a JWS or JWE in the
    general form). Not all have a ``vcon`` with the version."""
    keys = value.keys()
    wrapped = {"payload", "signatures"} <= keys or {"ciphertext", "recipients"} <= keys
    return wrapped or {"vcon", "uuid"} <= keys or len(_PARTS & keys) > 2
