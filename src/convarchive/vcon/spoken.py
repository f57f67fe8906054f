"""What the transcripts of others say. The draft has no format for them, so each vendor has its own.

A transcript is a text (WebVTT, SubRip, ``Name: …`` a line), or JSON that has, somewhere within, a
list of segments: objects with a text, and who said it, and when. Deepgram nests them in
``results``, ``channels``, ``alternatives`` and ``paragraphs``, Whisper has ``segments``, voice
agents have ``messages``. What is known of a place further out, such as the speaker of a paragraph,
holds for everything within.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any, Final, NamedTuple

from convarchive.model import Turn
from convarchive.transcripts import srt, vtt
from convarchive.transcripts import text as plain_text
from convarchive.transcripts.roles import role_of
from convarchive.vcon.values import indices, length, moment, number, seconds, text

_WORDS: Final = ("text", "message", "content", "utterance", "sentence", "transcript", "body")
_NAME: Final = (
    "speaker_name", "speaker", "speaker_label", "speaker_id", "participant", "name", "from", "user",
)  # fmt: skip
_PARTY: Final = ("party", "parties", "party_index")
_START: Final = ("start", "start_time", "startTime", "begin", "timestamp", "time", "offset",
                 "time_in_call_secs", "secondsFromStart")  # fmt: skip
_END: Final = ("end", "end_time", "endTime", "stop")
_INHERITED: Final = (*_NAME, *_PARTY, "role", "channel")

_WITHIN: Final = (
    "turns", "segments", "utterances", "messages", "paragraphs", "sentences", "monologues",
    "transcript_object", "entries", "results", "channels", "alternatives", "transcripts",
    "transcript", "transcription", "dialog", "data", "body",
)  # fmt: skip
"""Where to look further, what is divided best first."""

_DEEPEST: Final = 12

_TAG: Final = re.compile(r"<[^<>]*>")


class Person(NamedTuple):
    """Someone who can speak."""

    name: str
    role: str
    """One of `convarchive.model.ROLES`."""


class Heard(NamedTuple):
    """Where a transcript belongs."""

    people: Sequence[Person]
    """The parties of the vCon, in their order."""
    began: datetime | None
    """When the recording did that it is of."""
    offset: float = 0.0
    """Seconds from the start of the conversation to that."""


def turns(said: Any, heard: Heard) -> list[Turn]:
    """The turns of a transcript's body, in its order, numbered from 0."""
    said = _whole(said)
    if isinstance(said, str):
        form = vtt if "WEBVTT" in said[:20] else srt if "-->" in said else plain_text
        found = form.read(said)
    else:
        segments = _segments(said, {}, _DEEPEST)
        found = [_turn(segment, heard) for segment in segments]
    moved = (_moved(turn, heard.offset) for turn in found)
    return [turn._replace(position=at) for at, turn in enumerate(moved)]


def readable(markup: str) -> str:
    """Text out of HTML, without its tags."""
    return unescape(_TAG.sub("", markup)).strip()


def _whole(said: Any) -> Any:
    """The text, where an object has one and nothing that divides it or says who speaks."""
    if not isinstance(said, dict) or said.keys() & {*_INHERITED}:
        return said
    divided = any(isinstance(said.get(name), dict | list) for name in _WITHIN)
    return said if divided else _first(said, _WORDS)


def _segments(value: Any, around: Mapping[str, Any], room: int) -> list[dict[str, Any]]:
    if room == 0 or not isinstance(value, dict | list):
        return []
    if isinstance(value, list):
        return [one for item in value for one in _segments(item, around, room - 1)]
    known = {**around, **{name: value[name] for name in _INHERITED if name in value}}
    for name in _WITHIN:
        inner = value.get(name)
        if name == "alternatives" and isinstance(inner, list):
            inner = inner[:1]  # the others are what else the same words might have been
        if found := _segments(inner, known, room - 1):
            return found
    return [{**known, **value}] if _first(value, _WORDS) else []


def _turn(segment: Mapping[str, Any], heard: Heard) -> Turn:
    speaker, role = _speaker(segment, heard.people)
    start, end = _place(segment, _START, heard), _place(segment, _END, heard)
    lasts = number(segment.get("duration"))
    if end is None and start is not None and lasts is not None:
        end = number(start + lasts)
    if start is not None and end is not None and end < start:
        end = None
    said = (_first(segment, _WORDS) or "").strip()
    sure = length(segment.get("confidence"))
    return Turn(0, speaker, role, said, start, end, sure if sure is None or sure <= 1 else None)


def _speaker(segment: Mapping[str, Any], people: Sequence[Person]) -> Person:
    """By the index of a party if there is one, else by the words that are there."""
    for name in _PARTY:
        for index in indices(segment.get(name))[:1]:
            if 0 <= index < len(people):
                return people[index]
    named = _first(segment, _NAME)
    stated = text(segment.get("role"))
    for person in people:
        if named is not None and named == person.name:
            return person
    if named is None and stated is None:
        numbers = (segment.get(name) for name in (*_NAME, "channel"))
        counted = next((one for one in numbers if type(one) is int), None)
        return Person("" if counted is None else f"Speaker {counted}", "other")
    return Person(named or stated or "", role_of(stated or named or ""))


def _place(segment: Mapping[str, Any], names: Sequence[str], heard: Heard) -> float | None:
    """Seconds from the start of the recording, from those or from a time of day."""
    for name in names:
        if (found := seconds(segment.get(name))) is not None:
            return found
        if heard.began and (when := moment(segment.get(name))):
            return (when - heard.began).total_seconds()
        for unit in ("_ms", "Ms"):
            if (thousandths := number(segment.get(name + unit))) is not None:
                return thousandths / 1000
    return None


def _moved(turn: Turn, offset: float) -> Turn:
    """From places in the recording to places in the conversation."""
    start, end = (
        None if at is None else number(round(at + offset, 3)) for at in (turn.start, turn.end)
    )
    return turn._replace(start=start, end=end)


def _first(segment: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next(_texts(segment, names), None)


def _texts(segment: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """The texts under these names; of an object, its name."""
    for name in names:
        value = segment.get(name)
        if isinstance(value, dict):
            value = value.get("name")
        if found := text(value):
            yield found
