"""The rules of the draft that its JSON schema does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.vcon.standard import example, schema

from convarchive.vcon.rules import violations

KEPT: dict[str, Any] = {
    "uuid": "01928e10-193e-8231-b9a2-279e0d16bc46",
    "created_at": "2026-01-15T10:00:00Z",
    "parties": [{"tel": "+15550100"}, {}],
    "dialog": [
        {"type": "recording", "start": "2026-01-15T10:00:00Z", "parties": [0, [1]],
         "mediatype": "audio/x-wav", "encoding": "base64url", "body": "UklGRg"},
        {"type": "transfer", "start": "2026-01-15T10:00:00Z", "transferee": 0, "transferor": 1,
         "transfer_target": 1, "original": 0, "target_dialog": [2]},
        {"type": "incomplete", "start": "2026-01-15T10:00:00Z", "disposition": "busy"},
        {"type": "recording-set", "start": "2026-01-15T10:00:00Z", "recordings": [0]},
        {},
    ],
    "analysis": [
        {"type": "summary", "vendor": "x", "dialog": [0, 1], "encoding": "none", "body": "s"}
    ],
    "attachments": [{"start": "2026-01-15T10:00:00Z", "party": 0, "dialog": 0,
                     "url": "https://x.example/a", "content_hash": "sha256-abcd"}],
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The vCon that keeps the rules, with something else in one place; None takes it away."""
    vcon = json.loads(json.dumps(KEPT))
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = vcon
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return vcon


def test_the_rules_are_kept() -> None:
    """By one dialog of each type, and by empty objects, which the schema does not know."""
    assert violations(KEPT) == []
    assert not list(schema().iter_errors(changed("dialog.4", None)))


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("uuid", "01928e10-193e-4231-b9a2-279e0d16bc46", "uuid: it is not of version 8"),
        ("uuid", "hello", "uuid: it is none"),
        ("created_at", "2026-01-15", "created_at: it is no time as RFC 3339 has it"),
        ("created_at", "2026-02-31T10:00:00Z", "created_at: it is no time as RFC 3339 has it"),
        ("updated_at", 7, "updated_at: it is no time as RFC 3339 has it"),
        ("redacted", {"url": "https://x.example"}, "redacted.content_hash: a url must have one"),
        ("parties.0.did", "me", "parties[0].did: it is no DID"),
        ("dialog.0.type", "voice", "dialog[0].type: there is no voice"),
        ("dialog.0.start", None, "dialog[0].start: it is no time as RFC 3339 has it"),
        ("dialog.0.parties", [0, [2]], "dialog[0].parties: there is no parties[2]"),
        ("dialog.0.originator", -1, "dialog[0].originator: there is no parties[-1]"),
        ("dialog.0.mediatype", None, "dialog[0].mediatype: what is inline must have one"),
        ("dialog.0.mediatype", "wav", "dialog[0].mediatype: it is none"),
        ("dialog.0.encoding", None, "dialog[0].encoding: it is missing"),
        ("dialog.0.body", "UklG+g==", "dialog[0].body: it is not base64url"),
        ("dialog.0.body", {"a": 1}, "dialog[0].body: it is no text"),
        ("dialog.0.recordings", [0], "dialog[0].recordings: a dialog of type recording has none"),
        ("dialog.0.recording_set", 1, "dialog[0].recording_set: 1 is no recording-set"),
        ("dialog.1.target_dialog", None, "dialog[1].target_dialog: it is missing"),
        ("dialog.1.original", 9, "dialog[1].original: there is no dialog[9]"),
        ("dialog.1.parties", [0], "dialog[1].parties: a dialog of type transfer has none"),
        ("dialog.2.disposition", None, "dialog[2].disposition: it is missing"),
        ("dialog.2.disposition", "bored", "dialog[2].disposition: it is none that there is"),
        ("dialog.2.body", "", "dialog[2].body: a dialog of type incomplete has none"),
        ("dialog.3.recordings", None, "dialog[3].recordings: it is missing"),
        ("dialog.3.recordings", [1], "dialog[3].recordings: 1 is no recording"),
        ("analysis.0.vendor", None, "analysis[0].vendor: it is missing"),
        ("analysis.0.dialog", 5, "analysis[0].dialog: there is no dialog[5]"),
        ("analysis.0.attachment", 1, "analysis[0].attachment: there is no attachments[1]"),
        ("attachments.0.party", None, "attachments[0].party: it is missing"),
        ("attachments.0.party", 2, "attachments[0].party: there is no parties[2]"),
        ("attachments.0.dialog", None, "attachments[0].dialog: it is missing"),
        ("attachments.0.content_hash", None, "attachments[0].content_hash: a url must have one"),
        ("attachments.0.content_hash", "SHA-1", "attachments[0].content_hash: it is none"),
        ("attachments.0.content_hash", "sha512-abcd", "attachments[0].content_hash: it is none"),
        ("attachments.0.url", "http://x.example", "attachments[0].url: it is not HTTPS"),
        ("attachments.0.body", "", "attachments[0].url: there is a body, too"),
    ],
)
def test_a_rule_is_broken(path: str, value: Any, told: str) -> None:
    """The place and what is wrong there are told."""
    assert told in violations(changed(path, value))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"party": 5, "event": "join"}, "party: there is no parties[5]"),
        ({"party": 0, "event": "keydown"}, "button: it is missing"),
    ],
)
def test_events_are_looked_at(event: dict[str, Any], told: str) -> None:
    """They have indices, too."""
    vcon = changed("dialog.0.party_history", [{"time": "2026-01-15T10:00:00Z", **event}])
    assert violations(vcon) == [f"dialog[0].party_history[0].{told}"]


def test_one_cannot_be_redacted_and_amended() -> None:
    """The draft has these exclude each other."""
    vcon = changed("redacted", {"type": "x"}) | {"amended": {"uuid": KEPT["uuid"]}}
    assert violations(vcon) == ["redacted: it excludes amended"]


def test_the_draft_keeps_its_rules() -> None:
    """The examples break none, but that they have no ``created_at``."""
    for name in ("ab_call_ext_rec", "ab_call_ext_rec_redacted", "ab_call_int_rec"):
        vcon = {"created_at": "2026-01-15T10:00:00Z", **json.loads(example(name))}
        assert violations(vcon) == []
