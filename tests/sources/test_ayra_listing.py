"""Ayra's list: its envelopes, its items, and what is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sources.script import Reply, Script, reply

from convarchive.errors import UnexpectedAnswer
from convarchive.sources.ayra import PER_PAGE, Ayra
from convarchive.sources.base import Listed, Page

LIST = "/v1/conversations"


def items(count: int) -> list[dict[str, Any]]:
    """So many summaries, one a minute."""
    return [
        {"id": f"conv_{at:03}", "status": "completed", "start_time": f"2026-01-01T00:{at % 60:02}"}
        for at in range(count)
    ]


def page(script: Script, ayra: Ayra, answer: Any, number: int = 1) -> Page:
    """What the source makes of this answer."""
    script.on(LIST, answer if isinstance(answer, Reply) else reply(answer))
    return ayra.list(since=None, until=None, page=number)


def listed(script: Script, ayra: Ayra, item: Any) -> Listed:
    """What the source makes of this item."""
    (found,) = page(script, ayra, {"data": [item]}).items
    return found


def test_what_is_asked_for(script: Script, ayra: Ayra) -> None:
    """Oldest first, as many a page as there may be, both ends, the status; nothing that is None."""
    script.on(LIST, reply({"data": []}))
    ayra.list(since="2026-01-01T00:00:00Z", until="2026-02-01T00:00:00Z", page=3, status="failed")
    ayra.list(since=None, until=None, page=1)
    assert script.asked[0].query == {
        "page": "3",
        "per_page": "100",
        "sort_by": "start_time",
        "sort_order": "asc",
        "start_date": "2026-01-01T00:00:00Z",
        "end_date": "2026-02-01T00:00:00Z",
        "status": "failed",
    }
    assert {"start_date", "end_date", "status"}.isdisjoint(script.asked[1].query)


def test_the_key_is_a_bearer_token(script: Script, ayra: Ayra) -> None:
    """In the header that the documentation names, with a user agent that says who asks."""
    page(script, ayra, {"data": []})
    headers = script.asked[0].headers
    assert headers["Authorization"] == "Bearer sk_test_7fJq0Zt4Wm9RbXc2"
    assert headers["User-Agent"].startswith("convarchive/")


@pytest.mark.parametrize(
    "envelope",
    [
        lambda found: {"data": found, "pagination": {"page": 1, "total": 2, "total_pages": 1}},
        lambda found: {"data": found, "meta": {"page": 1, "per_page": 100, "total": 2}},
        lambda found: {"data": found, "pagination": None},
        lambda found: {"data": found},
        lambda found: found,
        lambda found: {"data": {"conversations": found}},
        lambda found: {"data": {"items": found}},
    ],
)
def test_envelopes(script: Script, ayra: Ayra, envelope: Any) -> None:
    """With ``pagination`` or ``meta``, without either, and a bare array."""
    found = page(script, ayra, envelope(items(2)))
    assert [item.id for item in found.items] == ["conv_000", "conv_001"]
    assert not found.full


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": 7}, "text", None, {"data": {}}])
def test_what_is_no_list(script: Script, ayra: Ayra, answer: Any) -> None:
    """Is refused: an empty list would look as if everything had been deleted."""
    with pytest.raises(UnexpectedAnswer):
        page(script, ayra, answer)


@pytest.mark.parametrize(
    ("count", "figures", "full"),
    [
        (PER_PAGE, None, True),
        (PER_PAGE - 1, None, False),
        (0, None, False),
        (PER_PAGE, {"total": 101, "total_pages": 2}, True),
        (1, {"total": 101, "total_pages": 2}, True),
        (25, {"per_page": 25}, True),
        (24, {"per_page": 25}, False),
        (25, {"per_page": "25", "total": "26"}, True),
        (1, {"total": "1"}, False),
        (0, {"total": 500, "total_pages": 5}, False),
        (PER_PAGE, {"total": 0, "total_pages": 0}, True),
        (PER_PAGE, {"total": "many"}, True),
        (3, {"per_page": 0}, False),
        (3, {"per_page": None, "total": None}, False),
    ],
)
def test_whether_more_follow(
    script: Script, ayra: Ayra, count: int, figures: dict[str, Any] | None, full: bool
) -> None:
    """By the figures where there are some, which may ask for more but never end a full page; else
    by whether the page is full; never after an empty one."""
    answer: dict[str, Any] = {"data": items(count)}
    if figures is not None:
        answer["pagination"] = figures
    assert page(script, ayra, answer).full is full


def test_the_last_page_of_several(script: Script, ayra: Ayra) -> None:
    """Is known by its number."""
    answer = {"data": items(1), "pagination": {"per_page": 25, "total": 26, "total_pages": 2}}
    assert page(script, ayra, answer, number=1).full
    assert not page(script, ayra, answer, number=2).full


@pytest.mark.parametrize("total", [7, "7", 7.0])
def test_the_total(script: Script, ayra: Ayra, total: Any) -> None:
    """Is passed on where the vendor says it."""
    assert page(script, ayra, {"data": items(1), "meta": {"total": total}}).total == 7
    assert page(script, ayra, {"data": items(1)}).total is None


@pytest.mark.parametrize("item", [{"id": "conv_1"}, "conv_1", {"id": "conv_1", "status": None}])
def test_items_that_are_only_an_id(script: Script, ayra: Ayra, item: Any) -> None:
    """Tell too little to know whether the conversation has changed."""
    assert listed(script, ayra, item) == Listed("conv_1", None, "unknown", None)


def test_items_that_are_complete(script: Script, ayra: Ayra) -> None:
    """May carry the whole transcript; a word that changes in it changes the fingerprint."""
    item = {**items(1)[0], "transcript": {"messages": [{"speaker": "agent", "text": "Hello"}]}}
    first = listed(script, ayra, item)
    assert (first.id, first.started_at) == ("conv_000", "2026-01-01T00:00:00Z")
    item["transcript"]["messages"][0]["text"] = "Hullo"
    assert listed(script, ayra, item).fingerprint != first.fingerprint


def test_synonyms_in_items(script: Script, ayra: Ayra) -> None:
    """Names and groups are as uncertain as in the detail."""
    item = {"call_id": 17, "metadata": {"started_at": 1768471200000, "call_status": "Ended"}}
    found = listed(script, ayra, item)
    assert (found.id, found.started_at, found.status) == (
        "17",
        "2026-01-15T10:00:00Z",
        "completed",
    )
    assert found.fingerprint is not None


def test_volatile_links_in_items(script: Script, ayra: Ayra) -> None:
    """A link signed anew is no change; a link that was not there before is one."""
    first, again, without = (
        listed(script, ayra, {**items(1)[0], "recording_url": url, "url_expires_at": expiry})
        for url, expiry in (("https://a/?sig=1", 1), ("https://a/?sig=2", 2), (None, 3))
    )
    assert first.fingerprint == again.fingerprint != without.fingerprint


@pytest.mark.parametrize("item", [None, 7, [], {}, {"status": "completed"}, {"id": None}, ""])
def test_items_without_an_id(script: Script, ayra: Ayra, item: Any) -> None:
    """Are kept aside as they came, and cost none of the others."""
    found = page(script, ayra, {"data": [items(1)[0], item]})
    assert [one.id for one in found.items] == ["conv_000"]
    assert len(found.unreadable) == 1


def test_an_item_beyond_measure(script: Script, ayra: Ayra) -> None:
    """One nested absurdly deep, or with a number of any length, is listed like the others."""
    deep = b'{"id": "conv_1", "status": "completed", "x": ' + b"[" * 400 + b"]" * 400 + b"}"
    huge = b'{"id": "conv_2", "status": "completed", "x": ' + b"9" * 9000 + b"}"
    found = page(script, ayra, Reply(b'{"data": [' + deep + b"," + huge + b"]}"))
    assert [item.id for item in found.items] == ["conv_1", "conv_2"]
    assert found.items[0].fingerprint is None


def test_the_same_id_twice(script: Script, ayra: Ayra) -> None:
    """Is passed on as it came; whoever walks the list drops the second."""
    found = page(script, ayra, {"data": items(1) * 2})
    assert [item.id for item in found.items] == ["conv_000"] * 2
