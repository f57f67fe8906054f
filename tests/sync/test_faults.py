"""A vendor at its worst: whatever goes wrong on the way, nothing is lost and nothing is twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.equality import assert_equal

from convarchive import Archive
from convarchive.sandbox import Chaos, Sandbox
from convarchive.sources import http, pace
from convarchive.sync.engine import Options
from convarchive.sync.report import SourceReport

Vendor = Callable[..., tuple[Sandbox, Archive]]


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """Starts a sandbox in which things go wrong, with an archive of it. The client tries again
    soon."""
    monkeypatch.setattr(pace, "SHORTEST_BACKOFF", 0.001)
    monkeypatch.setattr(pace, "LONGEST_BACKOFF", 0.01)
    running: list[Sandbox] = []
    archives: list[Archive] = []

    def start(chaos: Chaos, **options: Any) -> tuple[Sandbox, Archive]:
        running.append(Sandbox(chaos=chaos, **options).start())
        monkeypatch.setenv(KEY_VARIABLE, running[-1].key)
        archives.append(make_archive(tmp_path / f"{len(running)}", running[-1].base_url))
        return running[-1], archives[-1]

    yield start
    for archive in archives:
        archive.close()
    for sandbox in running:
        sandbox.stop()


def mirror(archive: Archive, **options: Any) -> SourceReport:
    """One sync of the only source."""
    (report,) = archive.sync(options=Options(**options)).sources
    return report


def through(archive: Archive) -> SourceReport:
    """Syncs until one ends well: a vendor that fails six times in a row may stop one."""
    for _ in range(4):
        report = mirror(archive)
        if report.error is None and not report.problems:
            return report
    raise AssertionError(f"It does not end: {report}")


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
def test_errors_resets_truncated_bodies_and_drift(vendor: Vendor, seed: int) -> None:
    """5 % errors, 2 % resets, 2 % truncated bodies, and a list that changes while it is read: after
    one undisturbed sync the archive is what the vendor has."""
    chaos = Chaos(seed, errors=0.05, resets=0.02, truncated=0.02, drift=0.7)
    sandbox, archive = vendor(chaos, count=400, page_limit=20)
    through(archive)
    assert min(chaos.injected[kind] for kind in ("errors", "resets", "truncated")) >= 3
    assert min(chaos.injected[kind] for kind in ("inserted", "late", "deleted")) >= 1
    chaos.active = False
    report = mirror(archive, full=True)
    assert report.complete
    assert_equal(archive, sandbox)
    # What is named as missing was deleted before anyone could ask for it.
    named = {one.id for one in archive.coverage().missing}
    assert named == {problem.id for problem in archive.problems() if problem.stage == "gone"}
    assert named.isdisjoint(sandbox.upstream.ids())


@pytest.mark.slow
def test_without_drift_one_sync_is_enough(vendor: Vendor) -> None:
    """What comes through the errors is whole, with no look from an undisturbed sync."""
    chaos = Chaos(errors=0.05, resets=0.02, truncated=0.02)
    sandbox, archive = vendor(chaos, count=300, page_limit=30)
    report = through(archive)
    assert report.complete
    assert sum(chaos.injected.values()) >= 15
    assert_equal(archive, sandbox)
    assert archive.coverage().complete


@pytest.mark.slow
def test_everything_at_once(vendor: Vendor) -> None:
    """A tenth of all answers fails, as much breaks off or is a web page, totals lie, lines stand
    twice, and the clock is five hours ahead."""
    chaos = Chaos.mixed(0.1, seed=5)
    chaos.hang_seconds, chaos.retry_seconds, chaos.skew_hours = 0.1, 0, 5
    sandbox, archive = vendor(chaos, count=300, page_limit=10)
    through(archive)
    kinds = {"errors", "resets", "truncated", "html", "rate_limited", "hang"}
    assert kinds | {"totals", "duplicates", "skew_hours"} <= set(chaos.injected)
    chaos.active = False
    assert mirror(archive, full=True).complete
    assert_equal(archive, sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["totals", "duplicates"])
def test_a_list_that_lies(vendor: Vendor, fault: str) -> None:
    """Totals that are too small or too large, and lines that stand twice, cost nothing: one sync
    has everything once."""
    chaos = Chaos(**{fault: 0.6})
    sandbox, archive = vendor(chaos, count=150, page_limit=10)
    assert mirror(archive).complete
    assert chaos.injected[fault] >= 5
    assert_equal(archive, sandbox)


@pytest.mark.slow
def test_silence(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that does not answer is given up on in time, and asked again."""
    monkeypatch.setattr(http, "_TIMEOUT", 0.5)
    chaos = Chaos(seed=2, hang=0.06, hang_seconds=30)
    sandbox, archive = vendor(chaos, count=60, page_limit=20)
    assert through(archive).complete
    assert chaos.injected["hang"] >= 2
    assert_equal(archive, sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [-30.0, 30.0])
def test_a_vendor_with_a_wrong_clock(vendor: Vendor, hours: float) -> None:
    """A day and more ahead or behind: the limit is kept by the vendor's own clock, and nobody
    waits for a day."""
    sandbox, archive = vendor(
        Chaos(skew_hours=hours), count=30, rate_limit=20, rate_window=1.0, page_limit=10
    )
    report = mirror(archive)
    assert report.complete
    assert report.waited_seconds < 30
    assert_equal(archive, sandbox)


@pytest.mark.slow
def test_an_outage_in_the_middle(vendor: Vendor) -> None:
    """Nothing but errors from one moment on: the sync ends with what has come, and the next one has
    the rest."""
    chaos = Chaos(errors=1.0, burst=1, active=False)
    sandbox, archive = vendor(chaos, count=120, page_limit=10)
    mirror(archive, limit=35)
    chaos.active = True
    report = mirror(archive)
    assert report.error is not None
    assert not report.complete
    chaos.active = False
    assert through(archive).complete
    assert_equal(archive, sandbox)
