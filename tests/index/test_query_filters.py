"""What is found by facts about the call: fields, dates, lengths, and what there is of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone

import pytest

from convarchive import Archive
from convarchive.model import Conversation, Recording

Ids = Callable[..., set[str]]


@pytest.fixture(scope="module")
def billing(call) -> Conversation:
    """A call with a value in every field."""
    return call(
        "conv_8f2kq1",
        *("customer: twice", "agent: Let me look."),
        started_at="2026-01-15T10:42:00Z",
        duration=247.5,
        agent_id="agent_Billing",
        caller_number="+15550104477",
        language="en-GB",
        summary="Charged twice.",
        sentiment="negative",
        intent="dispute_charge",
        outcome="resolved",
        platform="vapi",
        topics=("billing", "Partial Refund"),
        keywords=("RF-30912", "autopay"),
        recording=Recording(url="https://files.example/1"),
    )


@pytest.fixture(scope="module")
def archive(shelve, store, catch_up, call, billing: Conversation) -> Archive:
    """Calls that differ in every field."""
    london = call(
        "conv_1mmzt0",
        *(f"customer: line {at}" for at in range(21)),
        started_at="2026-01-31T23:59:59.999999Z",
        duration=300,
        agent_id="agent_support",
        caller_number="+442079460991",
        language="pt_BR",
        sentiment="positive",
        outcome="transferred",
        platform="retell",
        topics=("billing",),
    )
    failed = call(
        "CONV_UPPER",
        status="failed",
        started_at="2026-02-01T00:00:00Z",
        duration=300.001,
        caller_number="+15550104478",
        language="de",
        failure_reason="telephony",
    )
    running = call("conv_now", "agent: Hello", status="in_progress", started_at="2026-03-31T23:00Z")
    unsent = call("conv_late", started_at="2026-04-01T00:00:00Z", duration=0)
    nobody = call("conv_nobody", source="retell", status="abandoned", caller_number="anonymous")
    archive = shelve(
        billing,
        *(london, failed, running, unsent),
        nobody._replace(started_at=None),
        call("conv_gone", "customer: bye", deleted_at_source="2026-05-01T00:00:00Z", duration=30),
    )
    store(archive, billing._replace(summary="Charged twice; refunded."))
    catch_up(archive)
    return archive


EVERYTHING = {"8f2kq1", "1mmzt0", "UPPER", "now", "late", "nobody", "gone"}


def short(found: set[str]) -> set[str]:
    """The ids without what they all begin with."""
    return {name.partition("_")[2] for name in found}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("id:conv_8f2kq1", "8f2kq1"),
        ("id:CONV_8F2KQ1", "8f2kq1"),
        ("id:conv_upper", "UPPER"),
        ("id:conv_8f2", ""),
        ("id:conv_8f2*", "8f2kq1"),
        ("id:8f2kq1", ""),
        ("source:retell", "nobody"),
        ("source:RETELL", "nobody"),
        ("agent:agent_billing", "8f2kq1"),
        ("agent:AGENT_*", "8f2kq1 1mmzt0"),
        ("status:failed", "UPPER"),
        ("status:(failed OR abandoned)", "UPPER nobody"),
        ("status:in_progress", "now"),
        ("outcome:resolved", "8f2kq1"),
        ("outcome:(resolved OR transferred)", "8f2kq1 1mmzt0"),
        ("sentiment:negative", "8f2kq1"),
        ("sentiment:mixed", ""),
        ("intent:dispute_charge", "8f2kq1"),
        ("topic:billing", "8f2kq1 1mmzt0"),
        ('topic:"partial refund"', "8f2kq1"),
        ("topic:partial", ""),
        ("topic:partial*", "8f2kq1"),
        ("keyword:rf-30912", "8f2kq1"),
        ("keyword:(autopay OR none)", "8f2kq1"),
        ("language:en", "8f2kq1"),
        ("language:en-gb", "8f2kq1"),
        ("language:en-US", ""),
        ("language:pt_BR", "1mmzt0"),
        ("language:pt-br", "1mmzt0"),
        ("language:pt", "1mmzt0"),
        ("platform:VAPI", "8f2kq1"),
        ("platform:(vapi OR retell)", "8f2kq1 1mmzt0"),
    ],
)
def test_exact_fields(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """The whole value in any case, or its beginning with a star; a language with its regions."""
    assert short(ids(archive, query)) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("caller:+15550104477", "8f2kq1"),
        ("caller:15550104477", "8f2kq1"),
        ("caller:5550104477", "8f2kq1"),
        ("caller:0104477", "8f2kq1"),
        ('caller:"(555) 010-4477"', "8f2kq1"),
        ("caller:(555) 010-4477", "8f2kq1"),
        ("caller:+1 (555) 010-4477", "8f2kq1"),
        ("caller:555.010.4477", "8f2kq1"),
        ("caller:0015550104477", "8f2kq1"),
        ("caller:+1555*", "8f2kq1 UPPER"),
        ("caller:+1 (555)*", "8f2kq1 UPPER"),
        ("caller:1555*", "8f2kq1 UPPER"),
        ("caller:001555*", "8f2kq1 UPPER"),
        ("caller:+442079460991", "1mmzt0"),
        ("caller:020 7946 0991", "1mmzt0"),
        ("caller:+44 (0)20 7946 0991", "1mmzt0"),
        ('caller:"0044 20 7946 0991"', "1mmzt0"),
        ("caller:anonymous", "nobody"),
        ("caller:Anon*", "nobody"),
        ("caller:+5550104477", ""),
        ("caller:104477", ""),
        ("caller:550104", ""),
        ("caller:(+15550104477 OR +442079460991)", "8f2kq1 1mmzt0"),
        ("-caller:+15550104477 caller:+1555*", "UPPER"),
    ],
)
def test_callers(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """A phone number in any writing, with or without the country, is the same number."""
    assert short(ids(archive, query)) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("since:2026-02", "UPPER now late"),
        ("since:2026-02-01", "UPPER now late"),
        ("since:2026-01-31T23:59:59.999999Z", "1mmzt0 UPPER now late"),
        ("until:2026-02", "8f2kq1 1mmzt0 gone"),
        ("until:2026-01-31T23:59:59.999999Z", "8f2kq1 gone"),
        ("until:2026-02-01T00:00:00.000001Z", "8f2kq1 1mmzt0 gone UPPER"),
        ("on:2026-01-15", "8f2kq1 gone"),
        ("date:2026-01", "8f2kq1 1mmzt0 gone"),
        ("date:2026-01..2026-03", "8f2kq1 1mmzt0 gone UPPER now"),
        ("date:2026-01..<2026-02", "8f2kq1 1mmzt0 gone"),
        ("date:>2026-01", "UPPER now late"),
        ("date:2026", "8f2kq1 1mmzt0 gone UPPER now late"),
        ("date:2026-02-01T00:00:00Z", "UPPER"),
        ("since:2026-02 until:2026-03", "UPPER"),
        ("since:2026-03 until:2026-02", ""),
        ("until:1h", "8f2kq1 1mmzt0 gone UPPER now late"),
        ("since:1h", ""),
        ("-since:2026-02", "8f2kq1 1mmzt0 gone nobody"),
    ],
)
def test_dates(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """``since`` inclusive, ``until`` exclusive; a call without a start is in no period."""
    archive.zone = timezone.utc  # noqa: UP017
    assert short(ids(archive, query)) == set(expected.split())


def test_dates_of_the_user(archive: Archive, ids: Ids) -> None:
    """A date without a zone is a day where the user is."""
    archive.zone = timezone(timedelta(hours=1))
    assert short(ids(archive, "date:2026-02")) == {"1mmzt0", "UPPER"}
    assert short(ids(archive, "on:2026-04-01")) == {"now", "late"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("duration:>5m", "UPPER"),
        ("duration:>=5m", "1mmzt0 UPPER"),
        ("duration:>300", "UPPER"),
        ("duration:<5m", "8f2kq1 gone late"),
        ("duration:<=5m", "8f2kq1 gone late 1mmzt0"),
        ("duration:30s..2m", "gone"),
        ("duration:>30s..5m", "8f2kq1 1mmzt0"),
        ("duration:30s..<5m", "gone 8f2kq1"),
        ("duration:..30s", "gone late"),
        ("duration:4m", "8f2kq1"),
        ("duration:4:07", "8f2kq1"),
        ("duration:247.5", "8f2kq1"),
        ("duration:247.4", ""),
        ("duration:>999999999", ""),
        ("-duration:>=0", "now nobody"),
        ("turns:21", "1mmzt0"),
        ("turns:>20", "1mmzt0"),
        ("turns:>21", ""),
        ("turns:2..21", "8f2kq1 1mmzt0"),
        ("turns:<2", "UPPER now late nobody gone"),
        ("turns:0", "UPPER late nobody"),
    ],
)
def test_lengths(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """Durations to the millisecond, turns by number; what is not known is in no range."""
    assert short(ids(archive, query)) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("has:recording", "8f2kq1"),
        ("has:transcript", "8f2kq1 1mmzt0 now gone"),
        ("has:summary", "8f2kq1"),
        ("is:deleted", "gone"),
        ("is:pending", "now late"),
        ("is:changed", "8f2kq1"),
        ("is:held", ""),
        ("has:(recording OR summary)", "8f2kq1"),
        ("has:transcript -has:recording -is:deleted", "1mmzt0 now"),
    ],
)
def test_flags(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """What there is of a call, and what has become of it."""
    assert short(ids(archive, query)) == set(expected.split())


def test_what_is_held(shelve, call, ids: Ids) -> None:
    """What an active hold protects, at once when it is placed and when it is released; what two
    holds protect is held until both are."""
    archive = shelve(*(call(f"conv_{name}", "customer: hello") for name in "abc"))
    archive.place_hold("one", ids=["conv_a", "conv_b"], reason="r")
    archive.place_hold("two", ids=["conv_b"], reason="r")
    assert ids(archive, "is:held") == {"conv_a", "conv_b"}
    assert ids(archive, "-is:held") == {"conv_c"}
    assert ids(archive, "hello is:held id:conv_a") == {"conv_a"}
    archive.release_hold("one", reason="r")
    assert ids(archive, "is:held") == {"conv_b"}
    archive.release_hold("two", reason="r")
    assert ids(archive, "is:held") == set()


def test_many_are_held(shelve, call, ids: Ids) -> None:
    """More than a statement or a clause of the engine can have are found and counted."""
    archive = shelve(*(call(f"conv_{at}") for at in range(2_000)))
    archive.place_hold("all", query="*", reason="r")
    assert archive.count("is:held") == 2_000
    assert archive.count("-is:held") == 0


def test_deleted_calls_are_found(archive: Archive, ids: Ids) -> None:
    """What the vendor has deleted is found by its words as before."""
    assert short(ids(archive, "bye")) == {"gone"}
    assert short(ids(archive, "bye -is:deleted")) == set()


def test_what_is_deleted_is_not_pending(shelve, call, ids: Ids) -> None:
    """A call that the vendor deleted while it was in progress will never be finished."""
    running = call("conv_running", "agent: Hello", status="in_progress")
    lost = running._replace(id="conv_lost", deleted_at_source="2026-05-01T00:00:00Z")
    assert ids(shelve(running, lost), "is:pending") == {"conv_running"}


@pytest.mark.parametrize("query", ["status:failed", "caller:+1555*", "turns:0", "has:recording"])
def test_filters_can_be_turned_around(archive: Archive, ids: Ids, query: str) -> None:
    """A filter and its negation part all conversations in two."""
    found, rest = short(ids(archive, query)), short(ids(archive, f"-{query}"))
    assert found
    assert found | rest == EVERYTHING
    assert not found & rest


def test_words_and_filters_mix(archive: Archive, ids: Ids) -> None:
    """Filters stand beside words in any operator."""
    assert short(ids(archive, "twice topic:billing")) == {"8f2kq1"}
    assert short(ids(archive, "twice OR status:failed")) == {"8f2kq1", "UPPER"}
    assert short(ids(archive, "(twice OR line) duration:>=5m")) == {"1mmzt0"}
