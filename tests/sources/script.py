"""A real HTTP server on loopback that answers as a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Asked(NamedTuple):
    """One request that came."""

    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """One answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    missing: int = 0
    """Bytes that are promised and never sent."""
    dropped: bool = False
    """The connection is closed without a word."""


Answer = Reply | Callable[[Asked], Reply]


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """An answer of this JSON value; ``retry_after="1"`` is the header ``Retry-After``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **named})


class Script:
    """The server: `on` says what it answers, `asked` what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.otherwise: Answer = reply({"error": {"message": "No such path"}}, 404)
        """What it answers to anything else."""
        self._answers: dict[str, list[Answer]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def on(self, path: str, *answers: Answer) -> None:
        """From now on answer requests for this path with these in turn, then with the last."""
        self._answers[path] = list(answers)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked]

    def __enter__(self) -> Script:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        answers = self._answers.get(asked.path) or [self.otherwise]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                told = script._answer(Asked(url.path, query, self.headers))
                if told.dropped:
                    return
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told.body) + told.missing))
                self.end_headers()
                self.wfile.write(told.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
