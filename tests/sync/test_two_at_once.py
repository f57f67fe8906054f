"""Two syncs at once, and a reader beside them: one writes, one is refused, one finds."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.conftest import KEY_VARIABLE, Cli, make_archive
from tests.sync.equality import assert_equal
from tests.sync.vendor import moment, payload

from convarchive import Archive
from convarchive.sandbox import Sandbox
from convarchive.sync.report import SourceReport

LONG = 60
"""Seconds after which a test that waits has failed."""


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Thirty conversations, five to a page."""
    with Sandbox(count=0, page_limit=5) as running:
        monkeypatch.setenv(KEY_VARIABLE, running.key)
        for number in range(30):
            running.upstream.put(payload(f"conv_{number:03}", moment(minutes=number)))
        yield running


@pytest.fixture
def archive(tmp_path: Path, vendor: Sandbox) -> Iterator[Archive]:
    """An empty archive of it."""
    with make_archive(tmp_path / "archive", vendor.base_url) as made:
        yield made


class Pause:
    """The progress of a sync that stops in the middle until it is told to go on."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, report: SourceReport, _total: int | None) -> None:
        """Stop once something is stored."""
        if report.new:
            self.there.set()
            assert self.go_on.wait(LONG)


@pytest.mark.parametrize("command", ["sync", "reindex", "rebuild"])
def test_the_second_is_refused(archive: Archive, vendor: Sandbox, cli: Cli, command: str) -> None:
    """With 4, by the pid of the first, and without waiting: the first goes on only after that."""
    pause = Pause()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(archive.sync, progress=pause)
        assert pause.there.wait(LONG)
        requests = sum(vendor.requests.values())
        second = cli("-a", str(archive.directory), command)
        assert sum(vendor.requests.values()) - requests < 20  # those of the first, under way
        assert not first.done()
        pause.go_on.set()
        assert first.result(LONG).complete
    assert second.returncode == 4
    assert f"pid {os.getpid()}" in second.stderr
    assert second.stdout == ""
    assert_equal(archive, vendor)


def test_after_the_first_the_second_may(archive: Archive, vendor: Sandbox, cli: Cli) -> None:
    """The lock is gone with whoever held it."""
    assert archive.sync().complete
    assert cli("-a", str(archive.directory), "sync", "--json").returncode == 0


@pytest.mark.slow
def test_a_reader_finds_all_the_while(archive: Archive, vendor: Sandbox) -> None:
    """From the first moment to the last of a sync each search succeeds, and what was found once is
    found again."""
    archive.sync()
    for number in range(30, 330):
        vendor.upstream.put(payload(f"conv_{number:03}", moment(minutes=number)))
    found: list[int] = []
    with (
        ThreadPoolExecutor(1) as pool,
        Archive.open(archive.directory) as reader,
        Archive.open(archive.directory) as lister,
    ):
        syncing = pool.submit(archive.sync)
        while not syncing.done():
            found.append(reader.search("customer:am", limit=5).total)
            listed = lister.list(limit=0)
            assert len(listed) >= 30
            assert lister.show(listed[0].id).turns
        assert syncing.result().complete
        found.append(reader.search("customer:am", limit=5).total)
    assert len(found) > 10
    assert found == sorted(found)
    assert (found[0], found[-1]) == (30, 330)
