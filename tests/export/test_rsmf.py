"""RSMF, read back by Python's mail reader and checked by Relativity's schema."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from convarchive.export import Selection, Wishes, export, mime, rsmf
from convarchive.export.rsmf_manifest import Event, events, people
from convarchive.model import Conversation, Recording, Turn
from convarchive.transcripts import write as transcript

Select = Callable[..., Selection]

SCHEMA = Path(__file__).parents[3] / "shared/standards/rsmf/rsmf_schema_2_0_0.json"
SOUND = bytes(range(256)) * 8
SHA256 = hashlib.sha256(SOUND).hexdigest()

TEXT = st.text(st.one_of(st.sampled_from('\r\n ,;:<>"=?@\tü'), st.characters(codec="utf-8")))
TIMES = st.one_of(st.none(), st.floats(), st.floats(0, 2e5))
TURNS = st.lists(
    st.builds(
        Turn, st.just(0), TEXT, st.sampled_from(["agent", "customer", "other"]), TEXT, TIMES, TIMES
    ),
    max_size=6,
).map(lambda turns: tuple(turn._replace(position=n) for n, turn in enumerate(turns)))


class Read(NamedTuple):
    """A file taken apart."""

    message: EmailMessage
    packed: zipfile.ZipFile
    manifest: dict[str, Any]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of the manifest."""
        return self.manifest["events"]  # type: ignore[no-any-return]


def read(path: Path) -> Read:
    """Take a file apart, strictly."""
    data = path.read_bytes()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "rsmf.zip"
    assert attachment["Content-Transfer-Encoding"] == "base64"
    packed = zipfile.ZipFile(io.BytesIO(attachment.get_content()))
    assert packed.testzip() is None
    return Read(message, packed, json.loads(packed.read("rsmf_manifest.json")))


def one(selection: Selection, tmp_path: Path) -> Read:
    """The only file of an export."""
    export(selection, "rsmf", tmp_path / "out", force=True)
    (path,) = (tmp_path / "out").glob("*.rsmf")
    return read(path)


def rules(found: Read) -> None:
    """What the format asks beyond its schema."""
    manifest = found.manifest
    ids = [person["id"] for person in manifest["participants"]]
    assert len(set(ids)) == len(ids)
    (conversation,) = manifest["conversations"]
    assert conversation["participants"] == ids
    assert conversation.get("custodian") in {None, *ids}
    named = [event["id"] for event in found.events if "id" in event]
    assert len(set(named)) == len(named)
    attached = []
    for event in found.events:
        assert event["conversation"] == conversation["id"]
        assert event.get("participant") in {None, *ids}
        attached += [file["id"] for file in event.get("attachments", ())]
    assert sorted([*attached, "rsmf_manifest.json"]) == sorted(found.packed.namelist())
    header = found.message
    assert header["X-RSMF-Version"] == manifest["version"] == "2.0.0"
    assert int(header["X-RSMF-EventCount"]) == len(found.events)
    assert int(header["X-RSMF-AttachmentCount"]) == len(attached)
    times = [event["timestamp"] for event in found.events if "timestamp" in event]
    assert header["X-RSMF-BeginDate"] == (min(times) if times else None)
    assert header["X-RSMF-EndDate"] == (max(times) if times else None)
    assert times == sorted(times)
    for required in ("From", "Date", "Message-ID", "MIME-Version"):
        assert len(header.get_all(required, ())) == 1
    if SCHEMA.exists():
        schema = json.loads(SCHEMA.read_bytes())
        jsonschema.validate(manifest, schema, jsonschema.Draft7Validator)


@pytest.fixture
def full(select: Select, call: Conversation, tmp_path_factory: pytest.TempPathFactory) -> Selection:
    """A call with a document and a recording."""
    path = tmp_path_factory.mktemp("recordings") / f"{SHA256}.wav"
    path.write_bytes(SOUND)
    some = call._replace(recording=Recording(None, SHA256), agent_id="agent_7", platform="vapi")
    return replace(
        select(some, documents={1: [("detail", b'{"a": 1}')]}),
        recording={SHA256: path}.get,
        wishes=Wishes(recordings=True),
    )


def test_the_schema_takes_it(full: Selection, tmp_path: Path) -> None:
    """And what the format asks beyond it holds."""
    if not SCHEMA.exists():
        pytest.skip("the schema is not here")
    rules(one(full, tmp_path))


def test_the_turns_are_events(full: Selection, call: Conversation, tmp_path: Path) -> None:
    """The true text, who said it, and when: the start of the call and the place in it."""
    found = one(full, tmp_path)
    assert [(e["id"], e["type"], e["body"], e["timestamp"]) for e in found.events] == [
        ("T0", "message", call.turns[0].text, "2026-01-15T10:42:00.000Z"),
        ("T1", "message", call.turns[1].text, "2026-01-15T10:42:05.000Z"),
    ]
    names = {person["id"]: person for person in found.manifest["participants"]}
    speakers = [names[event["participant"]] for event in found.events]
    assert [(s["display"], s["account_id"]) for s in speakers] == [
        ("Agent", "agent_7"),
        ("Customer", "+15550104477"),
    ]
    assert [event["direction"] for event in found.events] == ["outgoing", "incoming"]


def test_what_is_attached(full: Selection, tmp_path: Path) -> None:
    """The vendor's bytes and the recording, unchanged, on the first event."""
    found = one(full, tmp_path)
    assert found.packed.read("vendor-detail.json") == b'{"a": 1}'
    assert found.packed.read("recording.wav") == SOUND
    assert [file["size"] for file in found.events[0]["attachments"]] == [8, len(SOUND)]
    without = one(replace(full, wishes=Wishes()), tmp_path)
    assert "recording.wav" not in without.packed.namelist()


def test_the_body_is_the_transcript(full: Selection, call: Conversation, tmp_path: Path) -> None:
    """What a review platform indexes as the text of the document."""
    body = one(full, tmp_path).message.get_body()
    assert body is not None
    assert body.get_content() == transcript(call.turns, "text").replace("\n", "\r\n")


def test_the_headers_say_what_it_is(full: Selection, tmp_path: Path) -> None:
    """For the columns of the review platform."""
    header = one(full, tmp_path).message
    assert header["Subject"] == "Call conv_8f2kq1"
    assert header["X-RSMF-Application"] == "vapi"
    assert header["X-RSMF-Custodian"] == "agent_7"
    assert header["X-RSMF-Participants"] == "Agent, Customer"
    assert header["X-RSMF-EventCollectionID"] == "ayra/conv_8f2kq1"
    assert header["Date"].datetime == datetime(2026, 1, 15, 10, 42, tzinfo=UTC)
    assert str(header["From"]) == "Agent <p1@convarchive.invalid>"


def test_a_call_without_a_start(full: Selection, call: Conversation, tmp_path: Path) -> None:
    """Events have their order and no time, and the date is the one that means none."""
    some = replace(full, conversations=lambda: iter([(1, call._replace(started_at=None))]))
    found = one(some, tmp_path)
    assert [event.get("timestamp") for event in found.events] == [None, None]
    assert [event["body"] for event in found.events] == [turn.text for turn in call.turns]
    assert found.message["X-RSMF-BeginDate"] is None
    assert found.message["Date"] == "Thu, 01 Jan 1970 00:00:00 -0000"


def test_a_call_without_turns(full: Selection, call: Conversation, tmp_path: Path) -> None:
    """One event says so; the files hang on it."""
    some = replace(full, conversations=lambda: iter([(1, call._replace(turns=()))]))
    (event,) = one(some, tmp_path).events
    assert (event["type"], event["body"]) == ("unknown", "There is no transcript.")
    assert event["timestamp"] == "2026-01-15T10:42:00.000Z"
    assert len(event["attachments"]) == 1


def test_derived_times_say_so(full: Selection, call: Conversation, tmp_path: Path) -> None:
    """So that nobody takes them for the vendor's."""
    turns = (call.turns[0], call.turns[1]._replace(start=None))
    some = replace(full, conversations=lambda: iter([(1, call._replace(turns=turns))]))
    first, second = one(some, tmp_path).events
    derived = {"name": "time", "value": "derived"}
    assert derived not in first["custom"]
    assert derived in second["custom"]
    assert second["timestamp"] == "2026-01-15T10:42:01.500Z"


def test_what_is_missing_is_told(full: Selection, tmp_path: Path) -> None:
    """Beside the facts of the call."""
    found = one(replace(full, recording=lambda _: None), tmp_path)
    custom = {each["name"]: each["value"] for each in found.manifest["conversations"][0]["custom"]}
    assert "its file is not in the archive" in custom["missing"]
    assert custom["summary"] == "Charged twice; refunded."


def test_a_number_goes_to_one_speaker_only() -> None:
    """Of two callers nobody knows whose it is."""
    turns = tuple(
        Turn(n, speaker, "customer", "x") for n, speaker in enumerate(["Caller 1", "Caller 2"])
    )
    some = Conversation("ayra", "x", caller_number="+1", agent_id="a", turns=turns)
    assert [(person.display, person.account) for person in people(some)] == [
        ("Caller 1", None), ("Caller 2", None), ("Agent", "a"),
    ]  # fmt: skip


def test_a_long_call_becomes_slices(
    select: Select, call: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more events in one than Relativity takes; one collection, files on the first."""
    monkeypatch.setattr(rsmf, "MOST_EVENTS", 4)
    turns = tuple(Turn(n, "agent", "agent", str(n), float(n)) for n in range(10))
    some = select(call._replace(turns=turns), documents={1: [("detail", b"{}")]})
    export(some, "rsmf", tmp_path / "out")
    names = [f"conv_8f2kq1.slice+{n}.rsmf" for n in (1, 2, 3)]
    parts = [read(tmp_path / "out" / name) for name in names]
    assert [len(part.events) for part in parts] == [4, 4, 2]
    assert [event["body"] for part in parts for event in part.events] == list("0123456789")
    assert {part.message["X-RSMF-EventCollectionID"] for part in parts} == {"ayra/conv_8f2kq1"}
    assert len({part.message["Message-ID"] for part in parts}) == 3
    assert [part.message["X-RSMF-AttachmentCount"] for part in parts] == ["1", "0", "0"]
    for part in parts:
        rules(part)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert [entry["file"] for entry in manifest["conversations"]] == names


def test_a_slice_is_no_longer_than_a_day() -> None:
    """From its first event to its last; and it is never empty."""
    hours = [0, 1, 24, 25, 26, 100]
    timed = [Event(hour * 3600.0, None, None) for hour in hours]
    assert [[event.offset / 3600 for event in part] for part in rsmf.sliced(timed)] == [
        [0, 1, 24], [25, 26], [100],
    ]  # fmt: skip
    assert rsmf.sliced([Event(0.0, None, None)] * 20_001)[2:] == [[Event(0.0, None, None)]]


def test_the_same_again(full: Selection, tmp_path: Path) -> None:
    """No clock, no chance: the same call gives the same bytes, boundaries and all."""
    export(full, "rsmf", tmp_path / "a.zip")
    export(full, "rsmf", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    turns=TURNS,
    texts=st.lists(TEXT, min_size=5, max_size=5),
    started=st.sampled_from(
        ["2026-01-15T10:42:00.123456Z", None, "", "soon", "9999-12-31T23:59:59Z", "0001-01-01"]
    ),
)
def test_no_call_breaks_a_file(
    turns: tuple[Turn, ...], texts: list[str], started: str | None, select: Select, tmp_path: Path
) -> None:
    """Whatever was said by whomever, all of it comes back, and the schema takes it."""
    source, id_, agent, number, platform = texts
    call = Conversation(
        source or "s", id_ or "i", started_at=started, agent_id=agent, caller_number=number,
        platform=platform, turns=turns,
    )  # fmt: skip
    export(select(call), "rsmf", tmp_path / "out", force=True)
    parts = [read(path) for path in sorted((tmp_path / "out").glob("*.rsmf"))]
    for part in parts:
        rules(part)
    said = [event["body"] for part in parts for event in part.events]
    in_order = [event.turn.text for event in events(call) if event.turn]
    assert said == (in_order or ["There is no transcript."])
    assert sorted(in_order) == sorted(turn.text for turn in turns)


@settings(deadline=None)
@given(TEXT)
@example("=?utf-8?q?forged?=")
@example("x\r\nBcc: somebody@example.com")
@example("ü" * 300)
@example("a" * 300)
def test_no_text_breaks_a_header(text: str) -> None:
    """It comes back as one line, cut where it is too long, and never as another header."""
    written = f"Subject: {mime.unstructured(text)}\r\nFrom: {mime.mailbox(text, 'a@b.invalid')}"
    message = email.message_from_bytes(
        f"{written}\r\n\r\n".encode("ascii"), policy=email.policy.default
    )
    assert list(message) == ["Subject", "From"]
    assert message["Subject"] == mime._cut(text)
    (address,) = message["From"].addresses
    assert address.addr_spec == "a@b.invalid"
    # Python before 3.13 puts a space between two encoded words of a name, where none belongs.
    assert address.display_name.replace(" ", "") == mime._cut(text).replace(" ", "")
    assert max(map(len, written.split("\r\n"))) <= 300
