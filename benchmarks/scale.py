"""A sync of an archive of many conversations: its memory, and what it costs when nothing is new.

The vendor is a sandbox in a process of its own, without a rate limit. Each sync is a fresh
`convarchive sync` process, as cron starts it. While the first one mirrors everything, its resident
memory is read ten times a second, and shown for each tenth of the conversations that it has stored.
Part of it are files of the index that are mapped while the index is merged; the system can take
those back at any time. Then come syncs with nothing new, and beside each the very requests that it
makes, sent by a bare `httpx` client that throws them away; what is left is the time that the
program itself takes.

    python benchmarks/scale.py
    python benchmarks/scale.py --count 20000
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from common import PYTHON, Server, interleaved, make_archive, print_machine, print_table, sandbox

from convarchive.store import database, mirror
from convarchive.sync.engine import Options, stretch

PAGE = 100
ROUNDS = 5
_MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=200_000, help="conversations to mirror")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sandbox(asked.count) as server:
        directory = Path(scratch, "archive")
        with make_archive(directory, server):
            pass
        began = time.perf_counter()
        report, memory = synced(directory, asked.count)
        print_first(asked.count, report, memory, time.perf_counter() - began)
        print_nothing_new(directory, server)
    print_machine()


Memory: TypeAlias = dict[int, tuple[int, int]]


def synced(directory: Path, count: int) -> tuple[dict[str, Any], Memory]:
    """The first sync, and its resident memory by the tenths of the conversations stored."""
    memory: Memory = {}
    with subprocess.Popen(_command(directory), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while process.poll() is None:
            tenth = stored(directory) * 10 // count
            memory[tenth] = max(memory.get(tenth, (0, 0)), resident(process.pid))
            time.sleep(0.1)
        report = json.load(process.stdout)["sources"][0]
    assert report["new"] == count, report
    return report, memory


def stored(directory: Path) -> int:
    """How many conversations there are by now."""
    with contextlib.closing(database.connect(directory)) as connection:
        (found,) = connection.execute("SELECT coalesce(max(key), 0) FROM conversations").fetchone()
    return int(found)


def resident(process: int) -> tuple[int, int]:
    """Bytes, and how many of them are of files."""
    with contextlib.suppress(OSError, IndexError):
        status = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
        page = os.sysconf("SC_PAGESIZE")
        return int(status[1]) * page, int(status[2]) * page
    return 0, 0


def print_first(count: int, report: dict[str, Any], memory: Memory, seconds: float) -> None:
    """How it went, and how much memory it took."""
    print(f"{count:,} new conversations: {report['requests']:,} requests,")
    each, rate = report["requests"] / count, count / seconds
    print(f"{each:.4f} each; {seconds:,.0f} s, {rate:,.0f} a second\n")
    rows = [
        [
            f"{tenth * 10} %" if tenth < 10 else "indexing",
            *(f"{size / _MIB:,.0f} MiB" for size in sizes),
        ]
        for tenth, sizes in sorted(memory.items())
    ]
    print_table(["stored", "resident", "of that mapped files"], rows)
    print()


def print_nothing_new(directory: Path, server: Server) -> None:
    """Syncs that find nothing, beside their requests alone."""
    reports: list[dict[str, Any]] = []
    since = _since(directory)

    def sync() -> None:
        done = subprocess.run(_command(directory), stdout=subprocess.PIPE, check=True)
        reports.append(json.loads(done.stdout)["sources"][0])

    syncs, requests = interleaved(ROUNDS, sync, lambda: send(server, since))
    last = reports[-1]
    assert last["new"] == last["changed"] == 0, last
    own = statistics.median(syncs) - statistics.median(requests)
    print_table(
        ["nothing new", ""],
        [
            ["listed in the look-back", f"{last['listed']:,}"],
            ["requests", f"{last['requests']:,}"],
            ["requests for each of those listed", f"{last['requests'] / last['listed']:.4f}"],
            ["seconds, the whole process", f"{statistics.median(syncs):.2f}"],
            ["seconds, its requests alone", f"{statistics.median(requests):.2f}"],
            ["seconds beside the requests", f"{own:.2f}"],
        ],
    )


def send(server: Server, since: str) -> None:
    """The requests that a sync with nothing new makes."""
    headers = {"Authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.base_url, headers=headers) as client:
        order = f"per_page={PAGE}&sort_by=start_time&sort_order=asc"
        client.get(f"/v1/conversations?{order}&status=in_progress").raise_for_status()
        while True:
            answer = client.get(f"/v1/conversations?{order}&start_date={since}")
            items = answer.raise_for_status().json()["data"]
            if len(items) < PAGE:
                return
            since = items[-1]["start_time"]


def _since(directory: Path) -> str:
    with contextlib.closing(database.connect(directory)) as connection:
        row = mirror.source(connection, "ayra")
    assert row is not None
    since, _ = stretch(row.listed_to, Options())
    assert since is not None
    return since


def _command(directory: Path) -> list[str]:
    where = ("--archive", str(directory))
    return [*PYTHON, *where, "--quiet", "sync", "--no-recordings", "--json"]


if __name__ == "__main__":
    main()
