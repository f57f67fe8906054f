"""Ayra's details as they are nearly always, read in a third of the time.

What is regular is said by types: each fact by its usual name, in its usual form, and by no other
name. A detail that is anything else does not fit the types, and is left to `ayra`, which takes all
there is. The two never disagree: where this one reads a detail, it means the same there.
"""

from __future__ import annotations

import functools
from itertools import chain
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from convarchive.model import Conversation, Recording, Turn
from convarchive.sources.ayra_names import DETAIL, GROUPS, status_of
from convarchive.sources.fields import as_instant
from convarchive.sources.payload import finite
from convarchive.transcripts.roles import role_of

_Seconds = Annotated[float, Meta(gt=-1e9, lt=1e9)]
"""Beyond that a number is a Unix time."""


class _Message(Struct, gc=False):
    """Of these names each is the first in `MESSAGE`, so no other can count where it is there."""

    speaker: str
    text: str
    timestamp: _Seconds
    duration: float
    confidence: float | None = None
    end: UnsetType | None = UNSET
    end_time: UnsetType | None = UNSET


class _Transcript(Struct, gc=False):
    """Its turns are by the first name in `TURNS`."""

    messages: list[_Message]
    language: str | None = None


class _Detail(Struct, gc=False):
    id: Annotated[str, Meta(min_length=1)]
    agent_id: str | None = None
    status: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    duration: float | None = None
    caller_number: str | None = None
    language: str | None = None
    summary: str | None = None
    recording_url: str | None = None
    sentiment: str | None = None
    topics: list[str] | None = None
    keywords: list[str] | None = None
    satisfaction: Any = None
    intent: str | None = None
    outcome: str | None = None
    actions: list[Any] | None = None
    follow_up_tasks: list[Any] | None = None
    integrations: Any = None
    voice_platform: str | None = None
    quality: Any = None
    network: Any = None
    errors: Any = None
    failure_reason: str | None = None
    abandonment_reason: str | None = None
    recording: str | None = None
    audio_url: UnsetType | None = UNSET
    transcript: _Transcript | None = None


def normalise(source: str, detail: bytes) -> Conversation | None:
    """What a detail means; None if it is not regular.

    Args:
        source: The name of the source.
        detail: The document, which came without a transcript of its own.
    """
    try:
        return _conversation(source, _decoder().decode(detail))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _conversation(source: str, read: _Detail) -> Conversation:
    spoken = read.transcript
    link = read.recording if read.recording_url is None else read.recording_url
    return Conversation(
        source,
        read.id,
        status_of(read.status),
        as_instant(read.start_time),
        as_instant(read.end_time),
        read.duration,
        read.agent_id or None,
        read.caller_number or None,
        read.language or (spoken and spoken.language) or None,
        read.summary or None,
        read.sentiment or None,
        read.intent or None,
        read.outcome or None,
        read.failure_reason or None,
        read.abandonment_reason or None,
        read.voice_platform or None,
        _texts(read.topics),
        _texts(read.keywords),
        tuple(read.actions or ()),
        tuple(read.follow_up_tasks or ()),
        read.satisfaction,
        read.integrations,
        read.quality,
        read.network,
        read.errors,
        Recording(link) if link else None,
        spoken is not None,
        _turns(spoken.messages) if spoken else (),
    )


def _turns(messages: list[_Message]) -> tuple[Turn, ...]:
    # Half of the time goes here, so a turn is made without asking how many fields it has.
    return tuple([
        _turn((
            at,
            speaker := message.speaker,
            role_of(speaker),
            message.text,
            start := message.timestamp,
            end if (end := round(start + message.duration, 3)) >= start else None,
            message.confidence,
        ))
        for at, message in enumerate(messages)
    ])  # fmt: skip


_turn = functools.partial(tuple.__new__, Turn)


def _texts(items: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, items))) if items else ()


@functools.cache
def _decoder() -> msgspec.json.Decoder[_Detail]:
    """Takes no other name by which one of these facts could be told, unless it is null there."""
    others = dict.fromkeys(chain(GROUPS, *DETAIL))
    fields: list[Any] = [
        (name, UnsetType | None, UNSET) for name in others if name not in _Detail.__struct_fields__
    ]
    detail: Any = msgspec.defstruct("Detail", fields, bases=(_Detail,), gc=False)
    return msgspec.json.Decoder(detail, float_hook=finite)
