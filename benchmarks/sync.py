"""What a sync asks of the vendor, and how fast it is beside fetching alone.

The vendor is a sandbox in a process of its own, without a rate limit. Beside the sync stands a bare
client: as many threads, an `httpx.Client` each, that fetch the same list and the same conversations
and throw them away. The sync also reads what comes, writes it to SQLite, and indexes it. The two
take turns, each round with a new archive. Recordings are left out on both sides.

A vendor with a limit of 100 requests a minute is slower than both by orders of magnitude: there it
is the number of requests that counts, which the second table has.

    python benchmarks/sync.py
    python benchmarks/sync.py --count 5000 --rounds 5
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from common import (
    Server,
    interleaved,
    make_archive,
    print_machine,
    print_table,
    sandbox,
)

from convarchive import Archive
from convarchive.sync.engine import Options
from convarchive.sync.fetch import THREADS
from convarchive.sync.report import SyncReport

PAGE = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000, help="conversations to mirror")
    parser.add_argument("--rounds", type=int, default=3, help="of each, taking turns")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sandbox(asked.count) as server:
        archives = [Path(scratch, str(number)) for number in range(asked.rounds)]
        unused = iter(archives)
        syncs, fetches = interleaved(
            asked.rounds,
            lambda: mirror(make_archive(next(unused), server), asked.count),
            lambda: fetch_all(server, asked.count),
        )
        print_throughput(asked.count, syncs, fetches)
        print_requests(make_archive(Path(scratch, "requests"), server), asked.count)
    print_machine()


def mirror(archive: Archive, count: int) -> None:
    """Sync into an empty archive."""
    with archive:
        report = archive.sync(options=Options(recordings=False))
    assert report.sources[0].new == count, report


def fetch_all(server: Server, count: int) -> None:
    """Fetch the list and every conversation, and keep nothing but their number."""
    local = threading.local()
    pages = range(1, (count + PAGE - 1) // PAGE + 1)

    def get(path: str) -> httpx.Response:
        if not hasattr(local, "client"):
            headers = {"Authorization": f"Bearer {server.key}"}
            local.client = httpx.Client(base_url=server.base_url, headers=headers)
        answer: httpx.Response = local.client.get(path)
        return answer.raise_for_status()

    def ids(page: int) -> list[str]:
        order = f"per_page={PAGE}&sort_by=start_time&sort_order=asc"
        answer = get(f"/v1/conversations?page={page}&{order}").json()
        return [item["id"] for item in answer["data"]]

    with ThreadPoolExecutor(THREADS) as pool:
        listed = [identifier for page in pool.map(ids, pages) for identifier in page]
        sizes = pool.map(lambda each: len(get(f"/v1/conversations/{each}").content), listed)
        assert sum(size > 0 for size in sizes) == count


def print_throughput(count: int, syncs: list[float], fetches: list[float]) -> None:
    """Conversations a second, and the ratio of the two."""
    ours, bare = statistics.median(syncs), statistics.median(fetches)
    print_table(
        [f"{count:,} new conversations", "seconds", "conversations/s"],
        [
            ["sync: fetch, read, store, index", f"{ours:.2f}", f"{count / ours:,.0f}"],
            ["bare: fetch, throw away", f"{bare:.2f}", f"{count / bare:,.0f}"],
        ],
    )
    print(
        f"\nratio of the throughputs {bare / ours:.2f}; medians of {len(syncs)} rounds,"
        f" {THREADS} threads each\n"
    )


def print_requests(archive: Archive, count: int) -> None:
    """Requests for each conversation, new and unchanged."""
    rows = []
    with archive:
        for name, options in (
            ("first sync, all new", Options(recordings=False)),
            ("second sync, nothing new", Options(recordings=False)),
            ("full sync, all listed, nothing new", Options(recordings=False, full=True)),
        ):
            seconds, report = timed_sync(archive, options)
            source = report.sources[0]
            requests = source.requests
            each = f"{requests / count:.4f}"
            rows.append([name, f"{source.listed:,}", f"{requests:,}", each, f"{seconds:.2f}"])
    head = [f"{count:,} conversations", "listed", "requests", "per conversation", "seconds"]
    print_table(head, rows)


def timed_sync(archive: Archive, options: Options) -> tuple[float, SyncReport]:
    """A sync with the seconds that it took."""
    began = time.perf_counter()
    report = archive.sync(options=options)
    return time.perf_counter() - began, report


if __name__ == "__main__":
    main()
