"""Ways to run the command line: in this process, on a terminal, and against servers of our own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from convarchive import Archive, settings
from convarchive.cli import run as run_command_line
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options

KEY_VARIABLE = "CONVARCHIVE_TEST_KEY"

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x9b31m"
"""What a terminal would obey: a new title, a cleared screen, colours, and a C1 introducer."""

ODD = (
    f"NUL \0 escape {ESCAPES} backspace \b\b return \rover delete \x7f tab \t form \f"
    " right-to-left \u202egnp.exe\u202c isolate \u2067abc\u2069 mark \u200f line \u2028 para \u2029"
    " next \x85 byte order \ufeff joined 👩\u200d👩\u200d👧 wide 日本語 combined e\u0301"
)
"""One of everything that makes a screen misbehave."""


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]
OnTerminal = Callable[..., "Screen"]


class Screen(NamedTuple):
    """What a command wrote on a terminal, both streams together."""

    code: int
    text: str
    """As it came, but with a plain line feed at the end of each line."""

    @property
    def plain(self) -> str:
        """Without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.text)


def hostile_conversations() -> list[dict[str, Any]]:
    """Conversations as a vendor might send them at its worst, all with the word *zebra*."""
    plain = {"status": "completed", "language": "en", "summary": "zebra"}

    def said(*texts: str, **more: Any) -> dict[str, Any]:
        messages = [
            {"speaker": "agent" if at % 2 else "customer", "text": text, "timestamp": at * 2.0}
            for at, text in enumerate(texts)
        ]
        return plain | {"transcript": {"language": "en", "messages": messages}} | more

    return [
        said(f"zebra {ODD}", ODD) | {"id": "odd_everywhere_1", "summary": f"zebra {ODD}"}
        | dict.fromkeys(("agent_id", "caller_number", "outcome", "intent"), ODD)
        | {"topics": [ODD], "keywords": [ODD], "failure_reason": ODD, "language": f"en{ODD}"}
        | {"start_time": "2026-02-01T10:00:00Z", "duration": 61, "actions": [{ODD: ODD}]},
        said("zebra " + "word " * 60_000) | {"id": "long_turn_0001"}
        | {"start_time": "2026-02-02T10:00:00Z"},
        said("zebra" * 400, "犬" * 400 + " zebra") | {"id": "unbroken_0001"}
        | {"start_time": "2026-02-03T10:00:00Z"},
        said("zebra") | {"id": "x" * 120, "start_time": "2026-02-04T10:00:00Z"},
        plain | {"id": "no_transcript_1", "start_time": "2026-02-05T10:00:00Z", "transcript": None},
        said() | {"id": "no_turns_000001", "start_time": "2026-02-06T10:00:00Z"},
        plain | {"id": "no_times_000001", "start_time": "2026-02-07T10:00:00Z", "transcript":
                 {"messages": [{"speaker": "", "text": "zebra"}, {"text": ""}]}},
        said("zebra") | {"id": f"odd_id_{ESCAPES}", "start_time": "2026-02-08T10:00:00Z"},
    ]  # fmt: skip


def new_archive(directory: Path, base_url: str, name: str = "ayra") -> Archive:
    """An empty archive with one source."""
    archive = Archive.create(directory)
    settings.add_source(directory, settings.SourceSettings(name, "ayra", base_url, KEY_VARIABLE))
    return archive


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process, in an empty directory: as the real one, and fast."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str | Path) -> Ran:
        capsys.readouterr()
        code = run_command_line([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def find(run: Run, synced: Archive) -> Run:
    """Runs a command that only reads, on an archive of the demo's conversations."""

    def find(*args: str) -> Ran:
        return run("-a", synced.directory, *args)

    return find


@pytest.fixture
def copied(synced: Archive, tmp_path: Path) -> Iterator[Archive]:
    """An archive of the demo's conversations, with its index, to be changed."""
    # To read the file by itself would take SQLite's locks on it from this process.
    synced.close()
    shutil.copytree(synced.directory, tmp_path / "copied")
    with Archive.open(tmp_path / "copied") as archive:
        yield archive


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an archive of `hostile_conversations`, with a history and a problem."""
    directory = tmp_path_factory.mktemp("hostile") / f"archive-{'long-' * 12}"
    with Sandbox(count=0) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, sandbox.key)
        for conversation in hostile_conversations():
            sandbox.upstream.put(conversation)
        source = "a-source-with-a-name-of-forty-characters"
        with new_archive(directory, sandbox.base_url, source) as archive:
            assert archive.sync().complete
            changed = sandbox.upstream.get("odd_everywhere_1")
            assert changed is not None
            sandbox.upstream.put(changed | {"summary": f"zebra again {ODD}", "intent": ESCAPES})
            broken = {"id": f"broken_{ESCAPES}", "transcript": ESCAPES, "start_time": "2026-02-09"}
            sandbox.upstream.put(broken | {"status": "completed", "quality": _nested(150)})
            report = archive.sync(options=Options(full=True))
            assert (report.sources[0].changed, report.sources[0].problems) == (1, 1)
    return directory


def _nested(depth: int) -> Any:
    return {"a": _nested(depth - 1)} if depth else 1


@pytest.fixture
def on_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnTerminal:
    """Runs the command line in this process, both streams on a pseudo-terminal."""
    pytest.importorskip("pty")
    monkeypatch.chdir(tmp_path)

    def on_terminal(
        *args: str | Path, columns: int = 80, env: Mapping[str, str] | None = None
    ) -> Screen:
        ours, theirs = _terminal(columns)
        with monkeypatch.context() as patch, ThreadPoolExecutor(1) as reader:
            text = reader.submit(_read_all, ours)
            with open(theirs, "w") as out, open(os.dup(theirs), "w") as err:  # noqa: PTH123
                patch.delenv("COLUMNS", raising=False)  # parallel test runners set it
                for name, value in {"TERM": "xterm-256color", **(env or {})}.items():
                    patch.setenv(name, value)
                for name, stream in (("stdout", out), ("stderr", err), ("__stdout__", out)):
                    patch.setattr(sys, name, stream)
                code = run_command_line([str(arg) for arg in args])
            # Strictly: a terminal gets whole characters.
            return Screen(code, text.result().decode("utf-8").replace("\r\n", "\n"))

    return on_terminal


def _terminal(columns: int) -> tuple[int, int]:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    return ours, theirs


def _read_all(descriptor: int) -> bytes:
    """What comes from a terminal until nobody has it open any more; closes it."""
    chunks = []
    with contextlib.suppress(OSError):  # on Linux the end of a terminal is EIO
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
    os.close(descriptor)
    return b"".join(chunks)


Answer = Callable[[str], tuple[int, str, bytes]]
"""From the path that was asked for to a status, a media type and a body."""


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Starts a plain web server that answers as it is told; gives its base URL."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, media_type, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


class Receiver:
    """A web server that takes what is posted to it, or answers as it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ours.got.append((self.path, dict(self.headers), body))
                self.send_response(ours.status)
                if ours.status == 307:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def ids(self) -> list[str]:
        """The conversations that came, in their order."""
        return [json.loads(body)["conversation"]["id"] for _, _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server on loopback."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
