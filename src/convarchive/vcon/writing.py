"""A conversation as a vCon of syntax 0.4.0; `reading` gets every field of it back.

==================  =============================================================================
in the vCon         from the conversation
==================  =============================================================================
``uuid``            made from source and id, so that every export gives the same
``created_at``      the end of the call, or its start
``subject``         the topics
``parties``         the caller (``tel``), the agent (``uuid``: its id), whoever else speaks; last
                    this program, as the one who attaches the documents
``dialog``          one: the call with start, duration, platform (``application``) and its sound;
                    ``incomplete`` with a ``disposition`` if it never came to a conversation
``analysis``        ``transcript``: all turns; ``summary``; ``sentiment``; ``report``: intent,
                    outcome, topics, keywords, actions, follow-up tasks, satisfaction
``attachments``     ``conversation-record``: every other field, exactly; ``vendor-document``: the
                    vendor's bytes; ``note``: that the sound is not in here, and why
==================  =============================================================================

No clock is in it, so there is no ``updated_at``. A vCon must have times; where none is known they
are the beginning of 1970, and ``conversation-record`` has the truth.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

from convarchive.model import Conversation, Turn, record
from convarchive.vcon.content import content_hash, encoded
from convarchive.vcon.parties import parties_of
from convarchive.vcon.values import instant, moment

SYNTAX: Final = "0.4.0"
RECORD: Final = "conversation-record"
DOCUMENT: Final = "vendor-document"
SCHEMA: Final = "convarchive.vcon/1"
"""Of the record; by it a vCon is known to be ours."""

TURNS: Final = "convarchive.turns/1"
REPORT: Final = "convarchive.report/1"
TEXTS: Final = ("summary", "sentiment")
"""Fields that are an analysis each, under their own names."""
REPORTED: Final = (
    "intent", "outcome", "topics", "keywords", "actions", "follow_up_tasks", "satisfaction",
)  # fmt: skip
"""Fields that are the report."""

CONTACT_CENTER: Final = "CC"
"""The extension by which a party has a ``role`` (draft-ietf-vcon-cc-extension)."""

_UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"
_JSON: Final = "application/json"
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?", re.ASCII | re.DOTALL)
_AT_A_TIME: Final = 3 << 18  # bytes; whole groups of three have no padding

_DISPOSITIONS: Final = (
    ("busy", ("busy",)),
    ("voicemail-no-message", ("voicemail", "answering machine")),
    ("no-answer", ("no answer", "not answer", "unanswered", "missed", "ring")),
    ("congestion", ("congest", "overload", "capacity", "too many", "503")),
    ("hung-up", ("hangup", "hung up", "hang up", "cancel")),
)
"""The draft's words, and what a vendor's reason says then; the first that fits counts."""


def write(
    conversation: Conversation,
    documents: Sequence[tuple[str, bytes]] = (),
    *,
    recording: bytes | None = None,
    url: str | None = None,
    missing: bool = False,
) -> dict[str, Any]:
    """The conversation as the JSON object of an unsigned vCon.

    Args:
        conversation: What to write. The URL of its recording, a link that expires, is left out.
        documents: The vendor's bytes, by name.
        recording: The sound, which goes inline.
        url: Where the receiver can fetch the sound by HTTPS; this goes in with the hash of
            ``recording``, and not its bytes.
        missing: The sound was to go along and is not to be found; a note says so.

    Raises:
        ValueError: There is a URL, and no recording to hash.
    """
    if url is not None and recording is None:
        raise ValueError("the hash of what is at the URL is made from the recording")
    places, parties = parties_of(conversation)
    start = _time(conversation.started_at, conversation.ended_at)
    by_us = {"start": start, "party": len(parties) - 1, "dialog": 0}
    attached = _attachments(conversation, documents, recording, missing)
    return {
        "vcon": SYNTAX,
        "uuid": uuid_of(conversation),
        "extensions": [CONTACT_CENTER],
        "created_at": _time(conversation.ended_at, conversation.started_at),
        **({"subject": ", ".join(conversation.topics)} if conversation.topics else {}),
        "parties": parties,
        "analysis": _analyses(conversation, places),
        "attachments": [{"purpose": purpose, **by_us, **what} for purpose, what in attached],
        # The last, and the body last in it, so that `pieces` can put a large one into its place.
        "dialog": [_dialog(conversation, len(parties) - 1, recording, url)],
    }


def pieces(vcon: dict[str, Any], recording: BinaryIO | None = None) -> Iterator[bytes]:
    """The vCon as UTF-8, a piece at a time.

    Args:
        vcon: From `write`; if there is a file, then with ``recording=b""``.
        recording: The sound, which is read as it is written and never held.
    """
    import msgspec.json

    whole = msgspec.json.encode(vcon)
    if recording is None:
        yield whole
        return
    end = b'"}]}'
    yield whole.removesuffix(end)
    while data := recording.read(_AT_A_TIME):
        yield base64.urlsafe_b64encode(data).rstrip(b"=")
    yield end


def uuid_of(conversation: Conversation) -> str:
    """A UUID of version 8: 122 bits of the SHA-256 of source and id.

    The draft would rather have the time and a host name in it; but it must be the same each time
    that a conversation is exported, and the start of a call can change. An id that is such a UUID
    already, as after reading someone's vCon, is kept.
    """
    if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                    conversation.id):  # fmt: skip
        return conversation.id
    named = f"vcon\0{conversation.source}\0{conversation.id}"
    bits = int.from_bytes(hashlib.sha256(named.encode()).digest()[:16])
    bits = bits & ~(0xF << 76) | 8 << 76
    bits = bits & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=bits))


def disposition(conversation: Conversation) -> str | None:
    """Why it never came to a conversation, in the draft's words; None if it did, or may have."""
    silent = not conversation.turns and conversation.recording is None
    if not silent or conversation.status not in ("failed", "abandoned"):
        return None
    reasons = (conversation.failure_reason, conversation.abandonment_reason, conversation.outcome)
    told = " ".join(filter(None, reasons)).lower().replace("_", " ").replace("-", " ")
    for word, signs in _DISPOSITIONS:
        if any(sign in told for sign in signs):
            return word
    return "failed" if conversation.status == "failed" else "hung-up"


def _dialog(
    conversation: Conversation, parties: int, recording: bytes | None, url: str | None
) -> dict[str, Any]:
    failed = disposition(conversation)
    made: dict[str, Any] = {
        "type": "incomplete" if failed else "recording",
        "start": _time(conversation.started_at, conversation.ended_at),
        "parties": list(range(parties)),
    }
    duration = conversation.duration
    if duration is not None and math.isfinite(duration) and duration >= 0:
        made["duration"] = duration
    if conversation.platform:
        made["application"] = conversation.platform
    return made | ({"disposition": failed} if failed else _sound(conversation, recording, url))


def _sound(conversation: Conversation, recording: bytes | None, url: str | None) -> dict[str, Any]:
    """The content of the dialog; without the sound still its hash, if that is known."""
    known = conversation.recording
    named = known.media_type if known and known.media_type else ""
    media = {"mediatype": named if _MEDIA_TYPE.fullmatch(named) else "application/octet-stream"}
    if recording is not None and url is not None:
        return media | {"url": url, "content_hash": content_hash(recording)}
    if recording is not None:
        return media | {"encoding": "base64url", "body": encoded(recording)}
    if known and known.sha256 and re.fullmatch("[0-9a-f]{64}", known.sha256):
        return media | {"content_hash": f"sha256-{encoded(bytes.fromhex(known.sha256))}"}
    return {}


def _analyses(
    conversation: Conversation, places: dict[tuple[str, str], int]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if conversation.has_transcript or conversation.turns:
        turns = [_turn(turn, places) for turn in conversation.turns]
        made.append({"type": "transcript", "schema": TURNS, **_json(turns)})
    for name in TEXTS:
        if (text := getattr(conversation, name)) is not None:
            content = {"mediatype": "text/plain", "encoding": "none", "body": text}
            made.append({"type": name, "schema": f"convarchive.{name}/1", **content})
    report = {name: getattr(conversation, name) for name in REPORTED}
    if any(value not in (None, ()) for value in report.values()):
        made.append({"type": "report", "schema": REPORT, **_json(report)})
    return [{"dialog": 0, "vendor": conversation.source, **one} for one in made]


def _turn(turn: Turn, places: dict[tuple[str, str], int]) -> dict[str, Any]:
    return {"party": places[turn.speaker, turn.role], **turn._asdict()}


def _attachments(
    conversation: Conversation,
    documents: Sequence[tuple[str, bytes]],
    recording: bytes | None,
    missing: bool,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Purpose and content of each."""
    elsewhere = {"record", "turns", *TEXTS, *REPORTED}
    fields = {key: value for key, value in record(conversation).items() if key not in elsewhere}
    yield RECORD, _json({"schema": SCHEMA, **fields})
    for name, data in documents:
        yield DOCUMENT, {"filename": f"{name}.json", "mediatype": _JSON, **_file(data)}
    sound = fields["recording"]
    if sound and recording is None:
        why = "its file is not in the archive" if missing else "it was not asked for"
        told = f"The recording, SHA-256 {sound['sha256']}, is not in this vCon: {why}."
        yield "note", {"mediatype": "text/plain", "encoding": "none", "body": told}


def _json(value: Any) -> dict[str, Any]:
    return {"mediatype": _JSON, "encoding": "json", "body": value}


def _file(data: bytes) -> dict[str, str]:
    """Exactly these bytes, as text if they are such."""
    try:
        return {"encoding": "none", "body": data.decode()}
    except UnicodeDecodeError:
        return {"encoding": "base64url", "body": encoded(data)}


def _time(*candidates: str | None) -> str:
    """The first that is a time."""
    found = (moment(candidate) for candidate in candidates)
    return next((instant(one) for one in found if one), _UNKNOWN_TIME)
