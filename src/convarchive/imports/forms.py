"""What a file is, by how it begins; its suffix only decides where that could be anything."""

from __future__ import annotations

import re
from typing import Any, Final

from convarchive.errors import UnexpectedAnswer, Unreadable
from convarchive.imports.places import is_zip
from convarchive.records import own
from convarchive.sources.payload import decode
from convarchive.transcripts import text
from convarchive.transcripts.captions import is_timing

HEAD: Final = 1 << 20
"""Bytes that are looked at."""

KNOWN: Final = (
    "Known are our own jsonl, json and raw exports, payloads of Ayra, vCons, and transcripts as"
    " SRT, WebVTT or text."
)

_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_JSON: Final = re.compile(rb'\{|\[\s*[\[\]{"]')
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_SUFFIXES: Final = {"srt": "srt", "vtt": "vtt", "txt": "text", "text": "text"}


def form(head: bytes, path: str) -> str:
    """``json`` or one of `convarchive.records.spoken.FORMS`.

    Args:
        head: The first `HEAD` bytes.
        path: Of the file; its suffix counts where it is text, and where it is empty.

    Raises:
        Unreadable: It is nothing that is known.
    """
    name = path.rpartition("/")[2].lower().removesuffix(".gz")
    suffix = name.rpartition(".")[2] if "." in name else ""
    if not head.strip(_BLANK):
        if suffix in _SUFFIXES:
            return _SUFFIXES[suffix]
        raise Unreadable("It is empty.")
    if _JSON.match(head.lstrip(_BLANK)):
        return "json"
    _refuse_binary(head)
    lines = _lines(head)
    if lines[0].startswith("WEBVTT"):
        return "vtt"
    if any(map(is_timing, lines)):
        return "vtt" if suffix == "vtt" else "srt"
    if _SUFFIXES.get(suffix) == "text" or (not suffix and any(map(_is_marked, lines))):
        return "text"
    raise Unreadable("It is nothing that can be imported.", KNOWN)


def is_lines(head: bytes) -> bool:
    """Whether JSON stands in it one value a line, one of the first two lines being whole."""
    first, *more = head.strip(_BLANK).split(b"\n", 2)
    if first.rstrip().endswith((b"[", b"{", b",", b":")):
        return False
    return any(_is_record(line) for line in (first, *more[:1]))


def decoded(body: bytes) -> Any:
    """A JSON value: forgivingly, since the bytes are kept, but not where it is a record of ours.

    Raises:
        Unreadable: It is none.
    """
    try:
        return own.decoded(body)
    except Unreadable as error:
        try:
            value = decode(body)
        except UnexpectedAnswer:
            raise error from None
        if is_frame(value) or (isinstance(value, dict) and value.get("record") == "conversation"):
            raise error from None
        return value


def is_frame(value: Any) -> bool:
    """Whether a JSON value is the first or the last line of our own export."""
    return isinstance(value, dict) and value.get("record") in ("manifest", "complete")


def _is_record(line: bytes) -> bool:
    try:
        value = own.decoded(line)
    except Unreadable:
        return False
    lists = isinstance(value, dict) and (value.get("conversations"), value.get("data"))
    return lists is not False and not any(isinstance(each, list | dict) for each in lists)


def _refuse_binary(head: bytes) -> None:
    if head.startswith(b"SQLite format 3\0"):
        raise Unreadable(
            "It is a database.", "",
            "If it is an archive's: convarchive -a DIR export -o all.jsonl, and import that",
        )  # fmt: skip
    if is_zip(head):
        raise Unreadable("It is a ZIP archive within something else.", "", "Give it as a file.")
    if b"\0" in head and not head.startswith(_UTF_16):
        raise Unreadable("It is nothing that can be imported.", KNOWN)


def _lines(head: bytes) -> list[str]:
    """Its first lines; a character that is cut in two at the end is not of interest."""
    encoding = "utf-16" if head.startswith(_UTF_16) else "utf-8-sig"
    return head.decode(encoding, errors="replace").splitlines() or [""]


def _is_marked(line: str) -> bool:
    """Whether a line says when or by whom something is said."""
    return any(turn.speaker or turn.start is not None for turn in text.read(line))
