"""What happens where a conversation is there already: nothing is overwritten, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from tests.imports.conftest import Import, exported, facts

from convarchive import Archive, settings
from convarchive.imports import Options
from convarchive.model import Conversation, Turn, record
from convarchive.sandbox import Sandbox

CALL = Conversation(
    "ayra", "call", "completed", "2026-01-15T10:00:00Z", summary="first", has_transcript=True,
    turns=(Turn(0, "agent", "agent", "Hello", 0.0),), revision=1,
)  # fmt: skip
SRT = "1\n00:00:01,000 --> 00:00:02,000\nAgent: {}\n\n"


def lines(path: Path, *conversations: Conversation) -> Path:
    """A file of records, without a manifest and a closing line."""
    text = "".join(json.dumps(record(each)) + "\n" for each in conversations)
    path.write_text(text, encoding="utf-8")
    return path


def summaries(archive: Archive, name: str = "ayra/call") -> dict[int, Any]:
    """The summary of each state."""
    return {each.number: archive.show(name, each.number).summary for each in archive.history(name)}


def test_a_newer_state(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is a new revision with its own number; the old one stays."""
    take(lines(tmp_path / "a.jsonl", CALL))
    report = take(lines(tmp_path / "a.jsonl", CALL._replace(summary="third", revision=3)))
    assert (report.changed, target.show("call").summary) == (1, "third")
    assert summaries(target) == {1: "first", 3: "third"}
    assert target.show("call").revision == 3


def test_an_older_state(target: Archive, take: Import, tmp_path: Path) -> None:
    """Goes into the history, and does not become the newest."""
    take(lines(tmp_path / "new.jsonl", CALL._replace(summary="third", revision=3)))
    report = take(lines(tmp_path / "old.jsonl", CALL._replace(deleted_at_source=None)))
    assert (report.changed, target.show("call").summary) == (1, "third")
    assert summaries(target) == {1: "first", 3: "third"}
    assert take(tmp_path / "old.jsonl").unchanged == 1


def test_a_state_that_differs_under_the_same_number(
    target: Archive, take: Import, tmp_path: Path
) -> None:
    """Is one more state; and each of the two files is known from then on."""
    take(lines(tmp_path / "a.jsonl", CALL))
    take(lines(tmp_path / "b.jsonl", CALL._replace(summary="other")))
    assert summaries(target) == {1: "first", 2: "other"}
    for name in ("a.jsonl", "b.jsonl"):
        assert take(tmp_path / name).unchanged == 1
    assert target.show("call").summary == "other"


def test_the_same_id_several_times_in_a_file(target: Archive, take: Import, tmp_path: Path) -> None:
    """The later ones are revisions, and the file again is nothing new."""
    three = [CALL._replace(summary=summary) for summary in ("one", "two", "three")]
    path = lines(tmp_path / "a.jsonl", *three, three[0])
    report = take(path)
    assert (report.read, report.new, report.changed, report.unchanged) == (4, 1, 2, 1)
    assert target.show("call").summary == "three"
    report = take(path)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 4)


def test_a_deletion_at_the_source(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is taken over without a new revision, and never taken back."""
    take(lines(tmp_path / "a.jsonl", CALL))
    gone = CALL._replace(deleted_at_source="2026-02-01T00:00:00.000000Z")
    assert take(lines(tmp_path / "b.jsonl", gone)).changed == 1
    assert take(tmp_path / "a.jsonl").unchanged == 1
    found = target.show("call")
    assert (found.revision, found.deleted_at_source) == (1, "2026-02-01T00:00:00.000000Z")
    assert target.count("is:deleted") == 1


def test_what_the_vendor_sent_stays(
    copied: Callable[[], Archive], tmp_path: Path, told: list[str]
) -> None:
    """A file that says something else of it is named, counted and left out."""
    archive = copied()
    path = exported(archive, tmp_path / "all.jsonl")
    text = path.read_text(encoding="utf-8").replace("charged twice", "charged once")
    path.write_text(text, encoding="utf-8")
    before = archive.show("conv_jmy67pjzlerj")
    report = archive.import_files([path], tell=told.append)
    assert report.kept > 0
    assert (report.new, report.changed, report.complete) == (0, 0, False)
    assert report.kept + report.unchanged == 126
    assert archive.show("conv_jmy67pjzlerj") == before
    assert any(
        "conv_jmy67pjzlerj differs from what the vendor sent; kept ours." in each for each in told
    )


def test_a_vendors_payload_that_was_mirrored(copied: Callable[[], Archive], tmp_path: Path) -> None:
    """Its own bytes from a file are nothing new; other ones are left out."""
    archive = copied()
    source, identifier = archive.list(limit=1)[0][:2]
    ((_, body),) = archive.documents(archive.find(identifier))
    (tmp_path / "same.json").write_bytes(b" " + body)
    (tmp_path / "other.json").write_bytes(
        body.replace(b'"start_time":"2026', b'"start_time":"2025')
    )
    options = Options(source=source)
    assert archive.import_files([tmp_path / "same.json"], options).unchanged == 1
    assert archive.import_files([tmp_path / "other.json"], options).kept == 1


def test_a_sync_after_an_import(
    sandbox: Sandbox, target: Archive, take: Import, synced: Archive, tmp_path: Path
) -> None:
    """The vendor's own bytes become the newest revision, and its recordings are fetched."""
    take(exported(synced, tmp_path / "all.jsonl"))
    assert target.status().recordings_absent == 5
    source = settings.SourceSettings("ayra", "ayra", sandbox.base_url, "CONVARCHIVE_TEST_KEY")
    settings.add_source(target.directory, source)
    report = target.sync()
    assert (report.complete, report.sources[0].changed, report.sources[0].recordings) == (
        True, 126, 5,
    )  # fmt: skip
    status = target.status()
    assert [each.kind for each in status.sources] == ["ayra"]
    assert (status.recordings, status.recordings_absent, status.revisions) == (5, 0, 252)
    assert facts(take(tmp_path / "all.jsonl")) == {"files": 1, "read": 126, "unchanged": 126}


def test_a_problem_of_a_file_is_none_of_a_sync(archive: Archive, tmp_path: Path) -> None:
    """A sync is complete although a file of the same source could not be read."""
    (tmp_path / "a.json").write_text("{")
    assert archive.import_files([tmp_path / "a.json"], Options(source="ayra")).problems == 1
    assert archive.sync().complete
    assert not archive.status().healthy


def test_a_transcript_says_less(target: Archive, take: Import, tmp_path: Path) -> None:
    """Than a record of the same conversation, so it is left out; the other way round it is not."""
    lines(tmp_path / "a.jsonl", CALL._replace(source="import"))
    (tmp_path / "call.srt").write_text(SRT.format("Something"))
    take(tmp_path / "call.srt")
    assert take(tmp_path / "a.jsonl").changed == 1
    assert target.show("call").summary == "first"
    (tmp_path / "call.srt").write_text(SRT.format("Something else"))
    assert take(tmp_path / "call.srt").kept == 1
    assert target.show("call").summary == "first"


def test_two_transcripts_of_one_name(target: Archive, take: Import, tmp_path: Path) -> None:
    """In one import are two calls that a name confuses: the second is left out, and named."""
    for directory, words in (("a", "First"), ("b", "Second")):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "call.srt").write_text(SRT.format(words))
    paths = [tmp_path / "a" / "call.srt", tmp_path / "b" / "call.srt"]
    report = take(*paths)
    assert (report.new, report.kept) == (1, 1)
    assert target.show("call").turns[0].text == "First"
    assert take(paths[1]).changed == 1  # on its own it is a newer state


def test_the_same_transcript_in_two_forms(target: Archive, take: Import, tmp_path: Path) -> None:
    """Is one conversation, and no quarrel."""
    (tmp_path / "call.srt").write_text(SRT.format("Hello"))
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hello\n"
    (tmp_path / "call.vtt").write_text(vtt)
    report = take(tmp_path / "call.srt", tmp_path / "call.vtt")
    assert (report.new, report.unchanged, report.complete) == (1, 1, True)


def test_a_dry_run(target: Archive, take: Import, tmp_path: Path) -> None:
    """Says what would go in, and writes nothing."""
    path = lines(tmp_path / "a.jsonl", CALL)
    path.write_bytes(path.read_bytes() + b"rubbish\n")
    report = take(path, dry_run=True)
    assert (report.new, report.problems) == (1, 2)
    assert (target.count(), target.problems(), target.status().sources) == (0, [], ())


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "no name"}, {"id": ""}, {"id": 5}, {"status": "ringing"}, {"revision": -1},
        {"revision": 2**63}, {"started_at": "yesterday"}, {"started_at": "2026-01-15T10:00:00"},
        {"duration": "long"}, {"topics": "billing"}, {"topics": [1]}, {"turns": {}},
        {"turns": [{"position": 1, "speaker": "", "role": "agent", "text": ""}]},
        {"turns": [{"position": 0, "speaker": "", "role": "boss", "text": ""}]},
        {"turns": [{"position": 0}]}, {"recording": {"sha256": "../x", "bytes": 1}},
        {"recording": {"sha256": "ab" * 32, "bytes": -1}}, {"deleted_at_source": 1},
    ],
)  # fmt: skip
def test_a_record_that_is_none(
    target: Archive, take: Import, tmp_path: Path, fields: dict[str, Any]
) -> None:
    """Is a problem with its bytes that names the field; the records around it go in."""
    value = record(CALL) | fields
    others = [record(CALL._replace(id=name)) for name in ("before", "after")]
    text = "".join(json.dumps(each) + "\n" for each in (others[0], value, others[1]))
    (tmp_path / "a.jsonl").write_text(text)
    report = take(tmp_path / "a.jsonl")
    assert (report.new, report.problems) == (2, 2)  # and no closing line
    bad, _ = sorted(target.problems(), key=lambda problem: problem.id, reverse=True)
    assert (bad.source, bad.stage) == ("import", "import")
    assert bad.id == f"{(tmp_path / 'a.jsonl').as_posix()}:2"
    assert next(iter(fields)) in bad.message or "name of a source" in bad.message


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.text(max_size=5), st.floats(allow_nan=False),
        st.integers(), st.sampled_from([10**400, -(2**63) - 1, 2**63, 1e308, "ayra", "completed"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=6,
)  # fmt: skip
FIELDS = [*Conversation._fields, "record"]
PARTS = ["position", "speaker", "role", "text", "start", "end", "confidence"]


@settings_of(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3),
    parts=st.dictionaries(st.sampled_from(PARTS), JSON, max_size=2),
    deep=st.integers(1, 400),
)
def test_any_record(
    target: Archive, take: Import, tmp_path: Path, fields: dict[str, Any], parts: dict[str, Any],
    deep: int,
) -> None:  # fmt: skip
    """Goes in or is a problem, and what went in is shown, exported and read again as it is."""
    turns = [record(CALL)["turns"][0] | parts]
    nested = json.loads("[" * deep + "]" * deep)
    value = {**record(CALL), "turns": turns, "network": nested, **fields}
    (tmp_path / "a.jsonl").write_text(json.dumps(value) + "\n", encoding="utf-8")
    report = take(tmp_path / "a.jsonl")
    assert report.read + report.problems >= 1
    target.rebuild()
    exported(target, tmp_path / "all.jsonl")
    assert take(tmp_path / "all.jsonl").complete


def test_a_field_that_is_not_known(target: Archive, take: Import, tmp_path: Path) -> None:
    """A later version may have written it: it stays in the bytes, and harms nothing."""
    (tmp_path / "a.jsonl").write_text(json.dumps(record(CALL) | {"mood": "fine"}) + "\n")
    assert take(tmp_path / "a.jsonl").new == 1
    assert b'"mood"' in target.documents(target.find("call"))[0][1]


def test_problems_go_when_the_file_is_well(target: Archive, take: Import, tmp_path: Path) -> None:
    """The next import of the file forgets what it found before; so does who says so."""
    path = tmp_path / "a.json"
    path.write_text('[{"id": 1}, 5')
    assert take(path).problems > 0
    assert not target.status().healthy
    path.write_text("[]")
    assert take(path).complete
    assert target.problems() == []
    path.write_text("rubbish")
    take(path)
    assert target.retry_problems() == 0
    assert target.forget_import_problems() == 1
    assert target.status().healthy
