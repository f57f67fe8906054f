"""The key is nowhere: not in a byte that the program wrote, whatever the vendor does with it.

The vendor here repeats the key wherever it can: in errors, pages, headers that are none, redirects
to another host, links to recordings, and in what it says of conversations.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import moment, payload

from convarchive import Archive
from convarchive.store.ingest import unpack

SOON = """
from convarchive.sources import pace
pace.SHORTEST_BACKOFF, pace.LONGEST_BACKOFF = 0.0, 0.01
from convarchive.cli import main
main()
"""
"""The command line, but that it tries again soon."""

KEY = "sk_live_4fJ0/x9+Qz~d2b7"
LONG = 60


class Gossip(ThreadingHTTPServer):
    """A vendor that tells everybody the key, and on another port a host that should not know it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.foreign = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
        self.overheard: list[str] = []
        self.foreign.overheard = self.overheard  # type: ignore[attr-defined]
        self.base_url = f"http://127.0.0.1:{self.server_port}"
        self.elsewhere = f"http://127.0.0.1:{self.foreign.server_port}"
        self.revoked = False
        self.told = 0
        self.lists = 0
        self.asked = threading.Event()
        self.go_on = threading.Event()
        for server in (self, self.foreign):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Close both."""
        for server in (self, self.foreign):
            server.shutdown()
            server.server_close()


class Quiet(BaseHTTPRequestHandler):
    """Says nothing on stderr."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing."""

    def send(self, status: int, body: bytes, **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Foreign(Quiet):
    """Writes down everything that it hears."""

    def do_GET(self) -> None:
        """The sound, wherever it is looked for."""
        self.server.overheard.append(f"{self.requestline}\n{self.headers}")  # type: ignore[attr-defined]
        self.send(200, b"RIFF" * 100, Content_Type="audio/wav")


class Handler(Quiet):
    """The vendor's answers."""

    server: Gossip

    def do_GET(self) -> None:
        """Tell the key, one way or the other."""
        self.server.asked.set()
        assert self.server.go_on.wait(LONG)
        self.server.told += 1
        path = self.path.partition("?")[0]
        if path.startswith("/sound/"):
            assert "Authorization" not in self.headers
            self.send(302, b"", Location=f"{self.server.elsewhere}/moved.wav")
        elif self.headers["Authorization"] != f"Bearer {KEY}" or self.server.revoked:
            self.fail(401)
        elif path == "/v1/conversations":
            self.list()
        else:
            self.detail(path.rpartition("/")[2])

    def list(self) -> None:
        """Fail in all sorts of ways; then tell what there is."""
        self.server.lists += 1
        ways = [self.good, self.mumble, self.limit, self.page, self.garble]
        if self.server.lists < len(ways):
            ways[self.server.lists]()
        else:
            self.good()

    def good(self) -> None:
        """What there is."""
        calls = [self.call(number) for number in range(9)]
        items = [{name: call[name] for name in call if name != "transcript"} for call in calls]
        body = {"data": items, "pagination": {"page": 1, "per_page": 100, "total": 9, "key": KEY}}
        self.send(200, json.dumps(body).encode(), Content_Type="application/json", X_Echo=KEY)

    def call(self, number: int) -> dict[str, Any]:
        """A conversation about the key."""
        links = {4: f"{self.server.base_url}/sound/4", 5: f"{self.server.elsewhere}/{KEY}.wav"}
        return payload(
            f"conv_{number}", moment(minutes=number), summary=f"The key is {KEY}.",
            agent_id=KEY, topics=[KEY], recording_url=links.get(number), quality={KEY: KEY},
        )  # fmt: skip

    def detail(self, identifier: str) -> None:
        """Good, or not."""
        number = int(identifier[-1])
        ways = {1: lambda: self.fail(400), 2: self.redirect, 3: self.mumble, 6: self.garble}
        if number in ways:
            ways[number]()
        elif number == 7:
            self.send(200, f'{{"data": "{KEY}"'.encode(), Content_Type="application/json")
        else:
            body = json.dumps({"data": self.call(number)}).replace("/", "\\/")
            self.send(200, body.encode(), Content_Type="application/json")

    def fail(self, status: int) -> None:
        """An error in the documented shape."""
        error = {"error": {"code": KEY, "message": f"The key {KEY} is not liked", "details": KEY}}
        self.send(status, json.dumps(error).encode(), Content_Type="application/json")

    def redirect(self) -> None:
        """To another host, with the key."""
        self.send(302, KEY.encode(), Location=f"{self.server.elsewhere}/steal?key={KEY}")

    def limit(self) -> None:
        """Too many requests; the header holds the key where a number should be."""
        self.send(429, KEY.encode(), X_RateLimit_Reset=KEY, Retry_After="0")

    def page(self) -> None:
        """A web page as a server's error."""
        self.send(503, f"<h1>{KEY}</h1>".encode(), Content_Type="text/html", Retry_After="0")

    def mumble(self) -> None:
        """A line that is no header."""
        self.wfile.write(f"HTTP/1.1 200 OK\r\n{KEY} is no header\r\n\r\n".encode())
        self.close_connection = True

    def garble(self) -> None:
        """A first line that is none."""
        self.wfile.write(f"{KEY}\r\n\r\n".encode())
        self.close_connection = True


@pytest.fixture
def gossip(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gossip]:
    """The vendor; the key is in the environment."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    server = Gossip()
    yield server
    server.stop()


class Runner:
    """Runs the command line where everything that it can write is below one directory."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.said: list[bytes] = []
        for name in ("home", "tmp"):
            (place / name).mkdir()

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """A process."""
        homes = {name: str(self.place / "home") for name in ("HOME", "XDG_CACHE_HOME")}
        return subprocess.Popen(
            [sys.executable, "-c", SOON, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.place,
            env=os.environ | homes | {"TMPDIR": str(self.place / "tmp")},
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """Its exit code; what it said is kept."""
        self.said += process.communicate(timeout=LONG)
        return process.returncode


def spellings() -> list[bytes]:
    """The key, and as JSON may have it."""
    return [KEY.encode(), KEY.replace("/", "\\/").encode(), KEY.encode("utf-16-le")]


def written(runner: Runner) -> Iterator[tuple[str, bytes]]:
    """Every byte that was written, and those that were packed, unpacked."""
    for number, said in enumerate(runner.said):
        yield f"output {number}", said
    for path in runner.place.rglob("*"):
        yield str(path), os.fsencode(path)
        if path.is_file():
            yield str(path), path.read_bytes()
    with Archive.open(runner.place / "archive") as archive:
        connection = archive._connection()
        for table in ("documents", "problems"):
            query = f"SELECT body FROM {table} WHERE body IS NOT NULL"
            for number, (body,) in enumerate(connection.execute(query)):
                yield f"{table} {number}", unpack(body)
        yield "rows", "\n".join(connection.iterdump()).encode(errors="replace")


def test_the_key_is_nowhere(gossip: Gossip, tmp_path: Path) -> None:
    """In no file, log, error, revision, metrics, process title, and at no other host."""
    make_archive(tmp_path / "archive", gossip.base_url).close()
    runner = Runner(tmp_path)
    every = ("-vv", "-a", "archive")
    process = runner.start(*every, "sync", "--log-json", "--metrics", "metrics.prom")
    assert gossip.asked.wait(LONG)
    title = Path(f"/proc/{process.pid}/cmdline")
    runner.said.append(title.read_bytes() if title.exists() else b"")
    gossip.go_on.set()
    assert runner.finish(process) == 3
    codes = [runner.finish(runner.start(*every, *command)) for command in (
        ("sync", "--json", "--full"), ("source", "test", "ayra"), ("problems", "--json"),
        ("list", "--json"), ("status",), ("export", "--format", "raw", "-o", "raw"),
    )]  # fmt: skip
    gossip.revoked = True
    codes.append(runner.finish(runner.start(*every, "sync")))
    assert codes == [3, 0, 0, 0, 0, 0, 5]
    assert gossip.told > 20
    assert len(gossip.overheard) >= 2
    places = [*written(runner), *(("another host", each.encode()) for each in gossip.overheard)]
    assert len(places) > 40
    assert any(b"***" in content for _, content in places)
    found = [name for name, content in places for key in spellings() if key in content]
    assert found == []


def test_the_search_would_find_it(gossip: Gossip, tmp_path: Path) -> None:
    """Were the key in a packed body or in a row, the search through everything would say so."""
    make_archive(tmp_path / "archive", gossip.base_url).close()
    runner = Runner(tmp_path)
    gossip.go_on.set()
    runner.finish(runner.start("-a", "archive", "sync"))
    names = [name for name, content in written(runner) if b"***" in content]
    assert {name.partition(" ")[0] for name in names} >= {"documents", "problems", "rows"}
