"""The transcript endpoint: one transcript as ``json``, ``text``, ``srt`` or ``vtt``."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.responses import Response

from convarchive import transcripts
from convarchive.model import Turn
from convarchive.sandbox import faults
from convarchive.sandbox.parameters import Parameters
from convarchive.sandbox.wire import answer
from convarchive.transcripts.roles import role_of

_FORMATS: Final = ("json", *transcripts.FORMATS)

_GOOD: Final = "thank thanks great perfect wonderful lovely glad brilliant excellent love happy"
_BAD: Final = "angry wrong twice terrible ridiculous broken worst never complaint cancel upset lost"
_MOODS: Final = {
    **dict.fromkeys(_GOOD.split(), "positive"),
    **dict.fromkeys(_BAD.split(), "negative"),
}
_WORD: Final = re.compile(r"\w+")


def transcript(payload: dict[str, Any], parameters: Parameters) -> Response:
    """The transcript of this conversation as it was asked for.

    Raises `Fault`: 409 while it is being made, 404 where nobody spoke and none will come.
    """
    fmt = parameters.choice("format", _FORMATS) or "json"
    stamps = parameters.truth("include_timestamps") is not False
    labels = parameters.truth("speaker_labels") is not False
    sentiment = parameters.truth("include_sentiment") is True
    body = payload.get("transcript")
    if not isinstance(body, dict):
        settled = payload.get("status") in ("failed", "abandoned")
        raise faults.no_transcript() if settled else faults.transcript_not_ready()
    if fmt == "json":
        messages = [_message(message, labels, sentiment) for message in body["messages"]]
        return answer({"data": {"conversation_id": payload["id"], **body, "messages": messages}})
    document = transcripts.write(
        [_turn(position, message) for position, message in enumerate(body["messages"])],
        fmt,
        duration=payload.get("duration"),
        include_timestamps=stamps,
        speaker_labels=labels,
    )
    return Response(document, headers={"Content-Type": transcripts.MEDIA_TYPES[fmt]})


def _message(message: dict[str, Any], labels: bool, sentiment: bool) -> dict[str, Any]:
    shown = dict(message)
    if not labels:
        shown.pop("speaker", None)
    if sentiment:
        shown.setdefault("sentiment", _mood(message["text"]))
    return shown


def _mood(text: str) -> str:
    """The first word with a mood decides. Crude, but the same every time."""
    words = _WORD.findall(text.lower())
    return next((_MOODS[word] for word in words if word in _MOODS), "neutral")


def _turn(position: int, message: dict[str, Any]) -> Turn:
    speaker, start = message.get("speaker") or "", message.get("timestamp")
    length = message.get("duration")
    end = None if start is None or length is None else start + length
    return Turn(
        position, speaker, role_of(speaker), message["text"], start, end, message.get("confidence")
    )
