"""``show``: one conversation, in every format, by any of its names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]

CALL = "conv_jmy67pjzlerj"
"""A call of the demo: the one with the fitness club."""

RECORD = {
    "record", "source", "id", "status", "started_at", "ended_at", "duration", "agent_id",
    "caller_number", "language", "summary", "sentiment", "intent", "outcome", "failure_reason",
    "abandonment_reason", "platform", "topics", "actions", "recording", "turns",
}  # fmt: skip

LITTLE_TO_SHOW = ["no_transcript_1", "no_turns_000001", "no_times_000001"]


def test_for_the_eye(find: Run) -> None:
    """Who, when, how it ended, the summary, and every turn with its time."""
    ran = find("show", CALL, "--utc")
    lines = ran.out.splitlines()
    assert lines[0] == f"{CALL}  completed · transferred"
    assert lines[1].startswith("27 Apr 2026 12:58  0:54  +17085550123  agent_memberships")
    assert "   0:04  customer  Representative." in lines
    assert ran.err == ""


def test_json_is_a_record_of_the_export(find: Run) -> None:
    """``--format json`` prints what the JSONL export has for the same conversation."""
    shown = json.loads(find("show", CALL, "--format", "json").out)
    lines = find("export", f"id:{CALL}", "--format", "jsonl").out.splitlines()
    assert shown == json.loads(lines[1])
    assert shown.keys() >= RECORD


def test_json_of_a_turn(find: Run) -> None:
    """A turn has the seven promised fields, in the order of the call."""
    shown = json.loads(find("show", CALL, "--format", "json").out)
    assert [turn["position"] for turn in shown["turns"]] == list(range(len(shown["turns"])))
    assert set(shown["turns"][0]) == {
        "position", "speaker", "role", "text", "start", "end", "confidence",
    }  # fmt: skip
    assert {turn["role"] for turn in shown["turns"]} == {"agent", "customer"}


def test_json_of_the_recording(find: Run) -> None:
    """The recording is named by its hash, size and type; where there is none it is null."""
    recording = json.loads(find("show", CALL, "--format", "json").out)["recording"]
    assert set(recording) == {"sha256", "bytes", "media_type"}
    assert len(recording["sha256"]) == 64
    without = find("search", "-n", "1", "--ids", "--", "-has:recording").out.strip()
    assert json.loads(find("show", without, "--format", "json").out)["recording"] is None


@pytest.mark.parametrize(
    ("form", "begins", "has"),
    [
        ("text", "[00:00:00] Agent: Ironwold Fitness", "[00:00:04] Customer: Representative.\n"),
        ("srt", "1\n00:00:00,", "\nCustomer: Representative.\n"),
        ("vtt", "WEBVTT\n\n", "<v Customer>Representative.\n"),
        ("markdown", "# ", "Representative"),
    ],
)
def test_transcripts(find: Run, form: str, begins: str, has: str) -> None:
    """Each format is what its name says, and nothing else is on the standard output."""
    out = find("show", CALL, "--format", form).out
    assert out.startswith(begins)
    assert has in out


def test_raw_is_the_vendors_own(synced: Archive, find: Run) -> None:
    """``--format raw`` gives the bytes as they came."""
    documents = synced.documents(synced.find(CALL))
    body = b"".join(found for _, found in documents)
    assert json.loads(body)["data"]["id"] == CALL
    assert find("show", CALL, "--format", "raw").out.encode() == body


@pytest.mark.parametrize("name", [CALL, f"ayra/{CALL}", CALL[:12], CALL[:8]])
def test_names(find: Run, name: str) -> None:
    """An id, SOURCE/ID, and a beginning that is unique name the same conversation."""
    assert find("show", name, "--format", "json") == find("show", CALL, "--format", "json")


def test_at(find: Run) -> None:
    """``--at`` begins with the turn before the one that is spoken then."""
    whole = find("show", CALL).out
    for place in ("0:33", "33", "33.5", "0:00:33"):
        later = find("show", CALL, "--at", place).out
        assert "Huh. Okay." in later
        assert "I see forty-nine dollars" in later
        assert "Ironwold Fitness, membership line" not in later
        assert "… 4 turns before" in later
    assert find("show", CALL, "--at", "0").out == whole


@pytest.mark.parametrize("place", ["", "soon", "1:2:3:4", "nan", "inf", "1:5"])
def test_at_no_place(find: Run, place: str) -> None:
    """What is no place in a call is refused."""
    ran = find("show", CALL, "--at", place)
    assert (ran.code, ran.out) == (2, "")
    assert "1:05" in ran.err


def test_revision(run: Run, hostile: Path) -> None:
    """An earlier state is shown as it was; one that never was is not found."""
    first, second = (
        json.loads(run("-a", hostile, "show", "odd_everywhere_1", "--format", "json", *more).out)
        for more in (["--revision", "1"], [])
    )
    assert (first["revision"], second["revision"]) == (1, 2)
    assert first["summary"].startswith("zebra NUL")
    assert second["summary"].startswith("zebra again")
    for number in ("3", "9" * 40):
        assert run("-a", hostile, "show", "odd_everywhere_1", "--revision", number).code == 6


@pytest.mark.parametrize("name", LITTLE_TO_SHOW)
@pytest.mark.parametrize("form", ["text", "json", "srt", "vtt", "markdown", "raw", None])
def test_little_to_show(run: Run, hostile: Path, name: str, form: str | None) -> None:
    """No transcript, no turns and no times are no trouble in any format."""
    ran = run("-a", hostile, "show", name, *(("--format", form) if form else ()))
    assert (ran.code, ran.err) == (0, "")
    if form in ("json", "raw"):
        assert json.loads(ran.out)
    if form in (None, "markdown"):
        assert name in ran.out.replace("\\", "")


def test_why_nothing_is_said(run: Run, hostile: Path) -> None:
    """A transcript that is not there yet differs from one that has no turns."""
    assert "not there yet" in run("-a", hostile, "show", "no_transcript_1").out
    assert "has no turns" in run("-a", hostile, "show", "no_turns_000001").out


def test_a_call_without_times(run: Run, hostile: Path) -> None:
    """Subtitles get times in the order of the turns, and the text gets none."""
    show = ("-a", hostile, "show", "no_times_000001", "--format")
    assert "-->" in run(*show, "srt").out
    assert run(*show, "text").out.startswith("Other: zebra\n") or "zebra" in run(*show, "text").out
    assert "[" not in run(*show, "text").out


@pytest.mark.parametrize(
    "name", ["conv_nobody00", "conv", "", "ayra/", "nobody/" + CALL, "\udcff" * 8]
)
def test_no_such_conversation(find: Run, name: str) -> None:
    """A name that fits nothing is not found, and too short a beginning is said to be one."""
    ran = find("show", name)
    assert (ran.code, ran.out) == (6, "")
    assert "convarchive search" in ran.err


def test_more_than_one(find: Run) -> None:
    """A beginning that fits several names some of them."""
    ran = find("show", "conv_b")
    assert (ran.code, ran.out) == (6, "")
    assert "ayra/conv_b" in ran.err
