"""How fast an export is beside a bare loop, and how much memory it takes in each format.

The bare loop reads the same rows in the same order, and writes each conversation with msgspec as
the columns have it: it decodes no JSON column, makes no checksum, and is in no hurry to be on the
disk. The two take turns.

Memory is the most that was resident at any time in a fresh process (VmHWM of Linux), for a tenth of
the conversations and for all of them; it should be the same. Formats of many files write a ZIP.

    python benchmarks/export.py
    python benchmarks/export.py --archive DIRECTORY --formats jsonl parquet
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import filled_archive, interleaved, print_machine, print_table

from convarchive import Archive
from convarchive.export import FORMATS, Selection, TreeFormat, export
from convarchive.store import database


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000, help="conversations to make")
    parser.add_argument("--archive", type=Path, help="take those of this archive instead")
    parser.add_argument("--rounds", type=int, default=5, help="times that each is written")
    parser.add_argument("--formats", nargs="*", default=list(FORMATS), help="whose memory")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        directory = asked.archive or scratch / "archive"
        if asked.archive is None:
            filled_archive(directory, asked.count).close()
        with Archive.open(directory) as archive:
            count = archive.count()
        report_speed(directory, scratch, count, asked.rounds)
        report_memory(directory, scratch, count, asked.formats)
    print_machine()


def report_speed(directory: Path, scratch: Path, count: int, rounds: int) -> None:
    """JSONL, beside the bare loop."""
    ours, theirs = interleaved(
        rounds,
        lambda: write(directory, "jsonl", scratch / "ours.jsonl", count),
        lambda: write_bare(directory, scratch / "bare.jsonl"),
    )
    rows = []
    for name, times in (("export --format jsonl", ours), ("bare", theirs)):
        middle = statistics.median(times)
        rows.append([name, f"{middle:.2f}", f"{min(times):.2f}", f"{count / middle:,.0f}"])
    print_table([f"{count:,} conversations", "median s", "fastest s", "a second"], rows)
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"\nRatio {ratio:.2f} of medians, {min(theirs) / min(ours):.2f} of the fastest.\n")


def write(directory: Path, fmt: str, path: Path, count: int) -> None:
    """As the command line does it."""
    with Archive.open(directory) as archive:
        keys = archive.keys()[:count]
        selection = Selection(
            "", "benchmark", len(keys), lambda: archive.conversations(keys), archive.documents
        )
        export(selection, fmt, path, force=True)


def write_bare(directory: Path, path: Path) -> None:
    """The least that a program can do that turns the same rows into JSON."""
    import msgspec.json

    encode = msgspec.json.Encoder().encode
    with contextlib.closing(database.connect(directory)) as connection, path.open("wb") as out:
        found = connection.execute(
            "SELECT * FROM conversations ORDER BY rtrim(started_at, 'Z'), source, id"
        )
        names = [column[0] for column in found.description]
        said = connection.execute("SELECT * FROM turns LIMIT 0").description
        of_turns = [column[0] for column in said]
        for row in found:
            turns = connection.execute(
                "SELECT * FROM turns WHERE conversation = ? ORDER BY position", row[:1]
            )
            call = dict(zip(names, row, strict=True))
            call["turns"] = [dict(zip(of_turns, turn, strict=True)) for turn in turns]
            out.write(encode(call) + b"\n")


def report_memory(directory: Path, scratch: Path, count: int, formats: list[str]) -> None:
    """Of every format, for two sizes."""
    rows = []
    for fmt in formats:
        path = scratch / ("out.zip" if isinstance(FORMATS[fmt], TreeFormat) else "out")
        few, _ = in_a_fresh_process(directory, fmt, path, count // 10)
        many, took = in_a_fresh_process(directory, fmt, path, count)
        size = path.stat().st_size / 1e6
        path.unlink()
        rows.append([fmt, f"{few:.0f} MB", f"{many:.0f} MB", f"{size:,.0f} MB", f"{took:.0f} s"])
    print_table(["format", f"{count // 10:,}", f"{count:,}", "written", "in"], rows)


def in_a_fresh_process(directory: Path, fmt: str, path: Path, count: int) -> tuple[float, float]:
    """Write so many; the most megabytes that were resident, and the seconds."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path; from export import write\n"
        f"write(Path({str(directory)!r}), {fmt!r}, Path({str(path)!r}), {count})\n"
        "print(Path('/proc/self/status').read_text())"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    found = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert found
    return int(found[1]) * 1024 / 1e6, time.perf_counter() - began


if __name__ == "__main__":
    main()
