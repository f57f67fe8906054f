"""How much of a vendor's limit a sync uses, and whether it ever asks too often.

The vendor is a sandbox in a process of its own. In front of it stands a counter, a proxy in another
process, which writes down every request that is answered: when it came, with which key, what the
answer's status was and which window the vendor has counted it in. A sync is let run for some
minutes with more to fetch than it may, and is then stopped.

The limit has two kinds of window. *First request*: the sandbox's own, a minute that begins with a
key's first request. *Clock*: the minutes of the clock, which the counter keeps itself, before a
sandbox without a limit.

A share is what was used of the limit in one minute, three times: in each whole window of the
vendor's, in each whole minute of the clock, and in any sixty seconds whatever. The table has the
least of each; all should be at least 97 %. The vendor's windows are what its limit is about. The
other two fall short as soon as windows begin late, since what is late in one minute is in the next.

    python benchmarks/pace.py                       three cases, a quarter of an hour
    python benchmarks/pace.py --limit 100 --minutes 10 --latency 0.2 --case clock
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import math
import multiprocessing
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from common import print_machine, print_table, sandbox

from convarchive import Archive, settings
from convarchive.sync.engine import Options
from convarchive.sync.report import SourceReport

TARGET = 0.97
MINUTE = 60
TOO_MANY = 429


class Case(NamedTuple):
    """One row of the table."""

    name: str
    keys: int = 1
    clock: bool = False
    """Whether the windows are the clock's minutes."""


CASES = {
    "first": Case("one key, from the first request"),
    "keys": Case("two keys, from the first request", keys=2),
    "clock": Case("one key, minutes of the clock", clock=True),
}


class Asked(NamedTuple):
    """One request, as the counter saw it."""

    at: float
    """Unix seconds when it came."""
    key: str
    status: int
    window: float
    """When the vendor's window ends that it was counted in, as the answer says."""


class Measured(NamedTuple):
    """One run."""

    asked: list[Asked]
    ended: float
    """Unix seconds when the sync was told to stop."""
    report: SourceReport


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--limit", type=int, default=600, help="requests a minute and key")
    parser.add_argument("--minutes", type=int, default=4, help="whole minutes to measure")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds to each answer")
    parser.add_argument("--case", choices=CASES, action="append", help="only this one")
    given = parser.parse_args()
    rows = []
    for name in given.case or CASES:
        measured = measure(CASES[name], given.limit, given.minutes, given.latency)
        rows.append(row(CASES[name], given.limit, measured))
    print_table(
        [
            f"{given.limit:,} a minute, {given.latency * 1000:.0f} ms",
            *("requests", "windows", "least", "minutes", "least", "any 60 s", "429"),
        ],
        rows,
    )
    print(f"\nthe least share of the limit that was used; should be at least {TARGET:.0%}")
    print_machine()


def measure(case: Case, limit: int, minutes: int, latency: float) -> Measured:
    """Let a sync run for so many whole minutes, and for what is cut off at both ends."""
    count = case.keys * limit * (minutes + 2)
    stop = threading.Event()
    with (
        tempfile.TemporaryDirectory() as scratch,
        sandbox(count, None if case.clock else limit) as server,
        counter(server.base_url, limit if case.clock else None, latency) as (url, told),
    ):
        archive = make_archive(Path(scratch, "archive"), url, server.key, case.keys)
        ending = threading.Timer((minutes + 1) * MINUTE + 1, stop.set)
        ending.start()
        with archive:
            report = archive.sync(options=Options(recordings=False), stop=stop)
        ended = time.time()
        assert stop.is_set(), "there was not enough to fetch"
        told.send("enough")
        return Measured(sorted(Asked(*each) for each in told.recv()), ended, report.sources[0])


def make_archive(directory: Path, url: str, key: str, keys: int) -> Archive:
    """An empty archive with one source that has so many keys."""
    archive = Archive.create(directory)
    variables = tuple(f"CONVARCHIVE_BENCHMARK_KEY_{number}" for number in range(keys))
    for number, variable in enumerate(variables):
        os.environ[variable] = f"{key}_{number}"
    settings.add_source(directory, settings.SourceSettings("ayra", "ayra", url, variables))
    return archive


def row(case: Case, limit: int, measured: Measured) -> list[str]:
    """The cells of one case."""
    asked, ended, report = measured
    refused = sum(each.status == TOO_MANY for each in asked)
    assert refused == report.rate_limited, (refused, report)
    fine = [each for each in asked if each.status != TOO_MANY]
    budget = limit * case.keys
    windows = per_window(fine, case)
    times = [each.at for each in fine]
    clock = per_minute(times, ended)
    anywhen = any_minute(times, ended)
    return [
        case.name,
        f"{len(asked):,}",
        f"{len(windows)}",
        share(windows, limit),
        f"{len(clock)}",
        share(clock, budget),
        share(anywhen, budget),
        f"{refused}",
    ]


def per_window(asked: list[Asked], case: Case) -> list[int]:
    """Requests in each of the vendor's windows that the sync has seen whole."""
    counts = Counter((each.key, each.window) for each in asked)
    whole: list[int] = []
    for key in sorted({key for key, _ in counts}):
        windows = [counts[each] for each in sorted(counts) if each[0] == key]
        # The last is cut off; the clock's first has begun before the sync.
        whole += windows[case.clock : -1]
    return whole


def per_minute(times: list[float], ended: float) -> list[int]:
    """Requests in each minute of the clock that lies whole within the run."""
    counts = Counter(math.floor(at / MINUTE) for at in times)
    first, last = math.ceil(times[0] / MINUTE), math.floor(ended / MINUTE)
    return [counts[minute] for minute in range(first, last)]


def any_minute(times: list[float], ended: float) -> list[int]:
    """Requests in each sixty seconds within the run, one beginning just after each request."""
    counts = []
    until = 0
    for number, begin in enumerate(times):
        if begin + MINUTE > ended:
            break
        while until < len(times) and times[until] <= begin + MINUTE:
            until += 1
        counts.append(until - number - 1)
    return counts


def share(counts: list[int], budget: int) -> str:
    return f"{min(counts) / budget:.1%}"


@contextlib.contextmanager
def counter(upstream: str, limit: int | None, latency: float) -> Iterator[tuple[str, Connection]]:
    """The counter in a process of its own: its base URL, and who tells all at last."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=count_requests, args=(theirs, upstream, limit, latency))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def count_requests(told: Connection, upstream: str, limit: int | None, latency: float) -> None:
    """Serve until told that it is enough, then tell what was asked."""
    handler = Proxy.between(upstream, None if limit is None else ClockLimit(limit), latency)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told.send(f"http://127.0.0.1:{server.server_port}")
        told.recv()
        told.send([tuple(each) for each in handler.asked])
        server.shutdown()


class ClockLimit:
    """So many requests of each key in each minute of the clock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def spend(self, key: str, at: float) -> tuple[bool, dict[str, str]]:
        """Whether it may be answered, and what the headers say then."""
        minute = math.floor(at / MINUTE)
        with self._lock:
            fits = self._spent[key, minute] < self._limit
            self._spent[key, minute] += fits
            left = self._limit - self._spent[key, minute]
        reset = (minute + 1) * MINUTE
        figures = {"limit": self._limit, "remaining": left, "reset": reset}
        return fits, {f"x-ratelimit-{name}": str(figure) for name, figure in figures.items()}


class Proxy(BaseHTTPRequestHandler):
    """Passes every request on, and writes it down."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    asked: list[Asked]
    upstream: str
    limit: ClockLimit | None
    latency: float

    @classmethod
    def between(cls, upstream: str, limit: ClockLimit | None, latency: float) -> type[Proxy]:
        """One that knows its place."""
        place = {"asked": [], "upstream": upstream, "limit": limit, "latency": latency}
        return type("Placed", (cls,), place)

    def do_GET(self) -> None:
        """Half of the latency lies before the vendor, half behind it."""
        time.sleep(self.latency / 2)
        at = time.time()
        key = self.headers["Authorization"].rpartition(" ")[2]
        fits, figures = self.limit.spend(key, at) if self.limit else (True, {})
        status, headers, body = self.passed_on() if fits else refusal()
        headers |= figures
        self.asked.append(Asked(at, key, status, float(headers["x-ratelimit-reset"])))
        time.sleep(self.latency / 2)
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def passed_on(self) -> tuple[int, dict[str, str], bytes]:
        """What the sandbox answers, on a connection of its own: one that is kept may be closed."""
        behind = http.client.HTTPConnection(str(urlsplit(self.upstream).netloc))
        with contextlib.closing(behind):
            behind.request("GET", self.path, headers=dict(self.headers))
            answer = behind.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            headers.pop("connection", None)
            return answer.status, headers, answer.read()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def refusal() -> tuple[int, dict[str, str], bytes]:
    """What Ayra says when it is too much."""
    body = json.dumps({"error": {"type": "rate_limit_error", "message": "Too many requests"}})
    headers = {"date": formatdate(usegmt=True), "content-length": str(len(body))}
    return TOO_MANY, headers, body.encode()


if __name__ == "__main__":
    main()
