"""Transcripts from files: ``srt``, ``vtt``, ``text``; what was said, and little else.

What more is known of the call stands in the document ``import``, a JSON object that was made when
the file came: what the file's name has told, in the fields of our own record, and ``file``, how it
was called. The reading of names is done then and not again, so that a rebuild needs no pattern.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from convarchive.errors import Unreadable
from convarchive.model import Conversation, Turn
from convarchive.records import NAMED, own
from convarchive.transcripts import srt, text, vtt

FORMS: Final = ("srt", "vtt", "text")

_READERS: Final = {"srt": srt.read, "vtt": vtt.read, "text": text.read}
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def read(source: str, form: str, documents: Mapping[str, bytes]) -> Conversation:
    """The conversation of a transcript.

    Args:
        source: The name of the source.
        form: One of `FORMS`.
        documents: The transcript by its form, and ``import``.

    Raises:
        Unreadable: It is no text, or ``import`` is not what it should be.
    """
    named = own.decoded(documents.get(NAMED, b"{}"))
    if not isinstance(named, dict):
        raise Unreadable("What its file's name has told is lost.")
    return said(source, named, turns(form, documents[form]))


def said(source: str, named: Mapping[str, Any], spoken: list[Turn]) -> Conversation:
    """A conversation in which this was said, and of which the name of the file tells the rest.

    Raises:
        Unreadable: That is not what it should be.
    """
    conversation = own.made({**named, "source": source})
    return conversation._replace(has_transcript=True, turns=tuple(spoken))


def fingerprint(documents: Mapping[str, bytes]) -> str:
    """SHA-256 of a transcript and of what its file's name has told, wherever the file was."""
    import msgspec

    named = own.decoded(documents.get(NAMED, b"{}"))
    facts = {name: value for name, value in named.items() if name != "file"}
    digest = hashlib.sha256(msgspec.json.encode(facts, order="sorted"))
    for form in FORMS:
        digest.update(documents.get(form, b""))
    return digest.hexdigest()


def turns(form: str, body: bytes) -> list[Turn]:
    """What is said in a transcript.

    Raises:
        Unreadable: It is no text.
    """
    return _READERS[form](decoded(body))


def decoded(body: bytes) -> str:
    """UTF-8, or UTF-16 where its byte order mark says so.

    Raises:
        Unreadable: It is neither.
    """
    try:
        return body.decode("utf-16" if body.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            "Its characters are not in UTF-8.", f"Byte {error.start + 1:,} is none of it.",
            "Convert it, such as by: iconv -f WINDOWS-1252 -t UTF-8",
        ) from error  # fmt: skip
