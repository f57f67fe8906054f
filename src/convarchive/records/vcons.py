"""vCons: what the document ``vcon`` means. The reader itself is the room `convarchive.vcon`."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, Protocol

from convarchive.errors import Unreadable
from convarchive.model import Conversation

NAME: Final = "vcon"
"""Of the document that holds a vCon."""


class Read(Protocol):
    """What a vCon holds."""

    conversation: Conversation
    recording: bytes | None
    """The sound, where it is inside."""
    media_type: str | None


def read(source: str, data: bytes) -> Read:
    """What a vCon means.

    Raises:
        Unreadable: This program cannot read vCons, or not this one.
    """
    try:
        room = import_module("convarchive.vcon")
    except ModuleNotFoundError as error:
        raise Unreadable(
            "It is a vCon, which this version cannot read.", "",
            "Update this program: pip install -U convarchive",
        ) from error  # fmt: skip
    found: Read = room.read(source, data)
    return found


def recognises(value: dict[str, Any]) -> bool:
    """Whether a JSON object is a vCon, or one that is signed (a JWS in the general form)."""
    return {"vcon", "uuid"} <= value.keys() or {"payload", "signatures"} <= value.keys()
