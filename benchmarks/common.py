"""What the benchmarks share: a sandbox in a process of its own, an archive of it, and a table.

A figure means little by itself on a machine that does other things as well. So everything is
measured beside something bare that does the same work, the two taking turns, and it is the ratio
that counts.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from convarchive import Archive, settings

KEY_VARIABLE = "CONVARCHIVE_BENCHMARK_KEY"
PYTHON = (sys.executable, "-m", "convarchive")


class Server(NamedTuple):
    """A sandbox that runs."""

    base_url: str
    key: str


@contextlib.contextmanager
def sandbox(count: int, rate_limit: int | None = None) -> Iterator[Server]:
    """So many made-up conversations, served by another process, at most so many a minute."""
    command = [*PYTHON, "--quiet", "sandbox", "--port", "0", "--count", str(count)]
    if rate_limit is not None:
        command += ["--rate-limit", str(rate_limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        try:
            told = dict(process.stdout.readline().split() for _ in range(2))
            yield Server(told["base_url"], told["key"])
        finally:
            process.terminate()


def make_archive(directory: Path, server: Server) -> Archive:
    """An empty archive with the sandbox as its only source."""
    archive = Archive.create(directory)
    os.environ[KEY_VARIABLE] = server.key
    source = settings.SourceSettings("ayra", "ayra", server.base_url, KEY_VARIABLE)
    settings.add_source(directory, source)
    return archive


def synced_archive(directory: Path, count: int) -> Archive:
    """An archive of so many made-up conversations, without their recordings."""
    from convarchive.sync.engine import Options

    with sandbox(count) as server:
        archive = make_archive(directory, server)
        report = archive.sync(options=Options(recordings=False))
    assert report.sources[0].new == count, report
    return archive


def interleaved(runs: int, *jobs: Callable[[], object]) -> list[list[float]]:
    """The seconds that each of the jobs took, which take turns, so that noise meets them all."""
    taken: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs):
        for job, times in zip(jobs, taken, strict=True):
            began = time.perf_counter()
            job()
            times.append(time.perf_counter() - began)
    return taken


def p95(times: Sequence[float]) -> float:
    """The time that 95 of 100 don't exceed."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def milliseconds(seconds: float) -> str:
    """For a table."""
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1000:.2f} ms"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in Markdown, the first column to the left and the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    for number, line in enumerate(lines):
        first, *others = (
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("| " + " | ".join([first, *others]) + " |")
        if number == 0:
            rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
            print("| " + " | ".join(rules) + " |")


def print_machine() -> None:
    """When and where this was measured, and with which libraries."""
    libraries = ("click", "httpx", "tantivy")
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{os.cpu_count()} cores ({_processor()}), load {_load()}",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {version(name)}" for name in libraries),
    ]
    print("\n" + ", ".join(parts))


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def filled_archive(directory: Path, count: int, language: str | None = None) -> Archive:
    """The same without a server and an index: payloads go straight into the store. All of them in
    one language, if that is given."""
    import msgspec

    from convarchive.sandbox.generator import Generator
    from convarchive.sources.ayra import normalise
    from convarchive.sources.payload import fingerprint
    from convarchive.store import clock, mirror
    from convarchive.store.database import transaction
    from convarchive.store.ingest import Received, ingest

    made = Generator(count if language is None else 2 * count, seed=1)
    payloads = (made.payload(number) for number in range(len(made)))
    wanted = (each for each in payloads if language in (None, each["language"]))

    def received(payload: dict[str, Any]) -> Received:
        documents = {"detail": msgspec.json.encode(payload)}
        call = normalise("ayra", documents)
        return Received(call, fingerprint(payload), tuple(documents.items()), clock.now())

    archive = Archive.create(directory)
    with archive.writing("benchmark") as connection:
        mirror.add_source(connection, "ayra", "ayra", clock.now())
        for at in range(0, count, 1000):
            with transaction(connection):
                ingest(connection, map(received, islice(wanted, min(1000, count - at))))
    return archive
