"""A vCon as a conversation: of every syntax version, ours without loss, others as well as can be.

A vCon is ours if it has the record that `writing` attaches, whatever was added to it since. Then
every field comes from where it was put, exactly. All others are read as `foreign` says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from convarchive.errors import UnexpectedAnswer
from convarchive.model import ROLES, STATUSES, Conversation, Recording, Turn
from convarchive.vcon import foreign
from convarchive.vcon.content import body, body_bytes
from convarchive.vcon.forms import opened
from convarchive.vcon.values import objects, text
from convarchive.vcon.writing import DOCUMENT, RECORD, REPORT, REPORTED, SCHEMA, TEXTS, TURNS


class Read(NamedTuple):
    """What a vCon held."""

    conversation: Conversation
    recording: bytes | None = None
    """The sound, if it was inline; it has the hashes that the vCon says."""
    media_type: str | None = None
    """Of the recording."""
    documents: tuple[tuple[str, bytes], ...] = ()
    """The vendor's bytes by name, as `writing` took them; none in vCons that are not ours."""
    signed: bool | None = None
    """None: it is not. True: every signature was checked by the certificate beside it; whether
    that can be trusted is not known. False: there was no certificate to check one with."""


def read(source: str, data: bytes) -> Read:
    """The conversation in a vCon.

    Args:
        source: What to call its source, if the vCon is not ours and does not say.
        data: JSON, signed or not, gzipped or not.

    Raises:
        UnexpectedAnswer: It is no vCon, or encrypted, or damaged: a signature or a hash is wrong;
            or it has an extension that is critical and not known here.
    """
    vcon, signed = opened(data)
    record = _record(vcon)
    digest = hashlib.sha256(data).hexdigest()[:32]
    made = foreign.conversation(source, vcon, digest) if record is None else _ours(vcon, record)
    sound = foreign.sound_of(vcon)
    if sound is None or sound.data is None:
        return Read(made, None, None, _documents(vcon), signed)
    _check(sound, made.recording)
    return Read(made, sound.data, sound.known.media_type, _documents(vcon), signed)


def _record(vcon: Mapping[str, Any]) -> dict[str, Any] | None:
    for attachment in objects(vcon.get("attachments")):
        found = body(attachment) if attachment.get("purpose") == RECORD else None
        if isinstance(found, dict) and found.get("schema") == SCHEMA:
            return found
    return None


def _ours(vcon: Mapping[str, Any], record: Mapping[str, Any]) -> Conversation:
    """From the record and the analyses; what stands in neither had nothing in it."""
    import msgspec

    fields = {**Conversation._field_defaults, **record}
    for analysis in reversed(objects(vcon.get("analysis"))):
        said = body(analysis) if analysis.get("encoding") == "json" else analysis.get("body")
        schema = analysis.get("schema")
        if schema == TURNS:
            fields["turns"] = [_in_order(Turn, turn) for turn in objects(said)]
        elif schema == REPORT and isinstance(said, dict):
            fields |= {name: said[name] for name in REPORTED if name in said}
        else:
            fields |= {name: said for name in TEXTS if schema == f"convarchive.{name}/1"}
    if isinstance(sound := fields["recording"], dict):
        fields["recording"] = [
            None,
            *(sound.get(name) for name in ("sha256", "bytes", "media_type")),
        ]
    try:
        made = msgspec.convert(_in_order(Conversation, fields), Conversation)
    except msgspec.ValidationError as error:
        raise _not_ours(str(error)) from error
    if made.status not in STATUSES or any(turn.role not in ROLES for turn in made.turns):
        raise _not_ours("A status or a role is none that there is")
    return made


def _in_order(kind: type[Turn | Recording | Conversation], fields: Mapping[str, Any]) -> list[Any]:
    return [fields.get(name, kind._field_defaults.get(name)) for name in kind._fields]


def _check(sound: foreign.Sound, recorded: Recording | None) -> None:
    """By the hash beside it and by that in the record."""
    same = [
        hashlib.new(name, sound.data or b"").digest() == digest for name, digest in sound.hashes
    ]
    if recorded and recorded.sha256:
        same.append(recorded.sha256 == sound.known.sha256)
    if not all(same):
        raise UnexpectedAnswer(
            "The recording in the vCon is not the one that its hash names.",
            "One of the two was changed.",
        )


def _documents(vcon: Mapping[str, Any]) -> tuple[tuple[str, bytes], ...]:
    found = []
    for attachment in objects(vcon.get("attachments")):
        name, data = text(attachment.get("filename")), body_bytes(attachment)
        if attachment.get("purpose") == DOCUMENT and name and data is not None:
            found.append((name.removesuffix(".json"), data))
    return tuple(found)


def _not_ours(why: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        "The vCon says that this program wrote it, and its record is not as this program writes.",
        f"{why}.",
    )
