"""How long ``verify`` takes, beside bare reading, unpacking and hashing of the same bytes.

python benchmarks/verify.py 20000
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import tempfile
from pathlib import Path

import zstandard
from common import filled_archive, interleaved, milliseconds, print_machine, print_table

from convarchive import Archive
from convarchive.compliance.verify import Options


def bare(directory: Path) -> None:
    """The bytes of every document against its hash, in one process, and nothing else."""
    connection = sqlite3.connect(f"{(directory / 'archive.db').as_uri()}?mode=ro", uri=True)
    unpack = zstandard.ZstdDecompressor().decompress
    for digest, body in connection.execute("SELECT sha256, body FROM documents"):
        assert hashlib.sha256(unpack(body)).hexdigest() == digest
    connection.close()


def verified(directory: Path, *, quick: bool = False, jobs: int = 1) -> None:
    report = Archive(directory).verify(Options(quick=quick, jobs=jobs, remember=False))
    assert report.ok, report.damage


def main(count: int) -> None:
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "archive"
        filled_archive(directory, count).close()
        bare(directory)
        jobs = {
            "bare": lambda: bare(directory),
            f"verify, {cores} processes": lambda: verified(directory, jobs=cores),
            "verify, 1 process": lambda: verified(directory),
            f"verify --quick, {cores} processes": lambda: verified(
                directory, quick=True, jobs=cores
            ),
        }
        taken = [min(times) for times in interleaved(2, *jobs.values())]
    print(f"{count:,} conversations\n")
    print_table(
        ("", "seconds", "a conversation", "speed of bare"),
        [
            (name, f"{seconds:.2f}", milliseconds(seconds / count), f"{taken[0] / seconds:.2f}")
            for name, seconds in zip(jobs, taken, strict=True)
        ],
    )
    print_machine()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
