"""vCons of others, of every syntax version, as conversations."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from tests.vcon.standard import example

from convarchive.errors import UnexpectedAnswer
from convarchive.model import Conversation, Recording, Turn
from convarchive.vcon import Read, read

SOUND = b"RIFF and so on"
BODY = base64.urlsafe_b64encode(SOUND).decode().rstrip("=")
SHA512 = base64.urlsafe_b64encode(hashlib.sha512(SOUND).digest()).decode().rstrip("=")
START = "2026-01-15T10:00:00+00:00"
LATER = "2026-01-15T11:01:00+01:00"


def came(**vcon: Any) -> Read:
    """What is read of a vCon."""
    return read("them", json.dumps({"vcon": "0.4.0", "uuid": "u1", **vcon}).encode())


def call_of(**vcon: Any) -> Conversation:
    """The conversation alone."""
    return came(**vcon).conversation


def texted(**more: Any) -> dict[str, Any]:
    """A message."""
    return {"type": "text", "start": START, "encoding": "none", "body": " Hi \n", **more}


# The IETF's examples


def test_a_call_recorded_inside() -> None:
    """Its sound, its start, its length and the number of who called."""
    one = read("ietf", example("ab_call_int_rec"))
    assert one.media_type == "audio/x-wav"
    assert one.recording is not None
    assert one.recording[:4] == b"RIFF"
    assert one.conversation.recording == Recording(
        None, hashlib.sha256(one.recording).hexdigest(), 7730, "audio/x-wav"
    )
    assert one.conversation == Conversation(
        "ietf", "019f155a-5131-80ec-b9a2-279e0d16bc46", "completed",
        started_at="2022-06-21T17:53:26Z", ended_at="2022-06-21T17:53:30.72Z", duration=4.72,
        caller_number="+12345678901", recording=one.conversation.recording,
    )  # fmt: skip


def test_a_call_recorded_elsewhere() -> None:
    """Its link is the recording's URL."""
    one = read("ietf", example("ab_call_ext_rec"))
    assert one.conversation.recording is not None
    assert str(one.conversation.recording.url).endswith("/examples/ab_call.mp3")
    assert (one.recording, one.signed) == (None, None)


def test_a_signed_call() -> None:
    """It is the call that it was before, and its signature is good."""
    plain, signed = (read("ietf", example(f"ab_call_ext_rec{kind}")) for kind in ("", "_signed"))
    assert signed == plain._replace(signed=True)


def test_a_transcribed_call() -> None:
    """Deepgram's sentences are turns."""
    one = read("ietf", example("ab_call_ext_rec_analysis")).conversation
    assert len(one.turns) == 18
    assert one.turns[3] == Turn(3, "Speaker 0", "other", "How can I help you?", 4.32, 5.52)


def test_a_redacted_call() -> None:
    """Who speaks is told by the party's index, and when by the time of day."""
    one = read("ietf", example("ab_call_ext_rec_redacted")).conversation
    assert len(one.turns) == 18
    assert one.turns[1] == Turn(1, "Alice", "other", "This is {{URL}}.", 1.76, 3.44)
    assert one.recording is None


def test_letters() -> None:
    """The plain text of each e-mail is a turn of who wrote it."""
    one = read("ietf", example("ab_email_acct_prob_thread")).conversation
    assert [turn.speaker for turn in one.turns] == ["Bob", "Alice"]
    assert one.turns[0].text.startswith("Alice:Please find the image attached.")
    assert "<" not in one.turns[0].text
    assert (one.turns[1].start, one.topics) == (34.0, ("Account problem",))


def test_almost_nothing() -> None:
    """A vCon without an id gets one from its bytes, always the same."""
    first, second = (read("ietf", example("simple-vcon")).conversation for _ in range(2))
    assert first == second
    assert first.id.startswith("vcon-")
    assert (first.status, first.turns) == ("unknown", ())


# Every syntax version


@pytest.mark.parametrize(
    "content",
    [
        {"mimetype": "audio/x-wav", "alg": "SHA-512", "signature": SHA512, "body": BODY,
         "encoding": "base64url"},
        {"mediatype": "audio/x-wav", "content_hash": f"sha512-{SHA512}", "body": BODY,
         "encoding": "base64url"},
        {"mediatype": "audio/x-wav", "content_hash": ["x-y", f"sha512-{SHA512}"],
         "body": base64.b64encode(SOUND).decode(), "encoding": "base64url"},
    ],
    ids=["0.0.1", "0.0.2", "0.4.0, padded"],
)  # fmt: skip
def test_sound_of_any_version(content: dict[str, Any]) -> None:
    """Its bytes and its media type are found, and its hash is checked."""
    dialog = {"type": "recording", "start": START, "parties": [0], **content}
    one = came(dialog=[dialog])
    assert (one.recording, one.media_type) == (SOUND, "audio/x-wav")
    with pytest.raises(UnexpectedAnswer, match="not the one that its hash names"):
        came(dialog=[dialog | {"body": "AAAA"}])


@pytest.mark.parametrize("form", [json.dumps, lambda value: value], ids=["0.3", "0.4"])
def test_json_of_any_version(form: Any) -> None:
    """A JSON body was a text with JSON in it until it became a JSON value."""
    body = form([{"speaker": "agent", "text": "Hello"}])
    one = call_of(analysis=[{"type": "transcript", "encoding": "json", "body": body}])
    assert one.turns == (Turn(0, "agent", "agent", "Hello"),)


@pytest.mark.parametrize(
    "more",
    [
        {"vcon": "0.0.1", "appended": {}, "group": [], "created_at": "Mon, 23 May 2022 20:09:01 Z"},
        {"vcon": "0.1"}, {"vcon": "0.2"},
        {"vcon": "0.3.0", "appended": {"uuid": "u0"}, "must_support": ["CC"]},
        {"vcon": "0.4.0", "amended": {"uuid": "u0"}, "critical": []},
        {"vcon": "0.5.0", "redacted_from": {"uuid": "u0"}, "amended_from": None, "sessions": []},
    ],
)  # fmt: skip
def test_references_of_any_version(more: dict[str, Any]) -> None:
    """They change nothing of the conversation."""
    assert call_of(dialog=[texted()], **more).turns[0].text == "Hi"


@pytest.mark.parametrize("name", ["critical", "must_support"])
def test_an_extension_that_is_critical(name: str) -> None:
    """Who does not know it must not go on."""
    with pytest.raises(UnexpectedAnswer, match="extension 'encrypted_video'"):
        came(dialog=[texted()], **{name: ["CC", "encrypted_video"]})


def test_times_of_the_oldest() -> None:
    """They were those of e-mails."""
    one = call_of(dialog=[texted(start="Mon, 23 May 2022 20:09:01 -0400")])
    assert one.started_at == "2022-05-24T00:09:01Z"


# Fields


def test_messages_are_turns() -> None:
    """Each with its speaker, and its place in the whole."""
    parties = [{"name": "Ann", "role": "customer"}, {"tel": "tel:+15550100", "type": "bot"}]
    one = call_of(
        parties=parties,
        dialog=[
            texted(parties=[0, 1]),
            texted(parties=[0, 1], originator=1, start=LATER, duration=2, body="Hello"),
            texted(parties=[7], start=LATER),
        ],
    )
    assert one.turns == (
        Turn(0, "Ann", "customer", "Hi", 0.0),
        Turn(1, "+15550100", "agent", "Hello", 60.0, 62.0),
        Turn(2, "", "other", "Hi", 60.0),
    )
    assert (one.started_at, one.ended_at, one.duration) == (
        "2026-01-15T10:00:00Z", "2026-01-15T10:01:02Z", 62.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("party", "name", "role"),
    [
        ({"role": "agent", "name": "Bo"}, "Bo", "agent"),
        ({"role": "thirdparty", "mailto": "mailto:a@x.example"}, "a@x.example", "other"),
        ({"type": "bot"}, "", "agent"),
        ({"role": "supervisor"}, "supervisor", "other"),
        ({"name": "Customer 1"}, "Customer 1", "customer"),
        ({"sip": "sip:a@x.example"}, "a@x.example", "other"),
        ({}, "", "other"),
    ],
)
def test_parties_are_speakers(party: dict[str, Any], name: str, role: str) -> None:
    """By what is known of them first: name, number, address; else by their role."""
    (turn,) = call_of(parties=[party], dialog=[texted(parties=0)]).turns
    assert (turn.speaker, turn.role) == (name, role)


def test_who_called_whom() -> None:
    """The customer's number and the agent's id; without roles the first party has called."""
    roles = [{"tel": "1", "role": "agent", "uuid": "a7"}, {"tel": "tel:2", "role": "customer"}]
    known = call_of(parties=roles, dialog=[texted(parties=[0, 1])])
    assert (known.caller_number, known.agent_id) == ("2", "a7")
    unknown = call_of(parties=[{"tel": "1"}, {"tel": "2"}], dialog=[texted(parties=[1, 0])])
    assert (unknown.caller_number, unknown.agent_id) == ("2", None)


@pytest.mark.parametrize(
    ("disposition", "status"),
    [("hung-up", "abandoned"), ("no-answer", "failed"), ("busy", "failed"), ("failed", "failed")],
)
def test_a_call_that_never_was(disposition: str, status: str) -> None:
    """Its status and its reason."""
    one = call_of(dialog=[{"type": "incomplete", "start": START, "disposition": disposition}])
    assert one.status == status
    assert disposition in (one.failure_reason, one.abandonment_reason)


@pytest.mark.parametrize(
    "body",
    ["Charged twice.", {"summary": "Charged twice."}, '{"text": "Charged twice."}'],
)
def test_a_summary(body: Any) -> None:
    """As text, or under the name that it goes by."""
    analysis = [{"type": "summary", "encoding": "json", "body": body}]
    assert call_of(analysis=analysis).summary == "Charged twice."


def test_transcripts_of_several_recordings() -> None:
    """Each begins where its recording did, and messages stand between them by time."""
    dialogs = [
        {"type": "recording", "start": START, "duration": 30},
        {"type": "recording", "start": LATER, "duration": 30},
        texted(start="2026-01-15T10:00:45Z"),
    ]
    said: list[tuple[str, Any, Any]] = [
        ("transcript", 1, [{"text": "B", "start": 2}]),
        ("transcript", [0], [{"text": "A", "start": 1}]),
        ("transcript", 0, [{"text": "again", "start": 1}]),
        ("transcript", 2, [{"text": "again", "start": 1}]),
        ("translation", 0, [{"text": "otra vez", "start": 1}]),
    ]
    analyses = [
        {"type": kind, "dialog": dialog, "encoding": "json", "body": body}
        for kind, dialog, body in said
    ]
    turns = call_of(dialog=dialogs, analysis=analyses).turns
    assert [(turn.text, turn.start) for turn in turns] == [("A", 1.0), ("Hi", 45.0), ("B", 62.0)]


def test_a_transcript_without_words() -> None:
    """It is there, and has no turns."""
    one = call_of(analysis=[{"type": "transcript", "encoding": "json", "body": []}])
    assert (one.has_transcript, one.turns) == (True, ())
    assert not call_of(parties=[]).has_transcript


@pytest.mark.parametrize(
    ("media", "body", "said"),
    [
        ("text/html; charset=utf-8", "<p>Tom &amp; <b>Ann</b></p>", "Tom & Ann"),
        ("multipart/alternative;\n\tboundary=b",
         "--b\nContent-Type: text/html\n\n<p>No</p>\n--b\nContent-Type: text/plain\n\nÄ ✓\n--b--",
         "Ä ✓"),
        ("multipart/mixed; boundary=b",
         "--b\nContent-Transfer-Encoding: quoted-printable\n\n=C4h\n--b--", "Äh"),
        ("multipart/mixed; boundary=b", "--b\nContent-Type: image/png\n\nx\n--b--", ""),
    ],
)  # fmt: skip
def test_a_message_with_markup(media: str, body: str, said: str) -> None:
    """Its text is taken out."""
    assert call_of(dialog=[texted(mediatype=media, body=body)]).turns[0].text == said


def test_a_message_in_base64() -> None:
    """It is decoded."""
    one = call_of(dialog=[texted(encoding="base64url", body="w4Ro")])
    assert one.turns[0].text == "Äh"


def test_several_recordings() -> None:
    """The first that is inside is taken, and a link only if none is."""
    linked = {"type": "recording", "start": START, "url": "https://x.example/a.wav"}
    inside = {"type": "recording", "start": START, "encoding": "base64url", "body": BODY}
    one = came(dialog=[linked, inside])
    assert one.recording == SOUND
    assert one.conversation.recording is not None
    assert one.conversation.recording.sha256 == hashlib.sha256(SOUND).hexdigest()
    alone = came(dialog=[linked])
    assert alone.conversation.recording == Recording("https://x.example/a.wav")
    assert alone.recording is None
