"""The detail: one conversation, whole or in part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from convarchive.sandbox import Sandbox

if TYPE_CHECKING:
    import httpx


def _detail(client: httpx.Client, last: str, **parameters: str) -> dict[str, Any]:
    answer = client.get(f"/v1/conversations/conv_aaaaaaaaaaa{last}", params=parameters)
    assert answer.status_code == 200
    data: dict[str, Any] = answer.json()["data"]
    return data


FIELDS = """
    id agent_id status start_time end_time duration caller_number language summary recording_url
    sentiment topics keywords satisfaction intent outcome actions follow_up_tasks integrations
    voice_platform quality network errors failure_reason abandonment_reason transcript
"""


def test_fields_of_the_documentation(client: httpx.Client) -> None:
    """Every field that the documentation names is there, in its order, and none beside it."""
    assert list(_detail(client, "1")) == FIELDS.split()


def test_transcript(client: httpx.Client) -> None:
    """The transcript has its language, its words and its messages in order."""
    transcript = _detail(client, "1")["transcript"]
    assert list(transcript) == ["language", "word_count", "messages"]
    assert transcript["word_count"] == 9
    assert [message["speaker"] for message in transcript["messages"]] == ["agent", "customer"]
    assert set(transcript["messages"][0]) == {
        *("id", "speaker", "text", "timestamp", "duration", "confidence")
    }


def test_derived_times(client: httpx.Client) -> None:
    """Turns without times are said at 2.6 to 2.9 words a second, one after the other."""
    detail = _detail(client, "2")
    said = detail["transcript"]["messages"]
    for message in said:
        pace = len(message["text"].split()) / message["duration"]
        assert 2.55 < pace < 2.95
    starts = [message["timestamp"] for message in said]
    assert starts == sorted(starts)
    last = max(message["timestamp"] + message["duration"] for message in said)
    assert last <= detail["duration"] < last + 1


def test_given_times(client: httpx.Client) -> None:
    """Times that stand in the file are kept, overlaps included."""
    said = _detail(client, "4")["transcript"]["messages"]
    assert [(message["timestamp"], message["duration"]) for message in said] == [
        (1.5, 0.75),
        (2, 2),
    ]


def test_end_time(client: httpx.Client) -> None:
    """A call ends its duration after its start."""
    detail = _detail(client, "4")
    assert (detail["duration"], detail["end_time"]) == (4, "2026-01-03T10:00:04Z")


def test_in_progress(client: httpx.Client) -> None:
    """A call that goes on has what was said so far, and no end."""
    detail = _detail(client, "5")
    assert detail["end_time"] is None
    assert len(detail["transcript"]["messages"]) == 1


def test_abandoned(client: httpx.Client) -> None:
    """A call that nobody took has a reason, and no transcript."""
    detail = _detail(client, "3")
    assert detail["abandonment_reason"] == "busy"
    assert detail["transcript"] is None


def test_the_same_every_time(client: httpx.Client) -> None:
    """Two answers about a conversation without a recording are the same bytes."""
    path = "/v1/conversations/conv_aaaaaaaaaaa1"
    assert client.get(path).content == client.get(path).content


@pytest.mark.parametrize(
    ("parameter", "missing"),
    [
        ("include_transcript", {"transcript"}),
        ("include_recording", {"recording_url"}),
        (
            "include_analytics",
            {"sentiment", "topics", "keywords", "satisfaction", "intent"},
        ),
    ],
)
def test_left_out(client: httpx.Client, parameter: str, missing: set[str]) -> None:
    """Each ``include_…=false`` leaves out its own fields and no others; true changes nothing."""
    whole = set(_detail(client, "2"))
    assert whole - set(_detail(client, "2", **{parameter: "false"})) == missing
    assert set(_detail(client, "2", **{parameter: "true"})) == whole


def test_unknown_id(client: httpx.Client) -> None:
    """An id that was never given out is 404, in the documented shape."""
    answer = client.get("/v1/conversations/conv_nosuch")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "conversation_not_found"
    assert set(answer.json()["error"]) == {"type", "message", "code"}


def test_bad_include(client: httpx.Client) -> None:
    """A flag that is neither true nor false is 400."""
    answer = client.get("/v1/conversations/conv_aaaaaaaaaaa1", params={"include_analytics": "no"})
    assert answer.status_code == 400


def test_unknown_path_and_method(client: httpx.Client) -> None:
    """What the API does not have is refused in its own shape, not in HTML or plain text."""
    assert client.get("/v1/calls").json()["error"]["code"] == "no_such_endpoint"
    answer = client.post("/v1/conversations")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_transcript_still_being_made(sandbox: Sandbox, own_client: httpx.Client) -> None:
    """A completed call whose transcript is not there yet says null."""
    payload = sandbox.upstream.get("conv_aaaaaaaaaaa1")
    assert payload is not None
    sandbox.upstream.put({**payload, "transcript": None})
    detail = _detail(own_client, "1")
    assert (detail["status"], detail["transcript"]) == ("completed", None)
