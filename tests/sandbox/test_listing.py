"""The list: filters, search, order and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from convarchive.sandbox import Sandbox

if TYPE_CHECKING:
    import httpx


def test_newest_first(ids: Any) -> None:
    """Without parameters the list begins with the newest start."""
    assert ids() == "54321"


def test_equal_starts_keep_their_order(ids: Any) -> None:
    """Ascending is the exact reverse of descending, also among equal starts."""
    assert ids(sort_order="asc") == "12345"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"agent_id": "agent_booking"}, "2"),
        ({"agent_id": "agent"}, ""),
        ({"status": "completed"}, "12"),
        ({"status": "in_progress"}, "5"),
        ({"status": "failed"}, "4"),
        ({"status": "abandoned"}, "3"),
        ({"sentiment": "positive"}, "2"),
        ({"outcome": "appointment_booked"}, "2"),
        ({"topic": "appointment"}, "2"),
        ({"topic": "billing"}, "12345"),
        ({"caller": "+12025550104"}, "1235"),
        ({"min_duration": "60"}, "2"),
        ({"min_duration": "4", "max_duration": "4"}, "134"),
        ({"has_recording": "true"}, "2"),
        ({"has_recording": "false"}, "1345"),
        ({"has_transcript": "true"}, "1245"),
        ({"has_transcript": "false"}, "3"),
        ({"search": "charged TWICE"}, "4"),
        ({"search": "caller invoice"}, "124"),
        ({"search": "invoice", "status": "completed", "topic": "appointment"}, "2"),
    ],
)
def test_filters(ids: Any, parameters: dict[str, str], expected: str) -> None:
    """A filter leaves exactly the conversations that fit; several must all fit."""
    assert ids(sort_order="asc", **parameters) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01-02T10:00:00Z", "2026-01-03T10:00:00Z", "234"),
        ("2026-01-02T10:00:01Z", None, "345"),
        (None, "2026-01-03T09:59:59.999999Z", "12"),
        ("2026-01-03T11:00:00+01:00", None, "345"),
        ("2026-01-03T10:00:00", "2026-01-03T10:00:00", "34"),
        ("2026-01-02", "2026-01-03", "234"),
        (None, "2026-01-04", "12345"),
        ("2026-01-04", "2026-01-03", ""),
    ],
)
def test_dates_are_inclusive(ids: Any, since: str, until: str, expected: str) -> None:
    """Both ends belong to the window, to the microsecond; a bare date is a whole day in UTC."""
    window = {"start_date": since, "end_date": until}
    given = {name: value for name, value in window.items() if value}
    assert ids(sort_order="asc", **given) == expected


def test_by_duration(ids: Any) -> None:
    """Sorted by how long the call took; equal ones by start."""
    assert ids(sort_by="duration", sort_order="asc")[-1] == "2"
    assert ids(sort_by="duration")[0] == "2"


def test_by_sentiment(ids: Any) -> None:
    """From negative to positive; conversations without a sentiment come before."""
    assert ids(sort_by="sentiment", sort_order="asc") == "34152"


def test_pages_cover_everything_once(ids: Any) -> None:
    """Page after page gives what one large page gives."""
    assert "".join(ids(page=page, per_page=2) for page in (1, 2, 3)) == ids()


def test_envelope(client: httpx.Client) -> None:
    """Page, size and totals stand beside the data."""
    body = client.get("/v1/conversations", params={"per_page": 2, "page": 3}).json()
    assert body["pagination"] == {"page": 3, "per_page": 2, "total": 5, "total_pages": 3}
    assert len(body["data"]) == 1


def test_default_page(client: httpx.Client) -> None:
    """A page has 25 items unless it was asked for others."""
    assert client.get("/v1/conversations").json()["pagination"]["per_page"] == 25


def test_beyond_the_last_page(client: httpx.Client) -> None:
    """A page after the last one is empty, not an error."""
    body = client.get("/v1/conversations", params={"page": 9}).json()
    assert body["data"] == []
    assert body["pagination"]["total"] == 5


def test_item_is_all_but_the_transcript(client: httpx.Client) -> None:
    """The item of the list has every field of the detail except the transcript."""
    item = client.get("/v1/conversations", params={"topic": "appointment"}).json()["data"][0]
    detail = client.get(f"/v1/conversations/{item['id']}").json()["data"]
    assert set(detail) - set(item) == {"transcript"}
    assert {k: v for k, v in detail.items() if k not in ("transcript", "recording_url")} == {
        k: v for k, v in item.items() if k != "recording_url"
    }


def test_filtered_list_follows_changes(sandbox: Sandbox, own_client: httpx.Client) -> None:
    """What was selected before a change is not served after it."""

    def failed() -> list[str]:
        body = own_client.get("/v1/conversations", params={"status": "failed"}).json()
        return [item["id"] for item in body["data"]]

    assert failed() == ["conv_aaaaaaaaaaa4"]
    payload = sandbox.upstream.get("conv_aaaaaaaaaaa1")
    assert payload is not None
    sandbox.upstream.put({**payload, "status": "failed"})
    assert failed() == ["conv_aaaaaaaaaaa4", "conv_aaaaaaaaaaa1"]


@pytest.mark.parametrize(
    ("parameter", "value", "status"),
    [
        ("page", "one", 400),
        ("page", "0", 422),
        ("per_page", "101", 422),
        ("per_page", "-1", 422),
        ("per_page", "", 400),
        ("status", "finished", 422),
        ("sentiment", "happy", 422),
        ("sort_by", "updated_at", 422),
        ("sort_order", "up", 422),
        ("caller", " 12025550104", 400),
        ("min_duration", "long", 400),
        ("min_duration", "nan", 422),
        ("max_duration", "-1", 422),
        ("start_date", "yesterday", 400),
        ("end_date", "2026-02-30", 400),
        ("has_recording", "maybe", 400),
    ],
)
def test_bad_values(client: httpx.Client, parameter: str, value: str, status: int) -> None:
    """What cannot be read is answered with 400, what is out of range with 422, naming it."""
    answer = client.get("/v1/conversations", params={parameter: value})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["details"]["parameter"] == parameter
    assert error["details"]["value"] == value


def test_durations_the_wrong_way_round(client: httpx.Client) -> None:
    """A least duration above the greatest is refused."""
    given = {"min_duration": "5", "max_duration": "4"}
    assert client.get("/v1/conversations", params=given).status_code == 422
