"""Our own vCons come back field by field; anything else is read, or refused in so many words."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.conversations import JSON, call, conversations
from tests.vcon.standard import wrongs

from convarchive.errors import UnexpectedAnswer
from convarchive.model import ROLES, STATUSES, Conversation, Recording
from convarchive.vcon import Read, pieces, read, write

SOUND = b"RIFF\x00\xff and so on"
RECORDING = Recording(None, hashlib.sha256(SOUND).hexdigest(), len(SOUND), "audio/wav")
DOCUMENTS = (("detail", b'\xef\xbb\xbf{"id": 1}\r\n'), ("transcript", b"\xff\x00"))


def bytes_of(*args: Any, **options: Any) -> bytes:
    """A vCon as a file."""
    return b"".join(pieces(write(*args, **options)))


def test_everything_comes_back() -> None:
    """The conversation, its documents to the byte, its sound with its media type."""
    one = call(recording=RECORDING, revision=3, deleted_at_source="2026-03-01T00:00:00Z")
    came = read("elsewhere", bytes_of(one, DOCUMENTS, recording=SOUND))
    assert came == Read(one, SOUND, "audio/wav", DOCUMENTS, None)


@settings(max_examples=300)
@given(conversations(), st.booleans())
def test_any_conversation_comes_back(one: Conversation, gone: bool) -> None:
    """Field by field, but for the link of the recording; and its vCon passes schema and rules."""
    one = one._replace(recording=RECORDING if gone else None)
    data = bytes_of(one, DOCUMENTS)
    assert wrongs(json.loads(data)) == []
    assert read("elsewhere", data) == Read(one, None, None, DOCUMENTS, None)


def test_it_is_read_gzipped() -> None:
    """As the draft wants readers to."""
    assert read("x", gzip.compress(bytes_of(call()))).conversation == call()


def test_it_stays_ours_when_others_add_to_it() -> None:
    """Their analyses and attachments change no field of ours."""
    vcon = json.loads(bytes_of(call(summary="Ours")))
    theirs = {"type": "summary", "vendor": "x", "encoding": "none", "body": "Theirs"}
    vcon["analysis"] = [theirs, *vcon["analysis"], theirs]
    vcon["attachments"].insert(0, {"purpose": "x", "encoding": "json", "body": [1]})
    assert read("x", json.dumps(vcon).encode()).conversation == call(summary="Ours")


def test_the_recording_must_be_the_one() -> None:
    """Another sound than the record names is damage."""
    with pytest.raises(UnexpectedAnswer, match="not the one that its hash names"):
        read("x", bytes_of(call(recording=RECORDING), recording=b"another"))


@pytest.mark.parametrize(
    "field", [{"status": "gone"}, {"duration": "long"}, {"id": None}, {"recording": {"bytes": "x"}}]
)
def test_a_record_that_is_not_ours(field: dict[str, Any]) -> None:
    """Whoever says that this program wrote it must have what this program writes."""
    vcon = json.loads(bytes_of(call()))
    vcon["attachments"][0]["body"] |= field
    with pytest.raises(UnexpectedAnswer, match="says that this program wrote it"):
        read("x", json.dumps(vcon).encode())


def test_an_analysis_cannot_replace_the_record() -> None:
    """A report has its own fields and no others."""
    vcon = json.loads(bytes_of(call(outcome="resolved")))
    vcon["analysis"][-1]["body"]["id"] = "another"
    assert read("x", json.dumps(vcon).encode()).conversation.id == "conv_1"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b'"vcon"', b"{}", b'{"id": 1}', b"\xff", b"[" * 100_000,
        b'{"vcon":' * 50_000, b'{"uuid": 1e999}', b'{"vcon": "\\ud800"}', b"\x1f\x8b rubbish",
        gzip.compress(b'{"vcon": "0.4.0"}', mtime=0)[:-9], b'{"payload": 1, "signatures": []}',
        b'{"payload": "e30", "signatures": []}', b'{"payload": "e30", "signatures": [{}]}',
    ],
)  # fmt: skip
def test_rubbish(data: bytes) -> None:
    """One clear error."""
    with pytest.raises(UnexpectedAnswer):
        read("x", data)


def test_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to far too much is not unpacked to its end."""
    monkeypatch.setattr("convarchive.vcon.forms._LARGEST", 1000)
    with pytest.raises(UnexpectedAnswer, match="far too large"):
        read("x", gzip.compress(b'{"vcon": "' + b"0" * 2000 + b'"}', mtime=0))


# Anything at all


WORDS = st.sampled_from([
    "vcon", "uuid", "parties", "dialog", "analysis", "attachments", "subject", "payload",
    "signatures", "ciphertext", "critical", "type", "recording", "text", "incomplete", "start",
    "duration", "originator", "body", "encoding", "json", "base64url", "none", "url", "mediatype",
    "mimetype", "multipart/mixed; boundary=x", "text/html", "content_hash", "alg", "signature",
    "SHA-512", "disposition", "busy", "transcript", "summary", "sentiment", "segments", "speaker",
    "role", "name", "tel", "message", "end", "confidence", "party", "schema", "purpose",
    "conversation-record", "convarchive.vcon/1", "convarchive.turns/1", "convarchive.report/1",
    "vendor-document", "filename", "--x\r\n\r\nhello", "WEBVTT\n\n00:00.000 --> 00:01.000\n<v A>B",
    "2026-01-15T10:00:00Z", "9999-12-31T23:59:59-12:00", "Mon, 23 May 2022 20:09:01 -0000",
    "00:00:01.5", "agent: hello", "x5c", "header", "protected",
])  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([10**40, -(10**20), 1e308, -1e308, 0.5])
    | WORDS
    | st.text(max_size=4)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=25,
)
SHAPED = st.fixed_dictionaries(
    {"vcon": LEAVES},
    optional={
        "uuid": LEAVES,
        "subject": LEAVES,
        "critical": st.just([]) | VALUES,
        "parties": st.lists(st.dictionaries(WORDS, LEAVES, max_size=4), max_size=3) | VALUES,
        **{
            name: st.lists(st.dictionaries(WORDS, VALUES, max_size=6), max_size=3) | VALUES
            for name in ("dialog", "analysis", "attachments")
        },
    },
)


def holds(data: bytes) -> None:
    """It is read as something sane, or refused as it should be."""
    try:
        came = read("x", data)
    except UnexpectedAnswer as error:
        assert str(error)  # noqa: PT017 - either is right
        return
    one = came.conversation
    assert one.id
    assert one.status in STATUSES
    assert [turn.position for turn in one.turns] == list(range(len(one.turns)))
    assert all(turn.role in ROLES for turn in one.turns)
    assert json.loads(msgspec.json.encode(one)) is not None
    again = read("x", b"".join(pieces(write(one, came.documents)))).conversation
    assert again == one._replace(recording=again.recording)


@settings(max_examples=400)
@given(SHAPED | VALUES)
def test_any_json(value: Any) -> None:
    """Wrong types everywhere, numbers beyond all bounds: a conversation or a clean error."""
    holds(json.dumps(value).encode())


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes(data: bytes) -> None:
    """A clean error."""
    holds(data)


@settings(max_examples=200)
@given(st.data())
def test_ours_with_anything_in_one_place(data: st.DataObject) -> None:
    """Whatever stands in a field of our own vCon: a conversation or a clean error."""
    vcon = json.loads(bytes_of(call(recording=RECORDING, summary="S"), DOCUMENTS, recording=SOUND))
    place: Any = vcon
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(VALUES | JSON)
            break
        place = place[key]
    holds(json.dumps(vcon).encode())


def test_depth_in_the_middle() -> None:
    """Thousands of lists and mails within each other cost no more than themselves."""
    deep = json.loads("[" * 300 + "]" * 300)
    for kind, body in (("json", deep), ("none", "[" * 10_000)):
        vcon = {
            "parties": deep,
            "analysis": [{"type": "transcript", "encoding": kind, "body": body}],
        }
        holds(json.dumps(vcon).encode())
    boundaries = "".join(
        f"--{at}\r\nContent-Type: multipart/mixed; boundary={at + 1}\r\n\r\n" for at in range(3000)
    )
    mail = {"type": "text", "mediatype": "multipart/mixed; boundary=0", "body": boundaries}
    holds(json.dumps({"dialog": [mail]}).encode())
