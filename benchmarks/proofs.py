"""An inclusion proof from a ledger of a million entries, beside what it takes without kept nodes.

The ledger is a real one, made by appending. Each proof is of a random entry, on a connection that
was just opened, so that SQLite remembers nothing, and is checked. Beside it the bare way: read all
entries, hash all of them, and put the tree together, which gives the same proof.

    python benchmarks/proofs.py
    python benchmarks/proofs.py --count 100000
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import tempfile
import time
from pathlib import Path

from common import milliseconds, p95, print_machine, print_table

from convarchive.store import clock, database, ledger, merkle

PROOFS = 200
BARE = 3
_BATCH = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="entries of the ledger")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        database.create(directory)
        fill(directory, count)
        with contextlib.closing(database.connect(directory)) as connection:
            root = ledger.root(connection, count)
        dice = random.Random(1)
        places = [dice.randrange(count) for _ in range(PROOFS)]
        kept = [timed(directory, place, count, root) for place in places]
        bare = [timed_bare(directory, place, count, root) for place in places[:BARE]]
    rows = [
        ("median", milliseconds(statistics.median(kept)), milliseconds(statistics.median(bare))),
        ("95 of 100", milliseconds(p95(kept)), ""),
        ("worst", milliseconds(max(kept)), milliseconds(max(bare))),
    ]
    print_table((f"a proof of one in {count:,}", "from kept nodes", "from all entries"), rows)
    ratio = statistics.median(bare) / statistics.median(kept)
    print(f"\n{PROOFS} random entries; {ratio:,.0f} times as fast as from all entries.")
    print_machine()


def fill(directory: Path, count: int) -> None:
    """Append until there are so many entries, each as long as that of a revision."""
    commitment = "0123456789abcdef" * 4
    with contextlib.closing(database.connect(directory, write=True)) as connection:
        while (size := ledger.size(connection)) < count:
            with database.transaction(connection):
                for number in range(size, min(size + _BATCH, count)):
                    ledger.append(
                        connection, "revision", clock.now(),
                        conversation=number, revision=1, commitment=commitment,
                    )  # fmt: skip


def timed(directory: Path, place: int, count: int, root: bytes) -> float:
    """Seconds for a proof from the nodes that are kept."""
    with contextlib.closing(database.connect(directory)) as connection:
        (entry,) = ledger.read(connection, place, place + 1)
        began = time.perf_counter()
        path = ledger.inclusion(connection, place, count)
        taken = time.perf_counter() - began
    assert merkle.includes(merkle.leaf_hash(entry.data), place, count, path, root)
    return taken


def timed_bare(directory: Path, place: int, count: int, root: bytes) -> float:
    """Seconds for the same from nothing but the entries."""
    with contextlib.closing(database.connect(directory)) as connection:
        began = time.perf_counter()
        levels = [[merkle.leaf_hash(entry.data) for entry in ledger.read(connection)]]
        while len(levels[-1]) > 1:
            below = iter(levels[-1])
            levels.append([merkle.parent(*pair) for pair in zip(below, below, strict=False)])
        path = merkle.inclusion(place, count, lambda level, number: levels[level][number])
        taken = time.perf_counter() - began
    assert merkle.includes(levels[0][place], place, count, path, root)
    return taken


if __name__ == "__main__":
    main()
