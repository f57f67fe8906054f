"""Mail messages (RFC 5322, MIME) of any size: headers, a text, and one attachment streamed.

The standard library's messages are held in memory, attachments included, and fold their headers
differently from version to version. Here all content is Base64 in lines of 76 characters, as RFC
2045 has them. A line of it never begins with ``--``, so one boundary will do for every message.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Final

from convarchive.export.selection import Sink
from convarchive.transcripts.plain import one_line

_BOUNDARY: Final = "=_convarchive"
_CHUNK: Final = 57 * 1024
"""Bytes that are encoded at once: 57 are a line."""
_FOLDED: Final = 60
"""Characters of a value that fit into a line beside the header's name."""
_LONGEST: Final = 200
"""Characters of a name or a value; what is longer is cut, so that no line becomes too long."""


def write(
    out: Sink, headers: Iterable[tuple[str, str]], text: str, name: str, attachment: IO[bytes]
) -> None:
    """A message with a text and an attachment.

    Args:
        out: Where to.
        headers: Names and values, as `unstructured`, `mailbox` or `date` make them.
        text: The body.
        name: Of the attachment: ASCII, without quotes.
        attachment: From where it stands; it is read piece by piece.
    """
    lines = [f"{header}: {value}" for header, value in headers]
    lines += [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        "",
    ]
    out.write("\r\n".join(lines).encode("ascii"))
    out.write(_base64(text.replace("\n", "\r\n").encode()))
    lines = [
        f"--{_BOUNDARY}",
        f'Content-Type: application/zip; name="{name}"',
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
        "",
        "",
    ]
    out.write("\r\n".join(lines).encode("ascii"))
    while piece := attachment.read(_CHUNK):
        out.write(_base64(piece))
    out.write(f"--{_BOUNDARY}--\r\n".encode("ascii"))


def unstructured(text: str) -> str:
    """Any text as the value of a header, folded; encoded (RFC 2047) where it has to be."""
    line = _cut(text)
    return line if _plain(line) and len(line) < _FOLDED else _encoded(line)


def mailbox(name: str, address: str) -> str:
    """Somebody as in ``From``; the address is ASCII."""
    shown = _cut(name)
    plain = shown.replace(" ", "").isalnum() and _plain(shown) and len(shown) < _FOLDED
    return f"{shown} <{address}>" if plain else f"{_encoded(shown)}\r\n <{address}>"


def date(moment: datetime | None) -> str:
    """A time as in ``Date``, which a message must have; ``-0000`` says that none is known."""
    from email.utils import format_datetime

    return format_datetime(moment) if moment else "Thu, 01 Jan 1970 00:00:00 -0000"


def _cut(text: str) -> str:
    return " ".join(one_line(text).split())[:_LONGEST].strip()


def _plain(line: str) -> bool:
    """Whether it can stand for itself: what looks like an encoding would be taken for one."""
    return line.isascii() and line.isprintable() and "=?" not in line


def _encoded(line: str) -> str:
    from email.header import Header

    return Header(line, "utf-8", _FOLDED).encode(linesep="\r\n")


def _base64(data: bytes) -> bytes:
    """In lines, with a line break after the last."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")
