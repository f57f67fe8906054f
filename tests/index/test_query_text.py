"""What is found for words, phrases, beginnings, slips, operators and who said it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from convarchive import Archive
from convarchive.errors import QueryError

Ids = Callable[..., set[str]]


@pytest.fixture(scope="module")
def archive(shelve, call) -> Archive:
    """A few calls about money."""
    return shelve(
        call(
            "twice",
            "agent: How can I help?",
            "customer: I was charged twice for the same order.",
            "agent: I will refund it; your invoice is corrected.",
            summary="A double charge; the supervisor has approved the refund.",
        ),
        call("apart", "customer: You charged", "customer: twice", "agent: Sorry about that."),
        call("between", "customer: You charged my card exactly twice this week."),
        call("swapped", "customer: Twice charged, never again!", "agent: I see no refund here."),
        call("forms", "customer: Are refunds taxed?", "agent: We refunded the invoices already."),
        call("chargeback", "customer: I want a chargeback", "agent: A charge-back takes a week."),
        call("machine", "other: You have reached the voicemail of Jane O'Brien.", language="en"),
        call("slip", "customer: I ask for a refnud and a rfnd, please don't hang up at 07:30"),
        call("silent", status="failed"),
    )


EVERYTHING = {
    "twice", "apart", "between", "swapped", "forms", "chargeback", "machine", "slip", "silent",
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("refund", "twice swapped forms"),
        ("refunds", "twice swapped forms"),
        ("REFUNDED", "twice swapped forms"),
        ("refund invoice", "twice forms"),
        ("charged twice", "twice apart between swapped"),
        ("supervisor refund", "twice"),
        ("supervisor", "twice"),
        ("don't", "slip"),
        ("dont", ""),
        ("o'brien", "machine"),
        ("O’Brien", "machine"),
        ("07:30", "slip"),
        ("nowhere", ""),
    ],
)
def test_words(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """All words, in any form, in any turn or the summary."""
    assert ids(archive, query) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('"charged twice"', "twice"),
        ('"Charge twice!"', "twice"),
        ('"twice charged"', "swapped"),
        ('"charged"', "twice apart between swapped chargeback"),
        ('"charged twice for the same order"', "twice"),
        ('"charged twice"~2', "twice"),
        ('"charged twice"~3', "twice between"),
        ('"charged exactly twice"~2', "between"),
        ('"charged exactly twice"~1', ""),
        ('"charged"~3', "twice apart between swapped chargeback"),
        ('"double charge"', "twice"),
        ('"refund it your invoice"', "twice"),
        ("charge-back", "chargeback"),
        ('"order how"', ""),
    ],
)
def test_phrases(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """Words side by side and in order within one turn, with as many between as are allowed."""
    assert ids(archive, query) == set(expected.split())


@pytest.mark.parametrize("slop", ["", "~1", "~3", "~20"])
def test_phrases_end_with_their_turn(archive: Archive, ids: Ids, slop: str) -> None:
    """However many words may stand between, a phrase does not go on in the next turn."""
    assert "apart" not in ids(archive, f'"charged twice"{slop}')


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("refund OR chargeback", "twice swapped forms chargeback"),
        ("refund AND invoice", "twice forms"),
        ("refund -invoice", "swapped"),
        ("-invoice refund", "swapped"),
        ("refund NOT invoice", "swapped"),
        ("NOT invoice AND refund", "swapped"),
        ("refund AND NOT invoice", "swapped"),
        ("refund OR chargeback voicemail", "twice swapped forms"),
        ("(refund OR chargeback) week", "chargeback"),
        ("refund -(invoice OR sorry)", "swapped"),
        ("refund --invoice", "twice forms"),
        ("refund (invoice (NOT taxed))", "twice"),
        ('-"charged twice" charged', "apart between swapped chargeback"),
        ('-"charged twice"~3 charged', "apart swapped chargeback"),
        ("voicemail OR -(charged OR refund OR week)", "machine slip silent"),
        ("invoice OR -refund", "twice forms apart between chargeback machine slip silent"),
    ],
)
def test_operators(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """NOT binds tightest, then AND, then OR; no clause is lost, wherever it stands."""
    assert ids(archive, query) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("-refund", "twice swapped forms"),
        ("NOT voicemail", "machine"),
        ("-refund -charged", "twice swapped forms apart between chargeback"),
        ("-(refund charged)", "twice swapped"),
        ("-refund OR -charged", "twice swapped"),
        ("-nowhere", ""),
        ("* -voicemail", "machine"),
        ("*", ""),
        ("", ""),
    ],
)
def test_only_negatives(archive: Archive, ids: Ids, query: str, missing: str) -> None:
    """What only says what must be absent finds all the rest."""
    assert ids(archive, query) == EVERYTHING - set(missing.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("refund*", "twice swapped forms"),
        ("REF*", "twice swapped forms slip"),
        ("charge*", "twice apart between swapped chargeback"),
        ("chargeb*", "chargeback"),
        ("x*", ""),
        ("don't*", "slip"),
        ("o'bri*", "machine"),
        ("charge-ba*", "chargeback"),
        ("refnd~", "slip twice swapped"),
        ("refund~", "twice swapped forms slip"),
        ("Refnd~2", "twice swapped forms slip"),
        ("refundd~", "twice swapped forms"),
        ("voicemial~", "machine"),
        ("vxicemxil~", ""),
        ("vxicemxil~2", "machine"),
    ],
)
def test_beginnings_and_slips(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """Words that begin so; words a letter added, dropped, changed or two swapped away."""
    assert ids(archive, query) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("customer:refund", "forms"),
        ("agent-said:refund", "twice swapped forms"),
        ("customer:taxed agent-said:refund", "forms"),
        ("summary:refund", "twice"),
        ("summary:order", ""),
        ('customer:"charged twice"', "twice"),
        ('agent-said:"charged twice"', ""),
        ('customer:"charged twice"~3', "twice between"),
        ('summary:"double charge"', "twice"),
        ('customer:("charge back" OR refund)', "forms"),
        ('agent-said:("charge back" OR refund)', "twice swapped forms chargeback"),
        ("customer:(charged twice)", "twice apart between swapped"),
        ("customer:(charged -twice)", ""),
        ("agent-said:(refund -invoice)", "swapped"),
        ("refund -customer:refund", "twice swapped"),
        ("customer:char*", "twice apart between swapped chargeback"),
        ("agent-said:char*", "chargeback"),
        ("agent-said:refnd~", "twice swapped"),
        ("customer:voicemail", ""),
        ("agent-said:voicemail", ""),
        ("voicemail", "machine"),
    ],
)
def test_who_said_it(archive: Archive, ids: Ids, query: str, expected: str) -> None:
    """A scope is one side's turns, or the summary; others' turns are found without one."""
    assert ids(archive, query) == set(expected.split())


@pytest.mark.parametrize("query", ["!?", '"…"', "😀", '"…"~3', "'*", "-😀", "customer:😀"])
def test_nothing_to_find(archive: Archive, query: str) -> None:
    """A word without a letter or digit is an error, and is not left out of the query."""
    with pytest.raises(QueryError, match="nothing to search for"):
        archive.search(f"refund {query}")
