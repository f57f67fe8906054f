"""What changes at the vendor after it was stored, and when it is noticed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sync.vendor import dump, moment, payload

from convarchive import Archive
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options
from convarchive.sync.report import SourceReport

Put = Callable[..., None]


def sync(archive: Archive, **options: Any) -> SourceReport:
    """One sync of the only source."""
    (report,) = archive.sync((), Options(**options)).sources
    assert report.error is None
    return report


@pytest.fixture
def put(account: Sandbox) -> Put:
    """Adds a conversation to the account, or changes it."""

    def put(identifier: str, started_at: str | None = None, **fields: Any) -> None:
        account.upstream.put(payload(identifier, started_at, **fields))

    return put


def test_a_change_is_a_revision(mirrored: Archive, put: Put) -> None:
    """The newest state is shown, the one before can be."""
    put("conv_1")
    put("conv_2")
    sync(mirrored)
    put("conv_1", summary="Refunded.")
    report = sync(mirrored)
    assert (report.fetched, report.new, report.changed, report.unchanged) == (1, 0, 1, 1)
    assert mirrored.show("conv_1").summary == "Refunded."
    assert mirrored.show("conv_1").revision == 2
    assert mirrored.show("conv_1", revision=1).summary == "They said who they are."
    assert mirrored.show("conv_2").revision == 1


def test_a_new_link_is_no_revision(mirrored: Archive, account: Sandbox, put: Put) -> None:
    """The vendor signs anew for every answer; even everything fetched again changes nothing."""
    account.recordings.add("a.wav", b"RIFF")
    put("conv_1", recording="a.wav")
    sync(mirrored)
    put("conv_1", recording="a.wav", keywords=["new"])
    sync(mirrored)
    put("conv_1", recording="a.wav")
    assert sync(mirrored).changed == 1
    account.requests.clear()
    before = dump(mirrored._connection())
    sync(mirrored, full=True)
    assert account.requests["detail"] == 0
    assert dump(mirrored._connection()) == before


def test_a_late_arrival(mirrored: Archive, put: Put) -> None:
    """With a start within the look-back of three days is found by the next sync."""
    put("conv_new", moment())
    sync(mirrored)
    put("conv_late", moment(days=-2.9))
    put("conv_too_late", moment(days=-3.1))
    assert sync(mirrored).new == 1
    assert [found.id for found in mirrored.list("", limit=0)] == ["conv_new", "conv_late"]
    assert sync(mirrored, full=True).new == 1
    assert mirrored.show("conv_too_late").revision == 1


def test_a_longer_look_back(mirrored: Archive, put: Put) -> None:
    """Finds what is older."""
    put("conv_new", moment())
    sync(mirrored)
    put("conv_late", moment(days=-20))
    assert sync(mirrored).new == 0
    assert sync(mirrored, look_back=timedelta(days=21)).new == 1


def test_a_change_of_long_ago(mirrored: Archive, put: Put) -> None:
    """Is found by ``full``, which asks for nothing but what has changed."""
    for day in range(10):
        put(f"conv_{day}", moment(days=day))
    sync(mirrored)
    put("conv_0", moment(), summary="Refunded.")
    assert sync(mirrored).changed == 0
    report = sync(mirrored, full=True)
    assert (report.listed, report.fetched, report.changed) == (10, 1, 1)


def test_many_that_start_at_once(mirrored: Archive, account: Sandbox, put: Put) -> None:
    """More than two pages of them, with others around: each is stored once."""
    put("conv_before", moment(seconds=-1))
    for number in range(230):
        put(f"conv_{number:03}", moment())
    put("conv_after", moment(seconds=1))
    report = sync(mirrored)
    assert (report.complete, report.new) == (True, 232)
    account.requests.clear()
    assert sync(mirrored).unchanged == 232
    assert account.requests["detail"] == 0


def test_a_call_in_progress(mirrored: Archive, put: Put) -> None:
    """Is stored as it is, is pending, and becomes what it will be."""
    put("conv_1", status="in_progress", summary=None, transcript=None)
    report = sync(mirrored)
    assert (report.pending, report.complete) == (1, True)
    assert mirrored.show("conv_1").status == "in_progress"
    put("conv_1")
    report = sync(mirrored)
    assert (report.changed, report.pending) == (1, 0)
    assert mirrored.show("conv_1").status == "completed"
    assert len(mirrored.show("conv_1").turns) == 2
    assert mirrored.show("conv_1", revision=1).status == "in_progress"


def test_a_call_in_progress_for_days(mirrored: Archive, account: Sandbox, put: Put) -> None:
    """Is looked at again although its start is out of the look-back, and as long as it goes on
    that costs one request for all such calls together."""
    for number in range(3):
        put(f"conv_{number}", moment(days=-10), status="in_progress")
    put("conv_new", moment())
    sync(mirrored)
    account.requests.clear()
    assert sync(mirrored).pending == 3
    assert account.requests == {"list": 2}
    put("conv_1", moment(days=-10))
    report = sync(mirrored)
    assert (report.changed, report.pending) == (1, 2)
    assert mirrored.show("conv_1").status == "completed"


def test_a_transcript_that_comes_later(mirrored: Archive, account: Sandbox, put: Put) -> None:
    """The list says nothing about it, so the conversation is asked for again until it has one."""
    put("conv_1", moment(days=-10), transcript=None)
    put("conv_new", moment())
    assert sync(mirrored).pending == 1
    assert not mirrored.show("conv_1").has_transcript
    put("conv_1", moment(days=-10))
    report = sync(mirrored)
    assert (report.changed, report.pending) == (1, 0)
    assert len(mirrored.show("conv_1").turns) == 2
    account.requests.clear()
    sync(mirrored)
    assert account.requests["detail"] == 0


def test_a_transcript_that_never_comes(mirrored: Archive, account: Sandbox, put: Put) -> None:
    """Is asked for less and less often: not by the third sync within a minute."""
    put("conv_1", transcript=None)
    details = []
    for _ in range(4):
        account.requests.clear()
        assert sync(mirrored).pending == 1
        details.append(account.requests["detail"])
    assert details == [1, 1, 0, 0]
    assert mirrored.show("conv_1").revision == 1


@pytest.mark.parametrize("status", ["failed", "abandoned"])
def test_a_call_that_never_had_a_transcript(mirrored: Archive, put: Put, status: str) -> None:
    """Is not waited for."""
    put("conv_1", status=status, transcript=None)
    assert sync(mirrored).pending == 0


def test_a_start_that_is_corrected(mirrored: Archive, put: Put) -> None:
    """Is a change like any other, and no deletion."""
    put("conv_1", moment(days=-2))
    put("conv_2", moment())
    sync(mirrored)
    put("conv_1", moment(days=-9))
    report = sync(mirrored)
    assert report.deleted_at_source == 0
    assert report.changed == 1
    assert mirrored.show("conv_1").started_at == moment(days=-9)


def test_a_call_from_the_future(mirrored: Archive, put: Put) -> None:
    """Does not hide those that are listed after it: a wrong clock is not the end of the mirror."""
    put("conv_2099", "2099-01-01T00:00:00Z")
    put("conv_1", moment())
    assert sync(mirrored).new == 2
    put("conv_2", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    put("conv_3", "2098-01-01T00:00:00Z")
    report = sync(mirrored)
    assert report.complete
    assert {found.id for found in mirrored.list("", limit=0)} == {
        "conv_2099", "conv_1", "conv_2", "conv_3",
    }  # fmt: skip


def test_a_call_from_before_time(mirrored: Archive, put: Put) -> None:
    """The year 1, which programs mean by no time at all, is a start like any other."""
    put("conv_1", "0001-01-01T00:00:00Z")
    assert sync(mirrored).new == 1
    put("conv_2", moment())
    assert sync(mirrored).new == 1
    assert sync(mirrored).complete
