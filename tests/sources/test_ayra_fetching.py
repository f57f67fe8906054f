"""Fetching one conversation from Ayra: one request where one is enough, and what comes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.sources.script import Reply, Script, reply

from convarchive.errors import UnexpectedAnswer
from convarchive.sources.ayra import Ayra
from convarchive.sources.base import Fetched

DETAIL = "/v1/conversations/conv_1"
TRANSCRIPT = "/v1/conversations/conv_1/transcript"
MESSAGES = [{"speaker": "agent", "text": "Hello", "timestamp": 1}]


def fetched(
    script: Script, ayra: Ayra, detail: dict[str, Any], transcript: Reply | None = None
) -> Fetched:
    """What comes of a conversation with this detail, and this answer of the transcript endpoint."""
    script.on(DETAIL, reply({"data": {"id": "conv_1", **detail}}))
    if transcript is not None:
        script.on(TRANSCRIPT, transcript)
    found = ayra.fetch("conv_1")
    assert found is not None
    return found


@pytest.mark.parametrize("transcript", [{"messages": MESSAGES}, MESSAGES, "Agent: Hello", None])
def test_one_request(script: Script, ayra: Ayra, transcript: Any) -> None:
    """Is enough where the detail says what the transcript is, be it null while it is being made."""
    found = fetched(script, ayra, {"transcript": transcript})
    assert script.paths() == [DETAIL]
    assert found.conversation.has_transcript is (transcript is not None)


def test_the_bytes_are_kept_as_they_came(script: Script, ayra: Ayra) -> None:
    """White space, order, repeated keys and all."""
    body = b'\xef\xbb\xbf{ "data":\t{"status": "x", "id":"conv_1", "id" : "conv_1",\r\n "n": 1.0e0,'
    body += b' "transcript": "Agent: \xff\\ud800"} }\n'
    script.on(DETAIL, Reply(body))
    found = ayra.fetch("conv_1")
    assert found is not None
    assert found.documents == (("detail", body),)
    assert found.conversation.turns[0].text == "\ufffd\ufffd"


def test_a_transcript_of_its_own(script: Script, ayra: Ayra) -> None:
    """Where the detail has no word about it, its own endpoint is asked, and both are kept."""
    body = {"data": {"conversation_id": "conv_1", "language": "en", "messages": MESSAGES}}
    found = fetched(script, ayra, {"status": "completed"}, reply(body))
    assert script.paths() == [DETAIL, TRANSCRIPT]
    assert [turn.text for turn in found.conversation.turns] == ["Hello"]
    assert [name for name, _ in found.documents] == ["detail", "transcript"]
    assert json.loads(found.documents[1][1]) == body


@pytest.mark.parametrize("status", [202, 404, 409])
def test_a_transcript_that_is_not_ready(script: Script, ayra: Ayra, status: int) -> None:
    """By any of these the conversation is had without; a word of the refusal is not kept."""
    refusal = reply({"error": {"message": "not ready"}}, status)
    found = fetched(script, ayra, {"status": "completed"}, refusal)
    assert not found.conversation.has_transcript
    assert [name for name, _ in found.documents] == ["detail"]


def test_a_transcript_that_comes_later(script: Script, ayra: Ayra) -> None:
    """Is a change of the conversation."""
    before = fetched(script, ayra, {"status": "completed"}, reply({}, 404))
    after = fetched(script, ayra, {"status": "completed"}, reply({"messages": MESSAGES}))
    assert before.fingerprint != after.fingerprint


def test_volatile_fields(script: Script, ayra: Ayra) -> None:
    """A link signed anew, its expiry, its token are no change, wherever they stand."""

    def state(link: str | None, expiry: int, **more: Any) -> str:
        sound = {"url": link, "expires_at": expiry, "signature": str(expiry), **more}
        detail = {"recording_url": link, "url_expires_in": expiry, "recording": sound}
        return fetched(script, ayra, {**detail, "transcript": None}).fingerprint

    first = state("https://a/?sig=1", 1)
    assert state("https://b/?sig=2", 2) == first
    assert state(None, 2) != first
    assert state("https://a/?sig=1", 1, bytes=5) != first


def test_an_expiry_without_a_link(script: Script, ayra: Ayra) -> None:
    """Is a fact like any other, and so is a token that was said."""
    states = {
        fetched(script, ayra, {"quality": {"expires": year}, "transcript": None}).fingerprint
        for year in (2027, 2028)
    }
    assert len(states) == 2


def test_the_order_of_keys_is_no_change(script: Script, ayra: Ayra) -> None:
    """Nor is white space."""
    script.on(DETAIL, Reply(b'{"data":{"id":"conv_1","a":1,"b":2,"transcript":null}}'))
    first = ayra.fetch("conv_1")
    script.on(DETAIL, Reply(b'{"data": {"transcript": null, "b": 2, "a": 1, "id": "conv_1"}}'))
    second = ayra.fetch("conv_1")
    assert first is not None
    assert second is not None
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"data": {"id": "conv_1"',
        b'{"data": []}',
        b'{"data": {"status": "completed", "transcript": null}}',
        b'{"data": {"id": "conv_2", "transcript": null}}',
        b'{"data": {"id": "conv_1", "transcript": ' + b"[" * 400 + b"]" * 400 + b"}}",
        b'{"data": {"id": "conv_1", "transcript": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
def test_what_is_not_the_conversation(script: Script, ayra: Ayra, body: bytes) -> None:
    """Is refused, and the error has the bytes: they are kept with the problem."""
    script.on(DETAIL, Reply(body))
    with pytest.raises(UnexpectedAnswer) as caught:
        ayra.fetch("conv_1")
    assert caught.value.body == body


def test_a_transcript_that_cannot_be_read(script: Script, ayra: Ayra) -> None:
    """Is refused with its bytes."""
    script.on(DETAIL, reply({"data": {"id": "conv_1"}}))
    script.on(TRANSCRIPT, Reply(b"<html>"))
    with pytest.raises(UnexpectedAnswer) as caught:
        ayra.fetch("conv_1")
    assert caught.value.body == b"<html>"


@pytest.mark.parametrize(
    "value",
    ["\u0000", "a\u0000b", 2**63, 2**64, -(2**80), 10**400, 1e308, "\u202e", "🙂" * 1000],
    ids=lambda value: repr(value)[:12],
)
def test_extreme_values(script: Script, ayra: Ayra, value: Any) -> None:
    """Cost no conversation, wherever they stand."""
    detail = dict.fromkeys(("summary", "duration", "start_time", "language"), value)
    message = dict.fromkeys(("speaker", "text", "timestamp", "duration"), value)
    detail |= {"topics": [value], "quality": {"x": value}, "transcript": [message]}
    found = fetched(script, ayra, detail)
    assert found.conversation.id == "conv_1"
    assert found.conversation.quality == {"x": value}
