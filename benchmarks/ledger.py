"""What the ledger costs: storing conversations with it, beside storing the same ones without it.

Both take turns on fresh databases. A sync does more than to store (it fetches, reads and indexes),
so the share of the ledger in a whole sync is smaller than here; the second table says how much.

    python benchmarks/ledger.py --count 5000
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from common import interleaved, print_machine, print_table, synced_archive

from convarchive.records import read
from convarchive.store import database, evidence, ledger, mirror
from convarchive.store.ingest import Received, ingest

BATCH = 100
AT = "2026-01-01T00:00:00.000000Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        began = time.perf_counter()
        archive = synced_archive(room / "synced", asked.count)
        whole = time.perf_counter() - began
        received = [
            Received(read("ayra", "ayra", dict(archive.documents(key))), str(key),
                     tuple(archive.documents(key)), AT)
            for key in archive.keys("*")
        ]  # fmt: skip
        archive.close()
        with_it, without = interleaved(
            asked.runs, lambda: store(received), lambda: store_without(received)
        )
    best, bare = min(with_it), min(without)
    each = (best - bare) / len(received) * 1e6
    print_table(
        ["", "best", "a conversation"],
        [
            ["stored without the ledger", f"{bare:.2f} s", f"{bare / len(received) * 1e6:.0f} µs"],
            ["stored with it", f"{best:.2f} s", f"{best / len(received) * 1e6:.0f} µs"],
            ["a whole sync", f"{whole:.2f} s", f"{whole / len(received) * 1e6:.0f} µs"],
        ],
    )
    print(f"\nThe ledger takes {each:.0f} µs a conversation: {100 * (best / bare - 1):.1f} % of "
          f"storing, {100 * (best - bare) / whole:.1f} % of a sync.")  # fmt: skip
    print_machine()


def store(received: Sequence[Received]) -> None:
    with tempfile.TemporaryDirectory() as name:
        database.create(Path(name))
        with contextlib.closing(database.connect(name, write=True)) as connection:
            with database.transaction(connection):
                mirror.add_source(connection, "ayra", "ayra", AT)
            for at in range(0, len(received), BATCH):
                with database.transaction(connection):
                    ingest(connection, received[at : at + BATCH])


def store_without(received: Sequence[Received]) -> None:
    """The same, with an entry that is neither made nor written."""
    kept = ledger.append, evidence._commit, evidence.revision_content
    nothing = {"conversation": 0, "revision": 0}
    ledger.append = lambda *_, **__: 0  # type: ignore[assignment]
    evidence._commit = lambda *_, **__: (0, b"")  # type: ignore[assignment]
    evidence.revision_content = lambda *_: nothing  # type: ignore[assignment]
    try:
        store(received)
    finally:
        ledger.append, evidence._commit, evidence.revision_content = kept


if __name__ == "__main__":
    main()
