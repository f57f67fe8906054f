"""How fast the index is built from the store, and in how much memory.

The ceiling is the engine alone: a fresh process feeds it the same documents, which stand in a file
as JSON, a line each. The other fresh process is ``convarchive reindex``: it reads the store, takes
every text apart, stems it, makes the documents and feeds them. Both work in the same heap with as
many threads, and commit as often. Memory is the most that was resident, of which mapped files of
the index are a part that the system can take back.

    python benchmarks/build.py --count 20000
    python benchmarks/build.py --archive DIRECTORY      made by an earlier run, or by `search`
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from common import PYTHON, filled_archive, print_machine, print_table

from convarchive import Archive

TARGET = 1.3

FEED = """
import sys
from convarchive.index import schema, writer
from tantivy import Index
index = Index(schema.build(), path=sys.argv[2])
schema.register_analyzers(index)
feeding = index.writer(*writer.REBUILD_HEAP)
with open(sys.argv[1], encoding="utf-8") as file:
    for number, line in enumerate(file, start=1):
        feeding.add_json(line)
        if number % writer.PART == 0:
            feeding.commit()
feeding.commit()
feeding.wait_merging_threads()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000, help="conversations")
    parser.add_argument("--archive", type=Path, help="where they are, or shall be")
    parser.add_argument("--runs", type=int, default=1, help="of each, taking turns")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = asked.archive or Path(name, "archive")
        if not directory.exists():
            filled_archive(directory, asked.count).close()
        documents = Path(name, "documents.jsonl")
        count = write_documents(directory, documents)
        times: dict[str, list[tuple[float, float, float]]] = {"reindex": [], "bare": []}
        for run in range(asked.runs):
            fresh = Path(name, f"index-{run}")
            fresh.mkdir()
            bare = (sys.executable, "-c", FEED, str(documents), str(fresh))
            times["bare"].append(measured(bare))
            times["reindex"].append(measured((*PYTHON, "-q", "-a", str(directory), "reindex")))
    best = {kind: min(taken) for kind, taken in times.items()}
    print_table(
        [f"{count:,} conversations", "seconds", "resident", "of that the program's own"],
        [
            [kind, f"{took:.0f}", f"{most / 1024:.0f} MiB", f"{own / 1024:.0f} MiB"]
            for kind, (took, most, own) in best.items()
        ],
    )
    ratio = best["reindex"][0] / best["bare"][0]
    print(f"\nratio {ratio:.2f}, should be at most {TARGET}; the better of {asked.runs}")
    print_machine()


def write_documents(directory: Path, path: Path) -> int:
    """What the index is fed, as JSON; how many conversations that are."""
    import msgspec

    from convarchive.index.documents import document

    encode = msgspec.json.Encoder().encode
    with Archive.open(directory) as archive, path.open("wb") as file:
        keys = sorted(archive.keys())
        found = archive.conversations(keys)
        while part := list(islice(found, 1000)):
            file.writelines(encode(document(key, call)) + b"\n" for key, call in part)
    return len(keys)


def measured(command: tuple[str, ...]) -> tuple[float, float, float]:
    """Seconds, and KiB: the most that was resident at once, and the most without mapped files."""
    began = time.perf_counter()
    own = most = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            resident, mapped = _memory(process.pid)
            most, own = max(most, resident), max(own, resident - mapped)
            time.sleep(0.1)
    assert process.returncode == 0, command
    return time.perf_counter() - began, most, own


def _memory(process: int) -> tuple[float, float]:
    """KiB that are resident, and those of them that are files."""
    try:
        told = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0, 0
    sizes = dict(
        line.split(":", 1) for line in told.splitlines() if line.startswith(("VmR", "RssF"))
    )
    return (float(sizes.get(name, "0").split()[0]) for name in ("VmRSS", "RssFile"))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
