"""What goes where in a vCon."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import pytest
from tests.store.conversations import call
from tests.vcon.standard import written, wrongs

from convarchive.model import Conversation, Recording, Turn
from convarchive.vcon import pieces, write
from convarchive.vcon.writing import uuid_of

SOUND = b"RIFF" + bytes(range(256)) * 5
SHA256 = hashlib.sha256(SOUND).hexdigest()
RECORDING = Recording("https://x.example/signed", SHA256, len(SOUND), "audio/wav")


def analysis(vcon: dict[str, Any], kind: str) -> dict[str, Any]:
    """The one of this type."""
    (found,) = [one for one in vcon["analysis"] if one["type"] == kind]
    return found


def attached(vcon: dict[str, Any], purpose: str) -> dict[str, Any]:
    """The attachment with this purpose."""
    (found,) = [one for one in vcon["attachments"] if one["purpose"] == purpose]
    return found


def never(status: str, **reasons: str) -> Conversation:
    """A call that was none."""
    return call(status=status, turns=(), has_transcript=False, **reasons)


def test_the_transcript_is_one_analysis() -> None:
    """With each turn as it is in the model, and the party that spoke."""
    vcon = written(call())
    transcript = analysis(vcon, "transcript")
    assert transcript["body"] == [
        {"party": 1, **call().turns[0]._asdict()},
        {"party": 0, **call().turns[1]._asdict()},
    ]
    assert (transcript["dialog"], transcript["encoding"]) == (0, "json")
    assert len(vcon["dialog"]) == 1


def test_the_call_is_one_dialog() -> None:
    """With its start, its length, its platform and who took part."""
    (dialog,) = written(call(platform="vapi"))["dialog"]
    assert dialog == {
        "type": "recording",
        "start": "2026-01-15T10:00:00Z",
        "duration": 247.0,
        "parties": [0, 1],
        "application": "vapi",
    }


def test_the_parties() -> None:
    """The caller has the number, the agent its id, others their name; the last made the vCon."""
    third = Turn(2, "Supervisor Ann", "other", "Hello?")
    vcon = written(call(caller_number="+15550104477", agent_id="a7", turns=(*call().turns, third)))
    caller, agent, other, program = vcon["parties"]
    assert caller == {"role": "customer", "tel": "+15550104477"}
    assert agent == {"role": "agent", "type": "bot", "uuid": "a7"}
    assert other == {"name": "Supervisor Ann", "validation": "none"}
    assert program["name"] == "convarchive"
    assert vcon["dialog"][0]["parties"] == [0, 1, 2]
    assert {one["party"] for one in vcon["attachments"]} == {3}


@pytest.mark.parametrize(
    ("number", "field"),
    [("tel:+1-555-0100", "tel"), ("sip:ann@x.example", "sip"), ("anonymous", "name")],
)
def test_a_caller_without_a_plain_number(number: str, field: str) -> None:
    """It stands where the draft has a place for it."""
    vcon = written(call(caller_number=number))
    assert vcon["parties"][0][field] == number
    assert wrongs(vcon) == []


def test_summary_and_sentiment_are_analyses() -> None:
    """As plain text."""
    vcon = written(call(summary="Charged twice.", sentiment="negative"))
    for kind, text in (("summary", "Charged twice."), ("sentiment", "negative")):
        assert analysis(vcon, kind)["body"] == text
        assert analysis(vcon, kind)["mediatype"] == "text/plain"


def test_what_came_of_it_is_a_report() -> None:
    """Outcome, intent, topics and the like, and the topics are the subject as well."""
    vcon = written(call(outcome="resolved", intent="refund"))
    body = analysis(vcon, "report")["body"]
    assert (body["outcome"], body["intent"], body["topics"]) == (
        "resolved", "refund", ["billing", "refund"],
    )  # fmt: skip
    assert vcon["subject"] == "billing, refund"


def test_nothing_is_said_twice() -> None:
    """What an analysis has, the record has not."""
    fields = attached(written(call(summary="S", outcome="resolved")), "conversation-record")["body"]
    assert fields["status"] == "completed"
    assert not fields.keys() & {"turns", "summary", "sentiment", "outcome", "topics"}


def test_the_vendors_bytes_go_along() -> None:
    """As text where they are UTF-8, a byte order mark included, else in base64url."""
    vcon = written(call(), [("detail", b'\xef\xbb\xbf{"a": 1}\r\n'), ("transcript", b"\xff\xfb")])
    texts = [one for one in vcon["attachments"] if one["purpose"] == "vendor-document"]
    assert [one["filename"] for one in texts] == ["detail.json", "transcript.json"]
    assert (texts[0]["encoding"], texts[0]["body"]) == ("none", '\ufeff{"a": 1}\r\n')
    assert (texts[1]["encoding"], texts[1]["body"]) == ("base64url", "__s")


def test_a_recording_inside() -> None:
    """Base64url without padding, with its media type, and with no note."""
    vcon = written(call(recording=RECORDING), recording=SOUND)
    (dialog,) = vcon["dialog"]
    assert base64.urlsafe_b64decode(dialog["body"] + "==") == SOUND
    assert (dialog["encoding"], dialog["mediatype"]) == ("base64url", "audio/wav")
    assert "note" not in [one["purpose"] for one in vcon["attachments"]]
    assert wrongs(vcon) == []


def test_a_recording_elsewhere() -> None:
    """A link must have the SHA-512 of what is there."""
    vcon = written(call(recording=RECORDING), recording=SOUND, url="https://x.example/a.wav")
    (dialog,) = vcon["dialog"]
    digest = base64.urlsafe_b64encode(hashlib.sha512(SOUND).digest()).decode().rstrip("=")
    assert (dialog["url"], dialog["content_hash"]) == (
        "https://x.example/a.wav", f"sha512-{digest}",
    )  # fmt: skip
    assert "body" not in dialog
    assert wrongs(vcon) == []


def test_a_link_needs_the_recording() -> None:
    """Its hash is made from it."""
    with pytest.raises(ValueError, match="hash"):
        write(call(), url="https://x.example/a.wav")


@pytest.mark.parametrize(
    ("missing", "why"), [(True, "not in the archive"), (False, "not asked for")]
)
def test_a_recording_that_is_not_in_it(missing: bool, why: str) -> None:
    """The vCon has its hash, and says that it is not there and why."""
    vcon = written(call(recording=RECORDING), missing=missing)
    digest = base64.urlsafe_b64encode(hashlib.sha256(SOUND).digest()).decode().rstrip("=")
    assert vcon["dialog"][0]["content_hash"] == f"sha256-{digest}"
    note = attached(vcon, "note")["body"]
    assert why in note
    assert SHA256 in note
    assert wrongs(vcon) == []


def test_a_link_that_expires_is_left_out() -> None:
    """It is no fact about the call."""
    assert "signed" not in json.dumps(written(call(recording=RECORDING)))


@pytest.mark.parametrize("media", [None, "", "nonsense", "audio/wav\n"])
def test_a_media_type_that_is_none(media: str | None) -> None:
    """What is inline must have one, so it gets the general one."""
    vcon = written(call(recording=RECORDING._replace(media_type=media)), recording=SOUND)
    assert vcon["dialog"][0]["mediatype"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (never("abandoned", abandonment_reason="no_answer"), "no-answer"),
        (never("abandoned", abandonment_reason="busy"), "busy"),
        (never("abandoned", abandonment_reason="caller_hangup"), "hung-up"),
        (never("abandoned"), "hung-up"),
        (never("failed"), "failed"),
        (never("failed", failure_reason="SIP 503, too many calls"), "congestion"),
        (never("failed", outcome="voicemail"), "voicemail-no-message"),
        (never("failed", failure_reason="tool timed out"), "failed"),
    ],
)
def test_a_call_that_never_was(one: Conversation, word: str) -> None:
    """It is an incomplete dialog, whose disposition says why in the draft's words."""
    vcon = written(one)
    assert (vcon["dialog"][0]["type"], vcon["dialog"][0]["disposition"]) == ("incomplete", word)
    assert wrongs(vcon) == []


@pytest.mark.parametrize(
    "one",
    [
        never("completed"),
        never("in_progress"),
        call(status="failed"),
        never("abandoned")._replace(recording=RECORDING),
    ],
)
def test_a_call_that_was_or_may_have_been(one: Conversation) -> None:
    """One with turns, with sound or with a better status is not incomplete."""
    assert written(one)["dialog"][0]["type"] == "recording"


def test_the_uuid_is_stable() -> None:
    """Of version 8, the same whatever happens to the call, another for another source."""
    one = uuid_of(call())
    assert one == "1a615f78-5c49-806e-b83d-6ffc61b0638e"
    assert uuid_of(call(started_at=None, revision=7)) == one
    assert uuid_of(call()._replace(source="vapi")) != one
    assert uuid_of(call("conv_2")) != one


def test_a_uuid_is_kept() -> None:
    """An id that came from a vCon is its uuid again; a vendor's uuid is none."""
    ours, theirs = "01928e10-193e-8231-b9a2-279e0d16bc46", "01928e10-193e-4231-b9a2-279e0d16bc46"
    assert uuid_of(call(ours)) == ours
    assert uuid_of(call(theirs)) != theirs


@pytest.mark.parametrize("started_at", [None, "yesterday", "2026-13-45T99:00:00Z"])
def test_no_time_is_known(started_at: str | None) -> None:
    """A vCon must have times; the record says that there is none."""
    vcon = written(call(started_at=started_at))
    assert vcon["created_at"] == vcon["dialog"][0]["start"] == "1970-01-01T00:00:00Z"
    assert attached(vcon, "conversation-record")["body"]["started_at"] == started_at
    assert wrongs(vcon) == []


@pytest.mark.parametrize("duration", [-1.0, float("nan"), float("inf")])
def test_a_duration_that_is_none(duration: float) -> None:
    """It stands in the record only."""
    vcon = written(call(duration=duration))
    assert "duration" not in vcon["dialog"][0]
    assert wrongs(vcon) == []


@pytest.mark.parametrize("size", [0, 1, 2, 3, (3 << 18) - 1, 3 << 18, (3 << 18) + 1, 2_000_003])
def test_a_recording_in_pieces(size: int) -> None:
    """A file that is never held gives the bytes of one that is."""
    sound = bytes(range(256)) * (size // 256) + bytes(size % 256)
    one = call(recording=RECORDING)
    whole = b"".join(pieces(write(one, recording=sound)))
    assert b"".join(pieces(write(one, recording=b""), io.BytesIO(sound))) == whole
