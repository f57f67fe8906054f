"""The server itself: a thread with an event loop, bound to loopback and to nothing else."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from convarchive.errors import UsageError
from convarchive.sandbox import demo
from convarchive.sandbox.api import Api
from convarchive.sandbox.chaos import Chaos
from convarchive.sandbox.disturbed import Disturbed, Severable
from convarchive.sandbox.gate import Gate, Keys
from convarchive.sandbox.generator import Generator
from convarchive.sandbox.limits import Limits
from convarchive.sandbox.links import Links
from convarchive.sandbox.recordings import Recordings
from convarchive.sandbox.upstream import Upstream

_HOST = "127.0.0.1"


class Sandbox:
    """The Ayra Conversation API on loopback.

    A context manager: entering it starts the server, leaving it stops it. It may be started again,
    on the same port.

    Args:
        count: Serve so many made-up conversations instead of those in ``data/``.
        seed: Which ones; the same seed and count make the same conversations.
        port: To listen on; 0 for any that is free.
        keys: Which API keys are good, or a mapping from each to its scopes; ``None`` takes every
            key that begins with ``sk_test_``.
        rate_limit: Requests a key may make in each window; ``None`` for as many as it likes.
        rate_window: Seconds of such a window. Ayra's is a minute.
        link_seconds: How long a recording link is good.
        data: A directory with ``conversations/*.json`` and ``recordings/``; ``None`` for the one
            that came with the package.
        page_limit: The most items on a page, whatever is asked for.
        latency: Seconds that every answer of the API is held back.
        chaos: What goes wrong, on purpose.

    Raises:
        UsageError: ``data`` has no conversations, or they cannot be read.
    """

    def __init__(
        self,
        *,
        count: int | None = None,
        seed: int = 1,
        port: int = 0,
        keys: Collection[str] | Mapping[str, Collection[str]] | None = None,
        rate_limit: int | None = None,
        rate_window: float = 60.0,
        link_seconds: float = 900,
        data: Path | None = None,
        page_limit: int = 100,
        latency: float = 0.0,
        chaos: Chaos | None = None,
    ) -> None:
        self.upstream, self.recordings = _served(count, seed, data)
        self.port = port
        known = Keys(keys)
        self.key = known.good
        """An API key that is good."""
        self._api = Api(self.upstream, self.recordings, Links(link_seconds), page_limit)
        self.chaos = chaos or Chaos()
        self._gate = Gate(self._api.app(), known, Limits(rate_limit, rate_window), latency)
        self._app = Disturbed(self._gate, self.chaos, self.upstream) if chaos else self._gate
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Where it listens, without a slash at the end; true once it was started."""
        return f"http://{_HOST}:{self.port}"

    @property
    def requests(self) -> Counter[str]:
        """How many requests were let in, by kind: list, detail, transcript, recording."""
        return self._api.requests

    @property
    def rate_limited(self) -> int:
        """How many requests were answered with 429; they are not among `requests`."""
        return self._gate.rate_limited

    def start(self) -> Self:
        """Listen and answer, in a thread of its own, until `stop`.

        Raises:
            UsageError: The port is taken, or not ours to take.
        """
        if self._thread:
            return self
        listener = _listener(self.port)
        self.port = listener.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=Severable,
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=not self.chaos.skew_hours,
                timeout_graceful_shutdown=1,
            )
        )
        # The socket listens already: a request that comes before the loop runs waits in its queue.
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="convarchive-sandbox", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish the answers that are on their way, and close the port."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    def run(self) -> None:
        """Serve until Ctrl-C."""
        self.start()
        with contextlib.suppress(KeyboardInterrupt):
            while self._thread and self._thread.is_alive():
                # With a timeout, since on Windows a bare join does not see Ctrl-C.
                self._thread.join(0.5)
        self.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _served(count: int | None, seed: int, data: Path | None) -> tuple[Upstream, Recordings]:
    """Made-up conversations, or those in a data directory."""
    if count is not None:
        if data is not None or count < 0:
            raise UsageError(
                "The sandbox serves either conversations from files or a number of made-up ones.",
                hint="Give a data directory, or a count of at least 0.",
            )
        generator = Generator(count, seed)
        return Upstream(generator), Recordings(made=generator.recording)
    folder = demo.folder(data)
    upstream = Upstream()
    for payload in demo.conversations(folder):
        upstream.put(payload)
    return upstream, Recordings(demo.recordings(folder))


def _listener(port: int) -> socket.socket:
    # The protocol is named, since asyncio turns Nagle's algorithm off only for sockets that say
    # they are TCP; with it on, every answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(512)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"The sandbox cannot listen on port {port} of {_HOST}: {error}."
        ) from error
    return listener
