"""The transcript endpoint and its four formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import srt

from convarchive.sandbox import Sandbox

if TYPE_CHECKING:
    import httpx

PATH = "/v1/conversations/conv_aaaaaaaaaaa4/transcript"


def test_json(client: httpx.Client) -> None:
    """JSON is the default: the detail's transcript and the conversation's id."""
    body = client.get(PATH).json()["data"]
    detail = client.get("/v1/conversations/conv_aaaaaaaaaaa4").json()["data"]["transcript"]
    assert body == {"conversation_id": "conv_aaaaaaaaaaa4", **detail}


def test_text(client: httpx.Client) -> None:
    """Text has one line a message, with time and speaker."""
    answer = client.get(PATH, params={"format": "text"})
    assert answer.text == ("[00:00:01] Agent: Hello?\n[00:00:02] Customer: I was CHARGED twice\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_text_without_times(client: httpx.Client) -> None:
    """``include_timestamps=false`` leaves the times out."""
    given = {"format": "text", "include_timestamps": "false"}
    assert client.get(PATH, params=given).text.startswith("Agent: Hello?\n")


def test_srt(client: httpx.Client) -> None:
    """SubRip can be read by a parser that nobody here wrote."""
    cues = list(srt.parse(client.get(PATH, params={"format": "srt"}).text))
    assert [cue.content for cue in cues] == ["Agent: Hello?", "Customer: I was CHARGED twice"]
    assert cues[1].end.total_seconds() == 4


def test_vtt(client: httpx.Client) -> None:
    """WebVTT says who speaks in its own markup."""
    answer = client.get(PATH, params={"format": "vtt"})
    assert answer.text.startswith("WEBVTT\n")
    assert "00:00:02.000 --> 00:00:04.000\n<v Customer>I was CHARGED twice\n" in answer.text
    assert answer.headers["content-type"].startswith("text/vtt")


@pytest.mark.parametrize("fmt", ["text", "srt", "vtt"])
def test_without_speakers(client: httpx.Client, fmt: str) -> None:
    """``speaker_labels=false`` leaves the speakers out of every format."""
    answer = client.get(PATH, params={"format": fmt, "speaker_labels": "false"})
    assert "Customer" not in answer.text
    assert "CHARGED" in answer.text


def test_json_without_speakers(client: httpx.Client) -> None:
    """``speaker_labels=false`` leaves the key out of JSON."""
    messages = client.get(PATH, params={"speaker_labels": "false"}).json()["data"]["messages"]
    assert all("speaker" not in message for message in messages)


def test_sentiment(client: httpx.Client) -> None:
    """``include_sentiment=true`` adds the mood of each message, and only then."""
    messages = client.get(PATH, params={"include_sentiment": "true"}).json()["data"]["messages"]
    assert [message["sentiment"] for message in messages] == ["neutral", "negative"]
    assert "sentiment" not in client.get(PATH).json()["data"]["messages"][0]


def test_not_ready(sandbox: Sandbox, own_client: httpx.Client) -> None:
    """While the transcript is being made the answer is 409."""
    payload = sandbox.upstream.get("conv_aaaaaaaaaaa1")
    assert payload is not None
    sandbox.upstream.put({**payload, "transcript": None})
    answer = own_client.get("/v1/conversations/conv_aaaaaaaaaaa1/transcript")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "transcript_not_ready")


def test_never(client: httpx.Client) -> None:
    """A call in which nobody spoke will never have one: 404."""
    answer = client.get("/v1/conversations/conv_aaaaaaaaaaa3/transcript")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "transcript_not_found")


def test_growing(client: httpx.Client) -> None:
    """A call that goes on has the part that there is."""
    answer = client.get("/v1/conversations/conv_aaaaaaaaaaa5/transcript")
    assert [message["text"] for message in answer.json()["data"]["messages"]] == ["Hello."]


def test_unknown_conversation(client: httpx.Client) -> None:
    """No conversation, no transcript: 404 about the conversation."""
    answer = client.get("/v1/conversations/conv_nosuch/transcript")
    assert answer.json()["error"]["code"] == "conversation_not_found"


def test_unknown_format(client: httpx.Client) -> None:
    """A format that there is not is 422 and names those that there are."""
    answer = client.get(PATH, params={"format": "docx"})
    assert answer.status_code == 422
    assert "json, text, srt, vtt" in answer.json()["error"]["message"]
