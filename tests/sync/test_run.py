"""A whole sync: every source that was asked for, then the index."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from tests.conftest import KEY_VARIABLE
from tests.sync.vendor import moment, payload

from convarchive import Archive, settings
from convarchive.errors import Interrupted, KeyRefused, NotFound, SettingsError, Unreachable
from convarchive.sandbox import Sandbox
from convarchive.store.recordings import DIRECTORY
from convarchive.sync.engine import Options
from convarchive.sync.report import SourceReport, SyncReport


def add(archive: Archive, name: str, url: str, variable: str = KEY_VARIABLE) -> None:
    """One more source."""
    settings.add_source(
        archive.directory, settings.SourceSettings(name, "ayra", url, api_key_env=variable)
    )


@pytest.fixture
def other(mirrored: Archive, account: Sandbox) -> Iterator[Sandbox]:
    """The account of a second source, ``other``; each has two conversations."""
    with Sandbox(count=0) as running:
        add(mirrored, "other", running.base_url)
        for number in range(2):
            account.upstream.put(payload(f"conv_{number}", moment(minutes=number)))
            running.upstream.put(payload(f"conv_{number}", moment(minutes=number), summary="Other"))
        yield running


def test_all_sources(mirrored: Archive, other: Sandbox) -> None:
    """In the order of the settings; the same id at two of them is two conversations."""
    report = mirrored.sync()
    assert [(one.source, one.new) for one in report.sources] == [("ayra", 2), ("other", 2)]
    assert report.complete
    assert mirrored.show("other/conv_1").summary == "Other"
    assert mirrored.show("ayra/conv_1").summary != "Other"
    assert mirrored.unindexed() == 0


def test_some_sources(mirrored: Archive, other: Sandbox, account: Sandbox) -> None:
    """Only those that were named."""
    assert [one.source for one in mirrored.sync(["other"]).sources] == ["other"]
    assert account.requests["list"] == 0


def test_a_source_that_fails(mirrored: Archive, other: Sandbox) -> None:
    """Does not keep the others from being mirrored; its error is in its report."""
    add(mirrored, "dead", "http://127.0.0.1:1")
    add(mirrored, "last", other.base_url)
    report = mirrored.sync()
    assert [one.source for one in report.sources] == ["ayra", "other", "dead", "last"]
    assert isinstance(report.sources[2].error, Unreachable)
    assert [one.complete for one in report.sources] == [True, True, False, True]
    assert not report.complete
    assert mirrored.unindexed() == 0


def test_a_refused_key(mirrored: Archive, other: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is the error of its source, and is nowhere in it."""
    monkeypatch.setenv("WRONG_KEY", "sk_live_wrong_0123456789")
    add(mirrored, "wrong", other.base_url, "WRONG_KEY")
    report = mirrored.sync()
    error = report.sources[2].error
    assert isinstance(error, KeyRefused)
    assert "sk_live_wrong" not in str(error) + str(report.to_json())
    assert [one.complete for one in report.sources] == [True, True, False]


def test_a_missing_key(mirrored: Archive, other: Sandbox, account: Sandbox) -> None:
    """Is found before the first request, and named by its variable."""
    add(mirrored, "keyless", other.base_url, "NO_SUCH_VARIABLE")
    with pytest.raises(SettingsError, match="NO_SUCH_VARIABLE"):
        mirrored.sync()
    assert account.requests["list"] == 0


def test_an_unknown_source(mirrored: Archive, other: Sandbox) -> None:
    """Is not found, and the known ones are named."""
    with pytest.raises(NotFound, match="ayra, other"):
        mirrored.sync(["nobody"])


def test_no_source(tmp_path: object, mirrored: Archive) -> None:
    """An archive without one has nothing to sync."""
    settings.remove_source(mirrored.directory, "ayra")
    with pytest.raises(NotFound, match="no source"):
        mirrored.sync()


def test_the_user_stops(mirrored: Archive, account: Sandbox, other: Sandbox) -> None:
    """After the first batch: what came is stored, no further source is begun, and the next sync
    has the rest."""
    for number in range(250):
        account.upstream.put(payload(f"conv_{number:03}", moment(minutes=number)))
    stop = threading.Event()

    def progress(report: SourceReport, _total: int | None) -> None:
        if report.new:
            stop.set()

    report = mirrored.sync(stop=stop, progress=progress)
    (one,) = report.sources
    assert isinstance(one.error, Interrupted)
    assert not report.complete
    assert 0 < one.new < 250
    assert other.requests["list"] == 0
    whole = mirrored.sync()
    assert whole.complete
    assert whole.sources[0].new + one.new == len(account.upstream)
    assert mirrored.unindexed() == 0


def test_progress(mirrored: Archive, account: Sandbox) -> None:
    """Is told after each step: the counts only grow, and the total is the vendor's."""
    for number in range(150):
        account.upstream.put(payload(f"conv_{number:03}", moment(minutes=number)))
    told: list[tuple[int, int, int | None]] = []
    mirrored.sync(progress=lambda one, total: told.append((one.listed, one.new, total)))
    assert told == sorted(told, key=lambda each: each[:2])
    assert told[-1] == (150, 150, 150)
    assert len(told) >= 4


def test_the_report_as_json(mirrored: Archive, other: Sandbox) -> None:
    """Has the keys that scripts rely on."""
    add(mirrored, "dead", "http://127.0.0.1:1")
    document = mirrored.sync((), Options(recordings=False)).to_json()
    assert document["schema"] == "convarchive.sync/1"
    assert document["complete"] is False
    assert isinstance(document["seconds"], float)
    assert {
        "source", "listed", "fetched", "new", "changed", "unchanged", "deleted_at_source",
        "pending", "problems", "recordings", "bytes", "requests", "rate_limited",
        "waited_seconds", "complete",
    } <= document["sources"][0].keys()  # fmt: skip
    assert document["sources"][0]["new"] == 2
    assert "does not answer" in document["sources"][2]["error"]
    assert not (mirrored.directory / DIRECTORY).exists()


def test_nothing_to_report() -> None:
    """A report of no source is complete."""
    assert SyncReport().complete
