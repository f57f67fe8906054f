"""Ayra: https://api.ayra.ai, the Conversation API.

Three endpoints: a list that can be sorted by start, a detail that carries everything but the sound,
and a transcript for details that come without one. Much of the API is not published, so `normalise`
takes every spelling and nesting that is likely, and the bytes are kept for the day it is wrong.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

from convarchive.errors import UnexpectedAnswer
from convarchive.model import Conversation, Recording, Turn
from convarchive.sources.ayra_names import DETAIL, GROUPS, MESSAGE, TURNS, Message, status_of
from convarchive.sources.base import Capabilities, Download, Fetched, Listed, Page
from convarchive.sources.fields import Fields, as_instant, as_number, as_text, seconds_between
from convarchive.sources.http import Answer, Client
from convarchive.sources.payload import decode, fingerprint
from convarchive.transcripts import text
from convarchive.transcripts.roles import role_of

BASE_URL = "https://api.ayra.ai"

PER_PAGE = 100
"""Conversations a page, the most that the API gives."""

_PATH = "/v1/conversations"
_NOT_FOUND = 404
_NOT_READY = (202, 404, 409)


class Ayra:
    """A `Source` of an Ayra account.

    Args:
        name: Of the source in the archive.
        client: With the account's key.
    """

    capabilities = Capabilities(filters_status=True)

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self._client = client

    def list(
        self, *, since: str | None, until: str | None, page: int, status: str | None = None
    ) -> Page:
        """A page of the list, oldest first; both ends are inclusive."""
        wanted = {
            "page": str(page),
            "per_page": str(PER_PAGE),
            "sort_by": "start_time",
            "sort_order": "asc",
            "start_date": since,
            "end_date": until,
            "status": status,
        }
        answer = self._client.get(_PATH, {name: value for name, value in wanted.items() if value})
        return _page(answer, page)

    def fetch(self, conversation_id: str) -> Fetched | None:
        """A conversation with its transcript; None if the vendor does not have it."""
        path = f"{_PATH}/{quote(conversation_id, safe='')}"
        answer = self._client.get(path, expect=(_NOT_FOUND,))
        if answer.status == _NOT_FOUND:
            return None
        payload = _object(_unwrapped(answer.value), answer.body)
        documents = {"detail": answer.body}
        spoken: Any = None
        if not Fields(payload, GROUPS).has(*DETAIL.spoken[:2]):
            transcript = self._client.get(f"{path}/transcript", expect=_NOT_READY)
            if transcript.status not in _NOT_READY:
                documents["transcript"] = transcript.body
                spoken = _unwrapped(transcript.value)
        try:
            conversation = _conversation(self.name, payload, spoken)
            state = fingerprint([payload] if spoken is None else [payload, spoken])
            _check_id(conversation, conversation_id)
        except UnexpectedAnswer as error:
            error.body = error.body or answer.body
            raise
        return Fetched(conversation, state, tuple(documents.items()))

    def open_recording(self, url: str) -> AbstractContextManager[Download | None]:
        """The sound behind a signed link; None if it has expired."""
        return self._client.download(url)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def normalise(source: str, documents: Mapping[str, bytes]) -> Conversation:
    """What the vendor's documents mean.

    Args:
        source: The name of the source.
        documents: ``detail``, and ``transcript`` where that came separately.

    Raises:
        UnexpectedAnswer: The detail is no conversation.
    """
    from convarchive.sources import ayra_regular

    regular = None
    if "transcript" not in documents:
        regular = ayra_regular.normalise(source, documents["detail"])
    return normalise_any(source, documents) if regular is None else regular


def normalise_any(source: str, documents: Mapping[str, bytes]) -> Conversation:
    """The same, in whatever form they are."""
    detail = documents["detail"]
    payload = _object(_unwrapped(decode(detail)), detail)
    separately = documents.get("transcript")
    spoken = None if separately is None else _unwrapped(decode(separately))
    return _conversation(source, payload, spoken)


def recognises(value: Any) -> bool:
    """Whether a JSON value is a detail, or a line of the list: it has an id and tells more."""
    payload = _unwrapped(value)
    if not isinstance(payload, dict):
        return False
    fields = Fields(payload, GROUPS)
    return fields.text(*DETAIL.id) is not None and fields.has(
        *DETAIL.start, *DETAIL.status, *DETAIL.spoken[:2]
    )


def state(documents: Mapping[str, bytes]) -> str:
    """The fingerprint of these documents, as `Ayra.fetch` makes it.

    Raises:
        UnexpectedAnswer: They are no JSON.
    """
    order = ("detail", "transcript")
    return fingerprint([_unwrapped(decode(documents[name])) for name in order if name in documents])


def _conversation(source: str, payload: dict[str, Any], spoken: Any) -> Conversation:
    """The conversation, with what came as its transcript separately, if anything did."""
    fields = Fields(payload, GROUPS)
    identifier = fields.text(*DETAIL.id)
    if identifier is None:
        raise UnexpectedAnswer("The vendor's answer has no conversation id.")
    started_at = fields.instant(*DETAIL.start)
    if spoken is None:
        spoken = fields.value(*DETAIL.spoken)
    turns = _turns(spoken, started_at)
    return Conversation(
        source=source,
        id=identifier,
        status=_status(fields),
        started_at=started_at,
        ended_at=fields.instant(*DETAIL.end),
        duration=fields.number(*DETAIL.duration),
        agent_id=fields.text(*DETAIL.agent),
        caller_number=fields.text(*DETAIL.caller),
        language=fields.text(*DETAIL.language) or _language(spoken),
        summary=fields.text(*DETAIL.summary),
        sentiment=fields.text(*DETAIL.sentiment),
        intent=fields.text(*DETAIL.intent),
        outcome=fields.text(*DETAIL.outcome),
        failure_reason=fields.text(*DETAIL.failure_reason),
        abandonment_reason=fields.text(*DETAIL.abandonment_reason),
        platform=fields.text(*DETAIL.platform),
        topics=fields.texts(*DETAIL.topics),
        keywords=fields.texts(*DETAIL.keywords),
        actions=fields.values(*DETAIL.actions),
        follow_up_tasks=fields.values(*DETAIL.follow_up_tasks),
        satisfaction=fields.value(*DETAIL.satisfaction),
        integrations=fields.value(*DETAIL.integrations),
        quality=fields.value(*DETAIL.quality),
        network=fields.value(*DETAIL.network),
        errors=fields.value(*DETAIL.errors),
        recording=_recording(fields),
        has_transcript=turns is not None,
        turns=turns or (),
    )


def _check_id(conversation: Conversation, asked: str) -> None:
    if conversation.id != asked:
        raise UnexpectedAnswer(f"Asked for {asked}, the vendor answered with {conversation.id}.")


def _page(answer: Answer, number: int) -> Page:
    envelope = answer.value
    items = envelope.get("data") if isinstance(envelope, dict) else envelope
    if isinstance(items, dict):
        items = items.get("conversations", items.get("items"))
    if not isinstance(items, list):
        raise UnexpectedAnswer("The vendor's list of conversations is not a list.")
    listed = [_listed(item) for item in items]
    return Page(
        tuple(item for item in listed if item is not None),
        tuple(_bytes(item) for item, kept in zip(items, listed, strict=True) if kept is None),
        *_size(envelope, number, len(items)),
    )


def _size(envelope: Any, number: int, count: int) -> tuple[bool, int | None]:
    """Whether more follow, and how many there are in all.

    By the envelope's own figures where it has them, else by whether the page is full.
    """
    pages = None
    if isinstance(envelope, dict):
        pages = envelope.get("pagination") or envelope.get("meta")
    if not isinstance(pages, dict):
        return count >= PER_PAGE, None
    size = as_number(pages.get("per_page")) or PER_PAGE
    last = as_number(pages.get("total_pages"))
    total = as_number(pages.get("total"))
    # A total that lies must not end the walk early: a full page always asks for the next one.
    more = (
        count >= size
        or (last is not None and number < last)
        or (total is not None and (number - 1) * size + count < total)
    )
    return count > 0 and more, None if total is None else int(total)


def _listed(item: Any) -> Listed | None:
    if isinstance(item, str):
        item = {"id": item}
    if not isinstance(item, dict):
        return None
    fields = Fields(item, GROUPS)
    identifier = fields.text(*DETAIL.id)
    if identifier is None:
        return None
    return Listed(identifier, fields.instant(*DETAIL.start), _status(fields), _state(item, fields))


def _state(item: dict[str, Any], fields: Fields) -> str | None:
    """The fingerprint of a list item; None if it tells too little, or can't be read to its end."""
    if fields.value(*DETAIL.status) is None:
        return None
    with contextlib.suppress(UnexpectedAnswer):
        return fingerprint(item)
    return None


def _bytes(item: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(item)


def _object(payload: Any, body: bytes) -> dict[str, Any]:
    if not isinstance(payload, dict):
        error = UnexpectedAnswer("The vendor's answer is no conversation.")
        error.body = body
        raise error
    return payload


def _unwrapped(value: Any) -> Any:
    """The answer without its envelope."""
    if isinstance(value, dict):
        for name in ("data", "conversation"):
            if isinstance(value.get(name), dict | list) and "id" not in value:
                return value[name]
    return value


def _language(spoken: Any) -> str | None:
    return as_text(spoken.get("language")) if isinstance(spoken, dict) else None


def _status(fields: Fields) -> str:
    return status_of(fields.text(*DETAIL.status))


def _recording(fields: Fields) -> Recording | None:
    url = fields.value(*DETAIL.recording)
    if isinstance(url, dict):
        url = url.get("url") or url.get("recording_url")
    return Recording(url=url) if isinstance(url, str) and url else None


def _turns(spoken: Any, started_at: str | None) -> tuple[Turn, ...] | None:
    """None where there is no transcript; a transcript may have no turns."""
    if isinstance(spoken, dict):
        for name in TURNS:
            if spoken.get(name) is not None:
                return _turns(spoken[name], started_at)
        return None
    if isinstance(spoken, str):
        return tuple(text.read(spoken))
    if isinstance(spoken, list):
        return tuple(_turn(at, message, started_at) for at, message in enumerate(spoken))
    return None


def _turn(position: int, message: Any, started_at: str | None) -> Turn:
    if not isinstance(message, dict):
        return Turn(position, "", "other", as_text(message) or "")
    named = _named(tuple(message))
    speaker = as_text(_first(message, named.speaker)) or ""
    start = _place(_first(message, named.start), started_at)
    end = _place(_first(message, named.end), started_at)
    length = as_number(_first(message, named.length))
    if end is None and start is not None and length is not None:
        end = round(start + length, 3)
    if end is not None and start is not None and end < start:
        end = None
    words = as_text(_first(message, named.words)) or ""
    confidence = as_number(_first(message, named.confidence))
    return Turn(position, speaker, role_of(speaker), words, start, end, confidence)


@functools.lru_cache(64)
def _named(names: tuple[str, ...]) -> Message:
    """Those of a message's names that count. Messages have the same names again and again."""
    return Message(*(tuple(name for name in known if name in names) for known in MESSAGE))


def _first(message: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first that is not null."""
    for name in names:
        if (found := message[name]) is not None:
            return found
    return None


def _place(value: Any, started_at: str | None) -> float | None:
    """Seconds into the call, from those or from a time of day."""
    if value is None:
        return None
    number = as_number(value)
    if number is not None and abs(number) < 1e9:  # as a Unix time this would be before 2001
        return number
    moment = as_instant(value)
    if moment is None or started_at is None:
        return None
    return round(seconds_between(started_at, moment), 3)
