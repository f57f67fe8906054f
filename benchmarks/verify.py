"""How long ``verify`` takes, beside bare reading, unpacking and hashing of the same bytes in one
process that compares nothing.

Two shapes of archive: one of transcripts alone, where it is the number of conversations that takes
time, and one of which nearly all is sound. All take turns.

    python benchmarks/verify.py --count 20000 --recorded 2000
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import zstandard
from common import filled_archive, interleaved, print_machine, print_table

from convarchive import Archive
from convarchive.compliance.verify import Options
from convarchive.store import clock, recordings
from convarchive.store.database import transaction

CORES = os.cpu_count() or 1
MEMORY = """
import re, resource, sys
from pathlib import Path
from convarchive import Archive
from convarchive.compliance.verify import Options
if __name__ == "__main__":
    options = Options(quick=sys.argv[2] == "quick", jobs=int(sys.argv[3]), remember=False)
    assert Archive(Path(sys.argv[1])).verify(options).ok
    # Not ru_maxrss, which begins with that of the process that has started this one.
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="conversations without sound")
    parser.add_argument("--recorded", type=int, default=2_000, help="conversations with sound")
    parser.add_argument("--size", type=int, default=500_000, help="bytes of each recording")
    parser.add_argument("--archive", type=Path, help="instead of the first; it is only read")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        silent = asked.archive or Path(temporary) / "silent"
        if not asked.archive:
            filled_archive(silent, asked.count).close()
        measure("without recordings", silent, asked.runs)
        if asked.recorded:
            spoken = Path(temporary) / "recorded"
            with filled_archive(spoken, asked.recorded) as archive:
                add_sounds(archive, asked.size)
            measure(f"with {asked.size:,} bytes of sound each", spoken, asked.runs)
    print_machine()


def measure(shape: str, directory: Path, runs: int) -> None:
    """One archive: seconds, ratios and memory, of each way to verify it."""
    ways = [(how, jobs) for how in ("full", "quick") for jobs in sorted({1, CORES})]
    count = verified(directory, "quick", 1)
    bare(directory)
    jobs: list[Callable[[], object]] = [lambda: bare(directory)]
    jobs += [lambda way=way: verified(directory, *way) for way in ways]  # type: ignore[misc]
    taken = interleaved(runs, *jobs)
    best = [min(times) for times in taken]
    print(f"{count:,} conversations {shape}\n")
    lines = [["bare", f"{best[0]:.2f}", f"{best[0] / count * 1e6:.0f} µs", "", "", ""]]
    for (how, processes), seconds, times in zip(ways, best[1:], taken[1:], strict=True):
        rounds = sorted(one / other for one, other in zip(taken[0], times, strict=True))
        here, beside = memory(directory, how, processes)
        lines.append([
            f"{how}, {processes} process{'es' if processes > 1 else ''}", f"{seconds:.2f}",
            f"{seconds / count * 1e6:.0f} µs", f"{best[0] / seconds:.2f}",
            f"{rounds[0]:.2f} to {rounds[-1]:.2f}",
            f"{here} MB" + (f" + {processes} × {beside} MB" if beside else ""),
        ])  # fmt: skip
    head = ["", "fastest, s", "a conversation", "speed of bare", "of each round", "memory"]
    print_table(head, lines)
    print()


def bare(directory: Path) -> None:
    """The bytes of every document and every recording against its hash, and nothing else."""
    connection = sqlite3.connect(f"{(directory / 'archive.db').as_uri()}?mode=ro", uri=True)
    unpack = zstandard.ZstdDecompressor().decompress
    for digest, body in connection.execute("SELECT sha256, body FROM documents"):
        assert hashlib.sha256(unpack(body)).hexdigest() == digest
    for digest, media_type in connection.execute("SELECT sha256, media_type FROM recordings"):
        with recordings.path_of(directory, digest, media_type).open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest
    connection.close()


def verified(directory: Path, how: str, jobs: int) -> int:
    """Verify it; how many conversations it has."""
    options = Options(quick=how == "quick", jobs=jobs, remember=False)
    report = Archive(directory).verify(options)
    assert report.ok, report.damage
    return report.checked["conversations"]


def memory(directory: Path, how: str, jobs: int) -> tuple[int, int]:
    """The most that was resident, in MB: in the process, and in the largest that it started. On
    Linux."""
    with tempfile.TemporaryDirectory() as temporary:  # spawned processes want a file to import
        script = Path(temporary) / "memory.py"
        script.write_text(MEMORY, encoding="utf-8")
        command = [sys.executable, str(script), str(directory), how, str(jobs)]
        here, beside = map(
            int, subprocess.run(command, check=True, capture_output=True).stdout.split()
        )
    return round(here / 1024), round(beside / 1024) if jobs > 1 else 0


def add_sounds(archive: Archive, size: int) -> None:
    """A recording of so many bytes, of noise, for each conversation."""
    with archive.writing("benchmark") as connection, transaction(connection):
        for key in archive.keys("*"):
            sound = recordings.write(archive.directory, _noise(key, size), "audio/wav")
            recordings.attach(connection, key, sound, clock.now())


def _noise(seed: int, size: int) -> Iterable[bytes]:
    yield random.Random(seed).randbytes(size)


if __name__ == "__main__":
    main()
