"""What an Ayra payload means: as documented, and in every other way that is to be survived."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.ayra_payloads import DOCUMENTED, about, read

from convarchive.errors import UnexpectedAnswer
from convarchive.model import ROLES, STATUSES, Conversation, Recording, Turn
from convarchive.sources.ayra import normalise


def test_the_documented_payload() -> None:
    """Every documented field, as it is."""
    assert read(DOCUMENTED) == Conversation(
        source="ayra",
        id="conv_abc123xyz789",
        status="completed",
        started_at="2026-01-15T10:00:00Z",
        ended_at="2026-01-15T10:04:07Z",
        duration=247.0,
        agent_id="agent_billing",
        caller_number="+15550104477",
        language="en-US",
        summary="The caller was charged twice.",
        sentiment="negative",
        intent="refund_request",
        outcome="resolved",
        platform="vapi",
        topics=("billing", "refund"),
        keywords=("charged twice",),
        actions=("refund_issued", {"type": "email", "to": "a@example.com"}),
        follow_up_tasks=({"task": "Call back", "due": "2026-01-16"},),
        satisfaction={"score": 4},
        integrations={"zendesk": {"ticket": 4711}},
        quality={"mos": 4.2},
        network={"jitter_ms": 12},
        errors=[],
        recording=Recording("https://storage.example/r.wav?signature=1"),
        has_transcript=True,
        turns=(
            Turn(0, "agent", "agent", "How can I help?", 0.0, 1.5, 0.99),
            Turn(1, "customer", "customer", "I was charged twice.", 2.25, 4.25, 0.87),
        ),
    )


def test_only_an_id() -> None:
    """Everything else may be absent."""
    assert about() == Conversation("ayra", "conv_1")


def test_null_is_absent() -> None:
    """So may everything be null."""
    assert read(dict.fromkeys(DOCUMENTED) | {"id": "conv_1"}) == Conversation("ayra", "conv_1")


def test_unknown_fields_do_no_harm() -> None:
    """A field that nobody knows is kept in the bytes and changes nothing else."""
    extra = DOCUMENTED | {"vendor_extra": {"a": [1, {"id": "conv_other"}]}, "": None}
    assert read(extra) == read(DOCUMENTED)


@pytest.mark.parametrize(
    ("field", "name", "value", "expected"),
    [
        ("started_at", "started_at", "2026-01-15T10:00:00Z", "2026-01-15T10:00:00Z"),
        ("ended_at", "ended_at", "2026-01-15T10:00:00Z", "2026-01-15T10:00:00Z"),
        ("caller_number", "caller", "+15550104477", "+15550104477"),
        ("caller_number", "caller_phone", "+15550104477", "+15550104477"),
        ("duration", "duration_seconds", 247, 247.0),
        ("id", "call_id", "conv_2", "conv_2"),
        ("id", "conversation_id", "conv_2", "conv_2"),
        ("platform", "platform", "retell", "retell"),
    ],
)
def test_synonyms(field: str, name: str, value: Any, expected: Any) -> None:
    """A fact is found by each of the names that REST, webhooks and other vendors give it."""
    payload = {name: value} if field == "id" else {"id": "conv_1", name: value}
    assert getattr(read(payload), field) == expected


@pytest.mark.parametrize("group", ["metadata", "content", "analytics", "outcomes", "technical"])
def test_groups(group: str) -> None:
    """Facts are found in the objects that the documentation groups them by, whichever it is."""
    nested = {name: value for name, value in DOCUMENTED.items() if name not in ("id", "status")}
    flat = {"id": DOCUMENTED["id"], "status": DOCUMENTED["status"]}
    assert read({**flat, group: nested}) == read(DOCUMENTED)


def test_all_groups_at_once() -> None:
    """As the documentation's own headings would nest them."""
    found = read(
        {
            "id": "conv_1",
            "metadata": {"agent_id": "agent_1", "start_time": "2026-01-15T10:00:00Z"},
            "content": {"summary": "Short.", "transcript": [{"speaker": "agent", "text": "Hi"}]},
            "analytics": {"sentiment": "positive", "topics": ["billing"]},
            "outcomes": {"result": "transferred", "actions_taken": ["transfer"]},
            "technical": {"voice_platform": "retell", "quality_metrics": {"mos": 4}},
        }
    )
    assert (found.agent_id, found.started_at) == ("agent_1", "2026-01-15T10:00:00Z")
    assert (found.summary, found.turns[0].text) == ("Short.", "Hi")
    assert (found.sentiment, found.topics) == ("positive", ("billing",))
    assert (found.outcome, found.actions) == ("transferred", ("transfer",))
    assert (found.platform, found.quality) == ("retell", {"mos": 4})


@pytest.mark.parametrize("envelope", ["data", "conversation", None])
def test_the_envelope_of_a_detail(envelope: str | None) -> None:
    """``data`` as documented, another, or none at all."""
    body = json.dumps({envelope: DOCUMENTED} if envelope else DOCUMENTED).encode()
    assert normalise("ayra", {"detail": body}) == read(DOCUMENTED)


def test_numbers_as_texts() -> None:
    """Count as the numbers that they spell."""
    message = {"text": "Hi", "timestamp": "2.5", "duration": "1.25", "confidence": "0.5"}
    found = about(duration="247", transcript={"messages": [message]})
    assert found.duration == 247.0
    assert found.turns[0][4:] == (2.5, 3.75, 0.5)


@pytest.mark.parametrize("value", ["", "long", "NaN", "inf", True, [], {}, "1e999", 10**400])
def test_what_is_no_number(value: Any) -> None:
    """Counts as absent."""
    assert about(duration=value).duration is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((status, status) for status in STATUSES if status != "unknown"),
        ("Completed", "completed"),
        ("IN_PROGRESS", "in_progress"),
        ("in-progress", "in_progress"),
        ("in progress", "in_progress"),
        ("ended", "completed"),
        ("no_answer", "abandoned"),
        ("archived", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
    ],
)
def test_statuses(word: Any, status: str) -> None:
    """Four words in any case, their near relatives, and ``unknown`` for the rest."""
    assert about(status=word).status == status


@pytest.mark.parametrize("reason", ["busy", "no_answer", "caller_hangup"])
def test_an_abandoned_call(reason: str) -> None:
    """Has a start, perhaps a caller, the reason, and neither transcript nor recording."""
    found = about(status="abandoned", start_time="2026-01-15T10:00:00Z", abandonment_reason=reason)
    assert (found.status, found.abandonment_reason) == ("abandoned", reason)
    assert (found.recording, found.has_transcript) == (None, False)


def test_a_failed_call() -> None:
    """Has the reason, and how long it took until then."""
    found = about(status="failed", failure_reason="media_timeout", duration=3)
    assert (found.status, found.failure_reason, found.duration) == ("failed", "media_timeout", 3.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-15T10:00:00Z", "2026-01-15T10:00:00Z"),
        ("2026-01-15T10:00:00.500Z", "2026-01-15T10:00:00.5Z"),
        ("2026-01-15T10:00:00.000000Z", "2026-01-15T10:00:00Z"),
        ("2026-01-15T11:00:00+01:00", "2026-01-15T10:00:00Z"),
        ("2026-01-15T02:00:00-0800", "2026-01-15T10:00:00Z"),
        ("2026-01-15T10:00:00", "2026-01-15T10:00:00Z"),
        ("2026-01-15 10:00:00", "2026-01-15T10:00:00Z"),
        (" 2026-01-15T10:00:00Z\n", "2026-01-15T10:00:00Z"),
        ("2026-01-15", "2026-01-15T00:00:00Z"),
        (1768471200, "2026-01-15T10:00:00Z"),
        ("1768471200", "2026-01-15T10:00:00Z"),
        (1768471200.25, "2026-01-15T10:00:00.25Z"),
        (1768471200123, "2026-01-15T10:00:00.123Z"),
        ("1768471200123", "2026-01-15T10:00:00.123Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", None),
        (10**400, None),
        (1e300, None),
        ("yesterday", None),
        ("", None),
        (True, None),
        ({"seconds": 1}, None),
    ],
)
def test_times(value: Any, expected: str | None) -> None:
    """ISO 8601 with a zone or without (UTC), Unix seconds and milliseconds; the rest is absent."""
    assert about(start_time=value).started_at == expected


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone can only be set on POSIX")
def test_no_zone_is_utc_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the zone of the machine that reads it."""
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", "Asia/Tokyo")
            time.tzset()
            assert about(start_time="2026-01-15T10:00:00").started_at == "2026-01-15T10:00:00Z"
    finally:
        time.tzset()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b", "a"], ("a", "b")),
        ("a", ("a",)),
        ([{"name": "a", "score": 0.9}, {"label": "b"}], ("a", "b")),
        ([None, "", "a", 7], ("a", "7")),
        ({"unknown": 1}, ()),
        (None, ()),
    ],
)
def test_topics(value: Any, expected: tuple[str, ...]) -> None:
    """Texts, or objects with a label, each once."""
    assert about(topics=value).topics == expected


def test_a_sentiment_with_a_score() -> None:
    """Is the word, without it."""
    assert about(sentiment={"label": "negative", "score": -0.7}).sentiment == "negative"


@pytest.mark.parametrize("url", ["", None, 7, [], {}, {"url": None}])
def test_no_recording(url: Any) -> None:
    """What is no link is no recording."""
    assert about(recording_url=url).recording is None


@pytest.mark.parametrize("body", [b"null", b"7", b"[]", b'"text"', b"{}", b'{"data": null}'])
def test_what_is_no_conversation(body: bytes) -> None:
    """Is refused, whatever JSON it is."""
    with pytest.raises(UnexpectedAnswer):
        normalise("ayra", {"detail": body})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELD = st.sampled_from([*DOCUMENTED, "metadata", "analytics", "outcomes", "technical", "content"])


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(FIELD, ANYTHING),
    st.lists(
        ANYTHING
        | st.fixed_dictionaries(
            {},
            optional={
                "speaker": ANYTHING,
                "text": ANYTHING,
                "timestamp": ANYTHING,
                "end": ANYTHING,
            },
        ),
        max_size=3,
    ),
)
def test_anything_in_any_field(fields: dict[str, Any], messages: list[Any]) -> None:
    """Whatever stands in whichever field, the result is a conversation that can be stored."""
    found = read({**fields, "transcript": {"messages": messages}, "id": "conv_1"})
    assert found.id == "conv_1"
    assert found.status in STATUSES
    assert [turn.position for turn in found.turns] == list(range(len(messages)))
    assert {turn.role for turn in found.turns} <= set(ROLES)
    for text in (found.started_at, found.ended_at):
        assert text is None or text.endswith("Z")
    for turn in found.turns:
        assert turn.start is None or turn.end is None or turn.start <= turn.end
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
