"""Real conversations go the whole way, from the wire to an export, and come out as they went in.

They are a collection beside the repository; without it these tests are skipped. What the demo's
vendor says of its transcripts is compared with our exports of them in any case.
"""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import bagit
import pytest
import srt
from jsonschema import Draft7Validator

from convarchive import Archive, settings
from convarchive.export import FORMATS, Selection, Wishes, export
from convarchive.model import Conversation
from convarchive.sandbox import Sandbox

FIXTURES = Path(__file__).parents[2] / "shared" / "corpus" / "fixtures.jsonl"
RSMF_SCHEMA = FIXTURES.parents[1] / "standards" / "rsmf" / "rsmf_schema_2_0_0.json"
KEY_VARIABLE = "CONVARCHIVE_TEST_KEY"


def payload(real: dict[str, Any], at: int) -> dict[str, Any]:
    """A real conversation, dressed as the vendor's."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=at)
    messages = [
        {
            "id": f"msg_{number}",
            "speaker": turn["speaker"],
            "text": turn["text"],
            "timestamp": turn["start"],
            "duration": None if turn["end"] is None else round(turn["end"] - turn["start"], 3),
        }
        for number, turn in enumerate(real["turns"])
    ]
    return {
        "id": real["id"],
        "agent_id": real["source"],
        "status": "completed",
        "start_time": start.isoformat(),
        "duration": max((turn["end"] or 0 for turn in real["turns"]), default=0) or None,
        "language": real["language"],
        "transcript": {"language": real["language"], "messages": messages},
    }


@pytest.fixture(scope="module")
def real() -> dict[str, dict[str, Any]]:
    """The collection's conversations by id."""
    if not FIXTURES.exists():
        pytest.skip("the collection of real conversations is not here")
    with FIXTURES.open(encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    assert len(read) > 100
    return {one["id"]: one for one in read}


@pytest.fixture(scope="module")
def mirrored(
    real: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    """An archive of them, synced from a vendor that serves them."""
    directory = tmp_path_factory.mktemp("corpus") / "archive"
    with Sandbox(count=0) as vendor, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, vendor.key)
        for at, one in enumerate(real.values()):
            vendor.upstream.put(payload(one, at))
        archive = Archive.create(directory)
        settings.add_source(
            directory, settings.SourceSettings("ayra", "ayra", vendor.base_url, KEY_VARIABLE)
        )
        assert archive.sync().complete
    with archive:
        yield archive


@pytest.fixture(scope="module")
def exported(
    mirrored: Archive, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What the export of that archive says, by id."""
    path = tmp_path_factory.mktemp("export") / "all.jsonl"
    export(selection(mirrored), "jsonl", path)
    manifest, *lines, complete = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (manifest["record"], complete["record"]) == ("manifest", "complete")
    assert complete["count"] == len(lines)
    return {line["id"]: line for line in lines}


def selection(archive: Archive) -> Selection:
    """All of an archive."""
    keys = archive.keys()
    return Selection(
        "", "archive", len(keys), lambda: archive.conversations(keys), archive.documents
    )


def test_every_conversation_comes_back(
    real: dict[str, dict[str, Any]], exported: dict[str, dict[str, Any]]
) -> None:
    """The export has each conversation once, in the language that it was in."""
    assert exported.keys() == real.keys()
    for name, one in real.items():
        assert exported[name]["language"] == one["language"]
        assert exported[name]["has_transcript"]


def test_every_turn_comes_back(
    real: dict[str, dict[str, Any]], exported: dict[str, dict[str, Any]]
) -> None:
    """Each turn has its speaker, its text to the character, and its times to the millisecond."""
    turns = 0
    for name, one in real.items():
        came = exported[name]["turns"]
        assert [turn["text"] for turn in came] == [turn["text"] for turn in one["turns"]]
        assert [turn["speaker"] for turn in came] == [turn["speaker"] for turn in one["turns"]]
        assert [turn["role"] for turn in came] == [turn["speaker"] for turn in one["turns"]]
        assert [turn["position"] for turn in came] == list(range(len(came)))
        for turn, was in zip(came, one["turns"], strict=True):
            assert turn["start"] == was["start"]
            assert turn["end"] == pytest.approx(was["end"], abs=0.001)
        turns += len(came)
    assert turns > 2_500


def test_every_conversation_is_an_rsmf_that_relativity_takes(
    real: dict[str, dict[str, Any]], mirrored: Archive, tmp_path: Path
) -> None:
    """Its manifest passes the schema, and has each turn to the character, in the order of time."""
    schema = Draft7Validator(json.loads(RSMF_SCHEMA.read_bytes()))
    export(selection(mirrored), "rsmf", tmp_path / "rsmf")
    for name, one in real.items():
        with (tmp_path / "rsmf" / f"{name}.rsmf").open("rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        (attachment,) = message.iter_attachments()
        with zipfile.ZipFile(io.BytesIO(attachment.get_content())) as packed:
            manifest = json.loads(packed.read("rsmf_manifest.json"))
            ((_, detail),) = mirrored.documents(mirrored.find(name))
            assert packed.read("vendor-detail.json") == detail
        assert schema.is_valid(manifest)
        said = {event["id"]: event["body"] for event in manifest["events"]}
        assert said == {f"T{at}": turn["text"] for at, turn in enumerate(one["turns"])}
        times = [event["timestamp"] for event in manifest["events"]]
        assert times == sorted(times)


def test_a_package_of_them_is_valid(mirrored: Archive, tmp_path: Path) -> None:
    """With every format in it, whole and to the tool of the Library of Congress."""
    formats = tuple(name for name in FORMATS if name != "bagit")
    all_of_it = replace(selection(mirrored), wishes=Wishes(formats=formats))
    export(all_of_it, "bagit", tmp_path / "bag")
    bag = bagit.Bag(str(tmp_path / "bag"))
    assert bag.validate()
    assert bag.info["Exceptions"] == "0"


def test_every_conversation_is_found(real: dict[str, dict[str, Any]], mirrored: Archive) -> None:
    """A phrase from the middle of its longest turn finds it, and highlights that phrase there."""
    for name, one in real.items():
        turn = max(one["turns"], key=lambda turn: len(turn["text"]))
        phrase = middle(turn["text"])
        found = mirrored.search(f'"{phrase}"', limit=0).hits
        hits = {hit.conversation.id: hit for hit in found}
        assert name in hits, phrase
        marked = [match.turn.text[a:b] for match in hits[name].turns for a, b in match.highlights]
        assert any(letters(phrase) in letters(text) for text in marked), phrase


def test_every_conversation_is_found_by_a_word(
    real: dict[str, dict[str, Any]], mirrored: Archive
) -> None:
    """Each word of its first turn finds it, said by whoever said it."""
    for name, one in real.items():
        first = one["turns"][0]
        scope = "agent-said" if first["speaker"] == "agent" else "customer"
        for word in re.findall(r"\w+", first["text"])[:5]:
            found = {one.id for one in mirrored.list(f'{scope}:"{word}" id:"{name}"', limit=0)}
            assert found == {name}, word


def middle(text: str) -> str:
    """A few words, or a few characters where there are no spaces, from the middle of a text."""
    words = [word for word in text.replace('"', " ").replace("\\", " ").split() if letters(word)]
    if len(words) >= 4:
        start = len(words) // 2 - 2
        return " ".join(words[start : start + 4])
    run = max(words, key=len)
    pieces = list(re.finditer(r"[0-9A-Za-zＡ-ｚ０-９]+|\w", run))
    some = pieces[max(0, len(pieces) // 2 - 4) :][:8]
    return run[some[0].start() : some[-1].end()]


def letters(text: str) -> str:
    """A text without what stands between words."""
    return "".join(character for character in text.casefold() if character.isalnum())


# What the demo's vendor says, and what we export


class Cue(NamedTuple):
    """A turn as a transcript format tells it."""

    start: float
    end: float | None
    speaker: str
    text: str


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Sandbox, Archive, dict[str, dict[str, str]]]]:
    """The demo's vendor, an archive of it, and our exports by format and id."""
    directory = tmp_path_factory.mktemp("demo")
    with Sandbox() as vendor, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, vendor.key)
        archive = Archive.create(directory / "archive")
        source = settings.SourceSettings("ayra", "ayra", vendor.base_url, KEY_VARIABLE)
        settings.add_source(archive.directory, source)
        archive.sync()
        made = {}
        for form in ("text", "srt", "vtt"):
            export(selection(archive), form, directory / form)
            manifest = json.loads((directory / form / "manifest.json").read_text("utf-8"))
            made[form] = {
                entry["id"]: (directory / form / entry["file"]).read_text("utf-8")
                for entry in manifest["conversations"]
            }
        with archive:
            yield vendor, archive, made


def asked(vendor: Sandbox, name: str, form: str) -> str:
    """The vendor's own transcript of a call."""
    request = Request(
        f"{vendor.base_url}/v1/conversations/{name}/transcript?format={form}",
        headers={"Authorization": f"Bearer {vendor.key}"},
    )
    with urlopen(request) as answer:
        return io.TextIOWrapper(answer, encoding="utf-8", newline="").read()


def parsed(document: str, form: str) -> list[Cue]:
    """A transcript, read by a reader that is not ours."""
    if form == "srt":
        subtitles = srt.parse(document, ignore_errors=False)
        return [
            Cue(one.start.total_seconds(), one.end.total_seconds(), *one.content.split(": ", 1))
            for one in subtitles
        ]
    if form == "vtt":
        assert document.startswith("WEBVTT\n")
        pattern = r"(\S+) --> (\S+)\n<v ([^>]*)>(.*)\n"
        return [
            Cue(seconds(start), seconds(end), unescape(speaker), unescape(text))
            for start, end, speaker, text in re.findall(pattern, document)
        ]
    pattern = r"(?m)^\[([0-9:]+)\] ([^:]+): (.*)$"
    return [
        Cue(seconds(start), None, speaker, text)
        for start, speaker, text in re.findall(pattern, document)
    ]


def seconds(clock: str) -> float:
    """``01:02:03.500`` as seconds."""
    hours, minutes, rest = clock.split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(rest), 3)


def transcribed(archive: Archive) -> list[Conversation]:
    """The demo's calls that have a transcript."""
    calls = [call for _, call in archive.conversations(archive.keys("has:transcript"))]
    assert len(calls) > 90
    return calls


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_our_transcripts_are_the_vendors(demo, form: str) -> None:
    """Turn by turn our export has the speaker, the text and the times of the vendor's own."""
    vendor, archive, made = demo
    for call in transcribed(archive):
        ours, theirs = made[form][call.id], asked(vendor, call.id, form)
        assert parsed(ours, form) == parsed(theirs, form), call.id
        assert len(parsed(ours, form)) == len(call.turns), call.id


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_our_transcripts_tell_what_was_said(demo, form: str) -> None:
    """Every message of the vendor's JSON is in them, with its speaker, text and times."""
    vendor, archive, made = demo
    for call in transcribed(archive):
        messages = json.loads(asked(vendor, call.id, "json"))["data"]["messages"]
        cues = parsed(made[form][call.id], form)
        in_order = messages
        if form != "text":
            in_order = sorted(messages, key=lambda message: message["timestamp"])
        for cue, message in zip(cues, in_order, strict=True):
            assert cue.text == " ".join(message["text"].split("\n"))
            assert cue.speaker.lower() == message["speaker"].lower()
            precision = 1.0 if form == "text" else 0.001
            assert 0 <= message["timestamp"] - cue.start + 1e-9 < precision
            if cue.end is not None:
                end = message["timestamp"] + message["duration"]
                assert cue.end == pytest.approx(end, abs=0.001)


def test_what_was_never_said(demo) -> None:
    """A call without a transcript has a file, without a cue."""
    _, archive, made = demo
    without = [one.id for one in archive.list("-has:transcript", limit=0)]
    assert without
    for name in without:
        assert [parsed(made[form][name], form) for form in made] == [[], [], []]
