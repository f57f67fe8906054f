"""What is gone at the vendor is marked and kept; what looks like an outage is not believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.sync.vendor import Listener, Shelf, dump, moment, payload, rising

from convarchive import Archive
from convarchive.errors import VendorError
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options
from convarchive.sync.report import SourceReport


def sync(archive: Archive, **options: Any) -> SourceReport:
    """One sync of the only source."""
    (report,) = archive.sync((), Options(**options)).sources
    return report


@pytest.fixture
def filled(mirrored: Archive, account: Sandbox) -> Archive:
    """A mirror of thirty conversations, the last of them at noon."""
    for number in range(30):
        account.upstream.put(payload(f"conv_{number:02}", moment(minutes=number - 29)))
    assert sync(mirrored).complete
    return mirrored


def marked(archive: Archive) -> list[str]:
    """The ids of what is marked as deleted."""
    return sorted(found.id for found in archive.list("is:deleted", limit=0))


def test_a_deletion(filled: Archive, account: Sandbox) -> None:
    """Is marked with the time, and nothing of the conversation is lost; it can still be found."""
    before = filled.show("conv_07")
    account.upstream.remove("conv_07")
    report = sync(filled)
    assert (report.deleted_at_source, report.complete, report.error) == (1, True, None)
    after = filled.show("conv_07")
    assert after.deleted_at_source is not None
    assert after._replace(deleted_at_source=None) == before
    assert marked(filled) == ["conv_07"]
    assert len(filled.documents(filled.find("conv_07"))) == 1
    assert filled.search("conv_07").total == 1


def test_it_is_noticed_once(filled: Archive, account: Sandbox) -> None:
    """The next sync asks for nothing and writes nothing."""
    account.upstream.remove("conv_07")
    sync(filled)
    account.requests.clear()
    before = dump(filled._connection())
    filled.close()
    assert sync(filled).deleted_at_source == 0
    assert account.requests == {"list": 1}
    assert dump(filled._connection()) == before


def test_what_comes_back_is_not_deleted(filled: Archive, account: Sandbox) -> None:
    """Restored at the vendor, and changed meanwhile or not: the mark is gone."""
    told = account.upstream.get("conv_07")
    assert told is not None
    account.upstream.remove("conv_07")
    sync(filled)
    account.upstream.put({**told, "summary": "Restored."})
    report = sync(filled)
    assert (report.changed, report.complete) == (1, True)
    assert filled.show("conv_07").deleted_at_source is None
    assert marked(filled) == []


def test_what_comes_back_unchanged(filled: Archive, account: Sandbox) -> None:
    """Is listed as it was listed before, and yet the mark has to go."""
    told = account.upstream.get("conv_07")
    assert told is not None
    account.upstream.remove("conv_07")
    sync(filled)
    account.upstream.put(told)
    assert sync(filled).complete
    assert filled.show("conv_07").deleted_at_source is None
    assert filled.show("conv_07").revision == 1


def test_a_list_that_lags_behind(listen: Listener, shelf: Shelf) -> None:
    """What is listed still, and denied when it is asked for, is deleted, and no problem."""
    for identifier, start in rising(5):
        shelf.put(identifier, start)
    listen(shelf)
    fetch = shelf.fetch
    shelf.fetch = lambda each: None if each == "conv_002" else fetch(each)  # type: ignore[method-assign]
    shelf.put("conv_002", moment(minutes=2), summary="Changed.")
    for deleted in (1, 0, 0):
        report = listen(shelf)
        assert (report.deleted_at_source, report.problems) == (deleted, 0)
        assert report.complete


def test_not_listed_but_there(filled: Archive, account: Sandbox) -> None:
    """A conversation that is only missing from the list is asked for, and is not deleted."""
    told = account.upstream.get("conv_07")
    assert told is not None
    account.upstream.put({**told, "start_time": moment(days=-30)})
    report = sync(filled)
    assert (report.deleted_at_source, report.complete) == (0, True)
    assert marked(filled) == []


def test_a_list_that_is_suddenly_empty(filled: Archive, account: Sandbox) -> None:
    """Is an outage or another account's key: the sync stops, and nothing is marked."""
    for identifier in account.upstream.ids():
        account.upstream.remove(identifier)
    before = dump(filled._connection())
    account.requests.clear()
    report = sync(filled)
    assert isinstance(report.error, VendorError)
    assert "no longer lists 30 of 30" in str(report.error)
    assert "--accept-mass-deletion" in report.error.hint
    assert not report.complete
    assert account.requests["detail"] == 0
    assert dump(filled._connection()) == before


def test_even_the_only_one(mirrored: Archive, account: Sandbox) -> None:
    """An empty list is suspicious however few conversations there were."""
    account.upstream.put(payload("conv_1"))
    sync(mirrored)
    account.upstream.remove("conv_1")
    assert isinstance(sync(mirrored).error, VendorError)
    assert marked(mirrored) == []


@pytest.mark.parametrize(("gone", "stops"), [(10, False), (11, True)])
def test_how_many_are_many(filled: Archive, account: Sandbox, gone: int, stops: bool) -> None:
    """Of a stretch of thirty, ten may go at once."""
    for number in range(gone):
        account.upstream.remove(f"conv_{number:02}")
    report = sync(filled)
    assert (report.error is not None) is stops
    assert len(marked(filled)) == (0 if stops else gone)


def test_a_mass_deletion_that_was_meant(filled: Archive, account: Sandbox) -> None:
    """Is marked when the user says so, each after the vendor has denied having it."""
    for number in range(29):
        account.upstream.remove(f"conv_{number:02}")
    account.requests.clear()
    report = sync(filled, accept_mass_deletion=True)
    assert (report.deleted_at_source, report.complete) == (29, True)
    assert account.requests["detail"] == 29
    assert len(marked(filled)) == 29
    assert len(filled.list(limit=0)) == 30


def test_a_deletion_of_long_ago(filled: Archive, account: Sandbox) -> None:
    """Out of the look-back it is noticed by ``full``."""
    account.upstream.put(payload("conv_new", moment(days=30)))
    sync(filled)
    account.upstream.remove("conv_07")
    assert sync(filled).deleted_at_source == 0
    assert sync(filled, full=True).deleted_at_source == 1


def test_a_stretch_says_nothing_of_others(filled: Archive, account: Sandbox) -> None:
    """What is asked for by time finds the deletions of that time, and no others."""
    account.upstream.remove("conv_07")
    account.upstream.remove("conv_20")
    report = sync(filled, since=moment(minutes=-29), until=moment(minutes=-15))
    assert report.deleted_at_source == 1
    assert marked(filled) == ["conv_07"]


def test_a_limited_sync_marks_nothing(filled: Archive, account: Sandbox) -> None:
    """It has not seen the whole list."""
    account.upstream.remove("conv_29")
    for number in range(5):
        account.upstream.put(payload(f"conv_new_{number}", moment(minutes=-100)))
    assert sync(filled, limit=1).deleted_at_source == 0


def test_deleted_before_it_was_fetched(listen: Listener, shelf: Shelf) -> None:
    """It was listed and is lost: that is a problem which is told, and not a deletion."""
    for identifier, start in rising(5):
        shelf.put(identifier, start)
    asked = shelf.fetch

    def fetch(identifier: str) -> object:
        shelf.calls.pop("conv_002", None)
        return asked(identifier)

    shelf.fetch = fetch  # type: ignore[method-assign, assignment]
    report = listen(shelf)
    assert (report.new, report.deleted_at_source, report.problems) == (4, 0, 1)
    assert not report.complete


def test_a_deletion_while_listing(listen: Listener) -> None:
    """Hides no other conversation, though every page shifts."""
    shelf = Shelf(3)
    for identifier, start in rising(12):
        shelf.put(identifier, start)
    listen(shelf)
    for identifier, start in rising(24):
        shelf.put(identifier, start)
    doomed: dict[int, Callable[[], object]] = {
        len(shelf.lists) + 2: lambda: shelf.calls.pop("conv_001"),
        len(shelf.lists) + 4: lambda: shelf.calls.pop("conv_010"),
    }
    shelf.before_list = lambda request: doomed.get(request, lambda: None)()
    report = listen(shelf)
    assert report.complete
    assert len(listen.stored()) == 24
    assert listen(shelf).deleted_at_source + report.deleted_at_source == 2
