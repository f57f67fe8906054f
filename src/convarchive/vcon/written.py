"""Messages that people have typed: dialogs of type ``text``, as plain text, HTML or e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message
from typing import Any

from convarchive.vcon.content import body
from convarchive.vcon.spoken import Heard, readable, turns


def words(part: Mapping[str, Any]) -> str:
    """What was written, without markup and without the parts that are no text."""
    said = body(part)
    if not isinstance(said, str):
        return "\n".join(turn.text for turn in turns(said, Heard((), None)))
    media = part.get("mediatype") or part.get("mimetype")
    kind = re.sub(r"\s+", " ", media).strip() if isinstance(media, str) else ""
    if kind.lower().startswith("multipart/"):
        return _letter(kind, said)
    return readable(said) if kind.lower().startswith("text/html") else said.strip()


def _letter(kind: str, said: str) -> str:
    """The text of an e-mail, the plain one if there is one."""
    try:
        mail = message_from_bytes(f"Content-Type: {kind}\n\n{said}".encode())
        parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    except RecursionError:  # parts within parts within parts
        return said.strip()
    parts.sort(key=lambda part: part.get_content_subtype() != "plain")
    return _text(parts[0]) if parts else ""


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        said = data.decode()
    except UnicodeDecodeError:
        said = data.decode("latin-1")
    return readable(said) if part.get_content_subtype() == "html" else said.strip()
