"""A redacted selection: everything that a format can ask it for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

from convarchive.export import Problem, Selection
from convarchive.model import Conversation, Recording
from convarchive.redact import Redaction

Call = Callable[..., Conversation]
Select = Callable[..., Selection]
Redact = Callable[..., Redaction]

CARD = "4111111111111111"


def one(redaction: Redaction) -> Conversation:
    """The only conversation."""
    ((_, conversation),) = redaction.selection.conversations()
    return conversation


def document(redaction: Redaction, key: int = 1) -> object:
    """The only document, decoded."""
    ((_, body),) = redaction.selection.documents(key)
    return json.loads(body)


def test_every_text_is_looked_through(call: Call, select: Select, redact: Redact) -> None:
    """Fields, lists, objects, their keys, and numbers that are a card's."""
    conversation = call(
        summary=f"Paid with {CARD}.",
        topics=("billing", f"card {CARD}"),
        actions=({"type": "pay", CARD: "x", "pan": int(CARD), "cvv": 123, "sum": 4111.5},),
        caller_number="+17085550123",
    )
    redacted = one(redact(select(conversation)))
    assert redacted.summary == "Paid with [card]."
    assert redacted.topics == ("billing", "card [card]")
    assert redacted.actions == (
        {"type": "pay", "[card]": "x", "pan": "[card]", "cvv": "[cvv]", "sum": 4111.5},
    )
    assert redacted.caller_number == "[phone]"


def test_the_callers_number_is_known_everywhere(call: Call, select: Select, redact: Redact) -> None:
    """With its country's code or without, spoken or written, and in the id."""
    conversation = call(
        "agent: Is seven oh eight five five five oh one two three still good?",
        id="in_7085550123_0042",
        caller_number="+17085550123",
        follow_up_tasks=("Call 708-555-0123",),
    )
    redaction = redact(
        select(
            conversation,
            documents={1: [("detail", b'{"id":"in_7085550123_0042","n":"0017085550123"}')]},
        )
    )
    redacted = one(redaction)
    assert redacted.turns[0].text == "Is [phone] still good?"
    assert redacted.follow_up_tasks == ("Call [phone]",)
    assert redacted.id == "redacted-1"
    assert document(redaction) == {"id": "redacted-1", "n": "[phone]"}


def test_an_id_without_findings_stays(call: Call, select: Select, redact: Redact) -> None:
    """The vendor's own."""
    assert one(redact(select(call(id="conv_8f2kq1")))).id == "conv_8f2kq1"


def test_payloads_are_read_as_transcripts(call: Call, select: Select, redact: Redact) -> None:
    """Turn by turn, word by word, or as lines of one text."""
    halves = ["four one one one one one one one", "one one one one one one one one"]
    body = {
        "turns": [{"role": "user", "text": half, "start": 1.5} for half in halves],
        "words": [{"word": word, "start": 0} for half in halves for word in half.split()],
        "text": f"Agent: card number?\nUser: {halves[0]}\nAgent: mm-hm\nUser: {halves[1]}\n",
    }
    redaction = redact(select(call(), documents={1: [("detail", json.dumps(body).encode())]}))
    assert document(redaction) == {
        "turns": [{"role": "user", "text": "[card]", "start": 1.5}] * 2,
        "words": [{"word": "[card]", "start": 0}] * 16,
        "text": "Agent: card number?\nUser: [card]\nAgent: mm-hm\nUser: [card]\n",
    }


def test_what_the_turns_say_is_known_in_the_payload(
    call: Call, select: Select, redact: Redact
) -> None:
    """The same digits, glued to letters, too."""
    conversation = call("customer: my card is four one one one one one one one one one one one"
                        " one one one one")  # fmt: skip
    body = b'{"file":"rec-x4111111111111111y.wav"}'
    redaction = redact(select(conversation, documents={1: [("detail", body)]}))
    assert document(redaction) == {"file": "rec-x[card]y.wav"}


def test_a_document_without_findings_is_the_vendors(
    call: Call, select: Select, redact: Redact
) -> None:
    """Byte for byte."""
    body = b'{ "a" : 1.50, "b":"caf\\u00e9" }\n'
    redaction = redact(select(call(), documents={1: [("detail", body)]}))
    assert redaction.selection.documents(1) == [("detail", body)]


def test_a_repeated_key_hides_nothing(call: Call, select: Select, redact: Redact) -> None:
    """What a reader of JSON would not see is not handed over either."""
    body = b'{"a":"4111111111111111","a":"x"}'
    redaction = redact(select(call(), documents={1: [("detail", body)]}))
    assert document(redaction) == {"a": "x"}


def test_what_is_no_json_is_left_out_and_told(call: Call, select: Select, redact: Redact) -> None:
    """Nothing could be looked for in it."""
    redaction = redact(select(call(), documents={1: [("detail", b"\x00 4111")]}))
    one(redaction)
    assert redaction.selection.documents(1) == []
    (entry,) = redaction.document()["conversations"]
    assert list(entry["left_out"]) == ["detail"]


def test_links_to_the_sound_go_with_it(call: Call, select: Select, redact: Redact) -> None:
    """The vendor still has what was said behind them."""
    body = b'{"recording_url":"https://signed.example/a.wav","site":"https://example.com"}'
    given = select(call(), documents={1: [("detail", body)]})
    assert document(redact(given)) == {
        "recording_url": "[recording]",
        "site": "https://example.com",
    }
    assert redact(given, sound="keep").selection.documents(1) == [("detail", body)]


def test_documents_can_be_asked_for_in_any_order(
    call: Call, select: Select, redact: Redact
) -> None:
    """What is known of a conversation goes with its key, not with what passed last."""
    first, second = (call(id=f"conv_{n}", caller_number=f"+1708555012{n}") for n in (1, 2))
    body = [("detail", b'["7085550121","x 7085550122"]')]
    redaction = redact(select(first, second, documents={1: body, 2: body}))
    list(redaction.selection.conversations())
    assert document(redaction, 1) == document(redaction, 1)
    assert len(redaction.document()["conversations"]) == 2


def test_the_query_is_redacted(call: Call, select: Select, redact: Redact) -> None:
    """It stands in manifests."""
    redaction = redact(select(call(), query='caller:+17085550123 "4111 1111 1111 1111"'))
    assert redaction.selection.query == 'caller:[phone] "[card]"'


def test_the_report_tells_places_and_never_values(
    call: Call, select: Select, redact: Redact
) -> None:
    """Not even a digit of them, or a hash."""
    conversation = call("customer: it is 4111 1111 1111 1111", summary=f"Card {CARD}.")
    redaction = redact(select(conversation), "card")
    one(redaction)
    one(redaction)  # formats may ask twice
    report = redaction.document()
    assert report["hidden"] == {"card": 2}
    assert report["conversations"] == [
        {
            "source": "ayra",
            "id": "conv_1",
            "id_replaced": False,
            "turns": [{"position": 0, "kinds": {"card": 1}}],
            "fields": {"summary": {"card": 1}},
            "documents": {},
            "left_out": {},
        }
    ]
    told = json.dumps(report)
    assert "1111" not in told
    assert hashlib.sha256(CARD.encode()).hexdigest() not in told


def test_a_recording_is_left_out_with_its_hash(
    call: Call, select: Select, redact: Redact, tmp_path: Path
) -> None:
    """Unless it is asked for, and then without the vendor's link."""
    recording = Recording("https://signed.example", "ab" * 32, 3, "audio/wav")
    (tmp_path / "a.wav").write_bytes(b"abc")
    given = select(call(recording=recording), recordings={"ab" * 32: tmp_path / "a.wav"})
    redaction = redact(given)
    assert one(redaction).recording is None
    assert redaction.selection.recording("ab" * 32) is None
    assert redaction.report.totals().left_out == {"recording": 1}
    kept = redact(given, sound="keep")
    assert one(kept).recording == recording._replace(url=None)
    assert kept.selection.recording("ab" * 32) == tmp_path / "a.wav"


def test_nothing_of_a_selection_passes_unseen() -> None:
    """A new field of it is to be thought of in `Redaction.selection`, and then here."""
    handled = {"query", "archive", "conversations", "documents", "understood", "recording",
               "problems"}  # fmt: skip
    harmless = {"count", "absent", "wishes"}
    left_out = {"earlier", "why_lost", "proof"}
    assert {field.name for field in fields(Selection)} == {*handled, *harmless, *left_out}


def test_what_the_archive_noted_is_redacted(call: Call, select: Select, redact: Redact) -> None:
    """Problems name their conversation as the rest does, and their words are looked through."""
    phoned = call(id="in_7085550123", caller_number="+17085550123")
    noted = [Problem("ayra", phoned.id, f"No answer about {CARD}.")]
    redaction = redact(replace(select(phoned), problems=lambda: noted))
    assert one(redaction).id == "redacted-1"
    (problem,) = redaction.selection.problems()
    assert problem == ("ayra", "redacted-1", "No answer about [card].")


def test_no_field_of_a_conversation_passes_unseen() -> None:
    """A new one is to be thought of in `convarchive.redact.conversation`, and then here."""
    from convarchive.redact.conversation import _TEXTS

    handled = {"id", "caller_number", "recording", "turns"}
    harmless = {"source", "status", "started_at", "ended_at", "duration", "has_transcript",
                "revision", "deleted_at_source"}  # fmt: skip
    assert {*_TEXTS, *handled, *harmless} == set(Conversation._fields)
