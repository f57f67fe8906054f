"""The layer that makes things go wrong, in front of everything that the sandbox answers.

Some faults come in the place of an answer: errors in bursts, a web page, a rate limit, silence.
Others befall the answer: it breaks off, its JSON ends too soon, its totals lie, a line of the list
stands there twice. Beside that, what is listed may change between two pages (`drift`), and the
vendor's clock may be wrong.

Which fault comes is drawn from the seed, from what is asked for, and from how often that was asked
for before. It does not hang on the order in which requests happen to arrive, so the same client
meets the same faults again, however many threads it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from email.utils import formatdate
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from convarchive.sandbox.chaos import EXCLUSIVE, Chaos
from convarchive.sandbox.drift import Drift
from convarchive.sandbox.faults import Fault
from convarchive.sandbox.wire import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from convarchive.sandbox.upstream import Upstream

_LIST: Final = "/v1/conversations"
_PAGE: Final = b"<!doctype html><title>Bad gateway</title><h1>Please try again later</h1>"


class Severable(H11Protocol):
    """HTTP for a server whose application can cut the connection: ASGI has no word for that."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self.app_state = self.app_state | {"sever": transport.abort}


class Disturbed:
    """An ASGI application in front of another one. The server must be `Severable`.

    Args:
        app: What answers.
        chaos: What goes wrong.
        upstream: What drifts.
    """

    def __init__(self, app: ASGIApp, chaos: Chaos, upstream: Upstream) -> None:
        self._app = app
        self._chaos = chaos
        self._drift = Drift(upstream, chaos.seed)
        self._times: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to."""
        chaos = self._chaos
        if not chaos.active:
            await self._app(scope, receive, _dated(send, chaos))
            return
        kind, random = self._draw(scope)
        if scope["path"] == _LIST and random.random() < chaos.drift:
            chaos.injected[self._drift.step()] += 1
        if kind == "hang":
            chaos.injected[kind] += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_gone(receive), chaos.hang_seconds)
            await _sever(scope, receive)
            return
        answer = self._instead(kind, random) or await _answer(self._app, scope, receive)
        if scope["path"] == _LIST and answer.status == 200 and answer.is_json:
            answer = self._distorted(answer, random)
        if kind == "truncated" and not answer.is_json:
            kind = ""  # cut sound is sound: nobody could tell
        if kind == "truncated":
            answer = answer.having(answer.body[: random.randrange(len(answer.body))])
        if kind:
            chaos.injected[kind] += 1
        cut = random.randrange(len(answer.body)) if kind == "resets" and answer.body else None
        await _send(answer, cut, scope, receive, _dated(send, chaos))

    def _draw(self, scope: Scope) -> tuple[str, Random]:
        """Which fault this answer is to have, and the chance for everything that is left open."""
        chaos = self._chaos
        asked = scope["path"]
        if asked.startswith("/v1/"):  # a recording's link is another one each time
            asked += "?" + scope["query_string"].decode("latin-1")
        self._times[asked] += 1
        times = self._times[asked]
        begins = chaos.errors / chaos.burst
        for earlier in range(1, min(chaos.burst, times)):
            if self._random(asked, times - earlier).random() < begins:
                return "errors", self._random(asked, times)
        random = self._random(asked, times)
        left = random.random()
        for kind in EXCLUSIVE:
            left -= begins if kind == "errors" else getattr(chaos, kind)
            if left < 0:
                return kind, random
        return "", random

    def _random(self, asked: str, times: int) -> Random:
        return Random(f"{self._chaos.seed} {asked} {times}")  # noqa: S311 - no secret

    def _instead(self, kind: str, random: Random) -> _Answer | None:
        """What comes in the place of an answer, if anything does."""
        if kind == "errors":
            status = random.choice((500, 502, 503, 504))
            error = {"type": "api_error", "message": "Something went wrong", "code": "internal"}
            return _refused(Fault(status, error))
        if kind == "html":
            page = [(b"content-type", b"text/html; charset=utf-8")]
            return _Answer(random.choice((200, 502)), page, b"").having(_PAGE)
        if kind == "rate_limited":
            error = {"code": "rate_limit_exceeded", "message": "Too many requests", "details": ""}
            seconds = self._chaos.retry_seconds
            at = formatdate(_now(self._chaos) + seconds, usegmt=True)
            said = random.choice(("", str(seconds), at))
            return _refused(Fault(429, error, {"Retry-After": said} if said else None))
        return None

    def _distorted(self, answer: _Answer, random: Random) -> _Answer:
        """A list that tells too much or too little."""
        chaos = self._chaos
        envelope: dict[str, Any] = msgspec.json.decode(answer.body)
        if random.random() < chaos.totals:
            chaos.injected["totals"] += 1
            told, factor = envelope["pagination"], random.choice((0, 0.5, 2))
            told["total"] = int(told["total"] * factor)
            told["total_pages"] = int(told["total_pages"] * factor)
        if envelope["data"] and random.random() < chaos.duplicates:
            chaos.injected["duplicates"] += 1
            items = envelope["data"]
            items.insert(random.randrange(len(items) + 1), random.choice(items))
        return answer.having(msgspec.json.encode(envelope))


class _Answer(NamedTuple):
    """An answer that has not been sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def is_json(self) -> bool:
        return (b"content-type", b"application/json") in self.headers and bool(self.body)

    def having(self, body: bytes) -> _Answer:
        """The same with another body, and that one's length."""
        kept = [pair for pair in self.headers if pair[0] != b"content-length"]
        return self._replace(body=body, headers=[*kept, (b"content-length", b"%d" % len(body))])


def _refused(fault: Fault) -> _Answer:
    response = refusal(fault)
    return _Answer(response.status_code, response.raw_headers, bytes(response.body))


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> _Answer:
    """What the application has to say, kept back."""
    start: Message = {}
    body: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.append(message.get("body", b""))

    await app(scope, receive, keep)
    return _Answer(start["status"], list(start["headers"]), b"".join(body))


async def _send(
    answer: _Answer, cut: int | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send an answer, or so many bytes of its body and then close the connection."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    await send(
        {"type": "http.response.body", "body": answer.body[:cut], "more_body": cut is not None}
    )
    if cut is not None:
        await _sever(scope, receive)


async def _sever(scope: Scope, receive: Receive) -> None:
    scope["state"]["sever"]()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _now(chaos: Chaos) -> float:
    """Unix seconds by the vendor's clock."""
    return time.time() + 3600 * chaos.skew_hours


def _dated(send: Send, chaos: Chaos) -> Send:
    """Sends every answer with the times of the vendor's clock, where that is wrong."""
    if not chaos.skew_hours:
        return send

    async def send_dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            chaos.injected["skew_hours"] += 1
            headers = [_skewed(pair, chaos) for pair in message["headers"]]
            date = formatdate(_now(chaos), usegmt=True).encode()
            message = {**message, "headers": [*headers, (b"date", date)]}
        await send(message)

    return send_dated


def _skewed(header: tuple[bytes, bytes], chaos: Chaos) -> tuple[bytes, bytes]:
    name, value = header
    if name != b"x-ratelimit-reset":
        return header
    return name, b"%d" % (int(value) + 3600 * chaos.skew_hours)
