"""Our clock, when it is wrong: it jumps back, it was years ahead. The archive is the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.equality import assert_equal
from tests.sync.vendor import moment, payload

from convarchive import Archive
from convarchive.sandbox import Chaos, Sandbox
from convarchive.sources import pace
from convarchive.store import clock
from convarchive.sync.report import SourceReport

YEARS = timedelta(days=3650)

Wrong = Callable[[Callable[[int], timedelta]], None]


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Wrong:
    """Lets the clock be wrong: by how much, it is asked each time that somebody looks at it."""
    real = clock.now

    def wrong(by: Callable[[int], timedelta]) -> None:
        looks = itertools.count()
        monkeypatch.setattr(
            clock, "now", lambda: clock.text(datetime.fromisoformat(real()) + by(next(looks)))
        )

    return wrong


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Forty conversations in pages of five; one is in progress, one waits for its transcript."""
    monkeypatch.setattr(pace, "SHORTEST_BACKOFF", 0.0)
    monkeypatch.setattr(pace, "LONGEST_BACKOFF", 0.001)
    with Sandbox(count=0, page_limit=5, chaos=Chaos(active=False)) as running:
        monkeypatch.setenv(KEY_VARIABLE, running.key)
        running.recordings.add("a.wav", b"RIFF" * 1000)
        for number in range(40):
            told = payload(f"conv_{number:02}", moment(hours=number))
            running.upstream.put(told | {"recording": "a.wav"} if number % 7 == 3 else told)
        running.upstream.put(payload("conv_04", moment(hours=4), status="in_progress"))
        running.upstream.put(payload("conv_05", moment(hours=5), transcript=None))
        yield running


@pytest.fixture
def archive(tmp_path: Path, vendor: Sandbox) -> Iterator[Archive]:
    """An empty archive of it."""
    with make_archive(tmp_path / "archive", vendor.base_url) as made:
        yield made


def sync(archive: Archive) -> SourceReport:
    """One sync."""
    (report,) = archive.sync().sources
    return report


def finish(vendor: Sandbox) -> None:
    """What was not finished is."""
    for number in (4, 5):
        vendor.upstream.put(payload(f"conv_{number:02}", moment(hours=number)))


@pytest.mark.parametrize("by", [-YEARS, timedelta(days=20)], ids=["back", "ahead"])
@pytest.mark.parametrize("look", [1, 5, 12])
def test_it_jumps_during_a_sync(
    archive: Archive, vendor: Sandbox, wrong: Wrong, look: int, by: timedelta
) -> None:
    """At any moment, by days or years: the sync has everything, and the next one nothing to do."""
    wrong(lambda number: by if number >= look else timedelta())
    assert sync(archive).complete
    assert_equal(archive, vendor)
    report = sync(archive)
    assert (report.new, report.changed, report.complete) == (0, 0, True)


@pytest.mark.parametrize("by", [-YEARS, YEARS], ids=["behind", "ahead"])
def test_it_was_wrong_and_is_right(
    archive: Archive, vendor: Sandbox, wrong: Wrong, by: timedelta
) -> None:
    """What was put off by the wrong clock is not waited for until that time comes."""
    wrong(lambda _: by)
    sync(archive)
    wrong(lambda _: timedelta())
    finish(vendor)
    vendor.upstream.put(payload("conv_new", moment(hours=41)))
    report = sync(archive)
    assert (report.new, report.changed, report.complete) == (1, 2, True)
    assert_equal(archive, vendor)


def test_problems_of_the_future(archive: Archive, vendor: Sandbox, wrong: Wrong) -> None:
    """What could not be had while the clock was ahead is tried again when it is right."""
    wrong(lambda _: YEARS)
    vendor.chaos.seed, vendor.chaos.truncated, vendor.chaos.active = 3, 0.55, True
    for _ in range(9):
        if sync(archive).problems:
            break
    assert archive.problems()
    vendor.chaos.active = False
    wrong(lambda _: timedelta())
    assert sync(archive).complete
    assert_equal(archive, vendor)


def test_problems_while_it_jumps(archive: Archive, vendor: Sandbox, wrong: Wrong) -> None:
    """What cannot be had is tried once by a sync, also if the clock jumps back meanwhile."""
    sync(archive)
    for number in range(10, 20):
        vendor.upstream.put(payload(f"conv_{number}", moment(hours=number), quality=[[[1]]]))
        told = vendor.upstream.get(f"conv_{number}")
        assert told is not None
        deep: list[object] = []
        for _ in range(150):
            deep = [deep]
        vendor.upstream.put(told | {"quality": deep})
    wrong(lambda number: -YEARS if number >= 2 else timedelta())
    assert sync(archive).problems == 10
    assert {problem.attempts for problem in archive.problems()} == {1}
