"""Who may ask, how often, and how soon the answer goes out.

Stands before every path under ``/v1/``, also those that do not exist. Recordings are not behind it:
their links carry their own right of way and need no key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from convarchive.sandbox import faults
from convarchive.sandbox.faults import Fault
from convarchive.sandbox.limits import Budget, Limits
from convarchive.sandbox.wire import refusal

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCOPE: Final = "conversations:read"
PREFIX: Final = "sk_test_"


class Gate:
    """An ASGI application in front of another one.

    Args:
        app: What answers those who may ask.
        keys: Which keys are good, see `Keys`.
        limits: How often each may ask.
        latency: Seconds added to every answer.
    """

    def __init__(self, app: ASGIApp, keys: Keys, limits: Limits, latency: float) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._latency = latency
        self.rate_limited = 0
        """How many requests were answered with 429."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: let it through, or say why not."""
        if not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        budget, fault = self._judge(Headers(scope=scope).get("authorization", ""))
        headers = budget.headers()

        async def send_with_budget(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        if self._latency:
            await asyncio.sleep(self._latency)
        answer: ASGIApp | Response = refusal(fault) if fault else self._app
        await answer(scope, receive, send_with_budget)

    def _judge(self, authorization: str) -> tuple[Budget, Fault | None]:
        """What the key may still ask for, and why not now, if so."""
        try:
            key = self._keys.admit(authorization)
        except Fault as fault:
            return self._limits.look(""), fault
        budget = self._limits.spend(key)
        if budget.remaining >= 0:
            return budget, None
        self.rate_limited += 1
        return budget, faults.too_many_requests(budget.limit, budget.wait())


class Keys:
    """The keys that are good.

    Args:
        known: The keys, or a mapping from each to its scopes; without scopes a key may read
            conversations. ``None`` takes every key that begins with ``sk_test_``.
    """

    def __init__(self, known: Collection[str] | Mapping[str, Collection[str]] | None) -> None:
        self._scopes: Mapping[str, Collection[str]] | None
        if known is None or isinstance(known, Mapping):
            self._scopes = known
        else:
            self._scopes = dict.fromkeys(known, (SCOPE,))

    @property
    def good(self) -> str:
        """One that may read conversations, or an empty text if there is none."""
        if self._scopes is None:
            return f"{PREFIX}sandbox"
        return next((key for key, scopes in self._scopes.items() if SCOPE in scopes), "")

    def admit(self, authorization: str) -> str:
        """The key in this header; raises `Fault` unless it may read conversations."""
        scheme, _, key = authorization.partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise faults.missing_key()
        if self._scopes is None:
            if not key.startswith(PREFIX):
                raise faults.refused_key()
        elif key not in self._scopes:
            raise faults.refused_key()
        elif SCOPE not in self._scopes[key]:
            raise faults.missing_scope(SCOPE)
        return key
