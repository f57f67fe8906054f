"""The endpoints: three of the Conversation API, and the recordings that its links lead to.

========================================  ====================================================
``GET /v1/conversations``                 the list, without transcripts
``GET /v1/conversations/{id}``            one conversation, whole
``GET /v1/conversations/{id}/transcript`` its transcript, in four formats
``GET /recordings/{name}``                the sound, under a signed link and without a key
========================================  ====================================================
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from convarchive.sandbox.faults import Fault, no_conversation, no_route
from convarchive.sandbox.links import Links
from convarchive.sandbox.listing import Listing
from convarchive.sandbox.parameters import Parameters
from convarchive.sandbox.payloads import ANALYTICS
from convarchive.sandbox.recordings import Recordings
from convarchive.sandbox.transcript import transcript
from convarchive.sandbox.upstream import Upstream
from convarchive.sandbox.wire import answer, refusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class Api:
    """Answers requests from those who may ask.

    Args:
        upstream: The conversations.
        recordings: The sound of some of them.
        links: Signs and checks the way to it.
        page_limit: The most items on a page.
    """

    def __init__(
        self, upstream: Upstream, recordings: Recordings, links: Links, page_limit: int
    ) -> None:
        self.requests: Counter[str] = Counter()
        """How many were answered, by kind: list, detail, transcript, recording."""
        self._upstream = upstream
        self._recordings = recordings
        self._links = links
        self._listing = Listing(upstream, page_limit)

    def app(self) -> Starlette:
        """The endpoints as an ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/conversations", self._list),
                Route("/v1/conversations/{id}", self._detail),
                Route("/v1/conversations/{id}/transcript", self._transcript),
                Route("/recordings/{name}", self._recording),
            ],
            exception_handlers={Fault: _refused, HTTPException: _no_route},
        )

    async def _list(self, request: Request) -> Response:
        self.requests["list"] += 1
        page = self._listing.page(Parameters(request.query_params))
        shown = [self._shown(item, request) for item in page.items]
        return answer({"data": shown, "pagination": page.pagination})

    async def _detail(self, request: Request) -> Response:
        self.requests["detail"] += 1
        parameters = Parameters(request.query_params)
        hidden: list[str] = []
        if parameters.truth("include_transcript") is False:
            hidden.append("transcript")
        if parameters.truth("include_recording") is False:
            hidden.append("recording_url")
        if parameters.truth("include_analytics") is False:
            hidden.extend(ANALYTICS)
        shown = self._shown(self._asked_for(request), request)
        for field in hidden:
            shown.pop(field, None)
        return answer({"data": shown})

    async def _transcript(self, request: Request) -> Response:
        self.requests["transcript"] += 1
        return transcript(self._asked_for(request), Parameters(request.query_params))

    async def _recording(self, request: Request) -> Response:
        self.requests["recording"] += 1
        name = request.path_params["name"]
        self._links.check(name, request.query_params)
        return self._recordings.answer(name, request.headers)

    def _asked_for(self, request: Request) -> dict[str, Any]:
        conversation_id = request.path_params["id"]
        payload = self._upstream.find(conversation_id)
        if payload is None:
            raise no_conversation(conversation_id)
        return payload

    def _shown(self, payload: dict[str, Any], request: Request) -> dict[str, Any]:
        """The payload with a new link in the place of the recording's name."""
        shown = dict(payload)
        if name := shown.pop("recording", None):
            host, port = request.scope["server"]
            shown["recording_url"] = f"http://{host}:{port}{self._links.sign(name)}"
        return shown


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Fault)  # noqa: S101 - Starlette's types cannot say which it calls for
    return refusal(error)


async def _no_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(no_route(status))
