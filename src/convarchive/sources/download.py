"""A recording from a signed link: streamed, resumed where it breaks off, and without a key.

Signed links lead anywhere and carry their own right of way, so redirects are followed and no key is
sent. Where a connection breaks, the rest is asked for with ``Range`` (RFC 9110, section 14); from a
server that does not know ranges it is read again from the beginning, and what is there already is
passed over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from convarchive.errors import Unreachable, VendorError
from convarchive.sources.base import Download
from convarchive.sources.pace import Waiter, backoff, retry_after

if TYPE_CHECKING:
    import httpx

LARGEST = 4 * 1024**3
"""Bytes. A longer recording is cut off: it is no call."""

TRIES = 4
"""Of getting on with one recording, before it is given up for this time."""

_OK = 200
_PARTIAL = 206
_BUSY = (429, 500, 502, 503, 504)


@contextlib.contextmanager
def download(client: httpx.Client, url: str, waiter: Waiter) -> Iterator[Download | None]:
    """The bytes behind a link; None if it has expired or leads nowhere.

    Raises:
        Unreachable: Nothing answered, or it kept breaking off.
        VendorError: What comes is no sound, or too long.
        Interrupted: The user wants to stop.
    """
    import httpx

    try:
        with contextlib.ExitStack() as responses:
            response = _ask(responses, client, url, waiter, 0)
            if response.status_code != _OK:
                yield None
                return
            yield Download(_media_type(response), _chunks(responses, response, client, url, waiter))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(
            "The recording could not be fetched.", f"{type(error).__name__}: {error}."
        ) from error


def _ask(
    responses: contextlib.ExitStack,
    client: httpx.Client,
    url: str,
    waiter: Waiter,
    start: int,
) -> httpx.Response:
    """The answer to a request for the bytes from ``start`` on; patient with a busy server."""
    import httpx

    headers = {"Range": f"bytes={start}-"} if start else {}
    attempt = 0
    while True:
        waiter.check()
        attempt += 1
        pause = None
        try:
            response = responses.enter_context(client.stream("GET", url, headers=headers))
            if response.status_code not in _BUSY or attempt >= TRIES:
                return response
            pause = retry_after(response.headers)
        except httpx.TransportError as error:
            if attempt >= TRIES or isinstance(error, httpx.UnsupportedProtocol):
                raise
        waiter.wait(backoff(attempt) if pause is None else pause, "the recording's server")


def _chunks(
    responses: contextlib.ExitStack,
    response: httpx.Response,
    client: httpx.Client,
    url: str,
    waiter: Waiter,
) -> Iterator[bytes]:
    """All the bytes, over as many connections as it takes."""
    import httpx

    first = response
    got, breaks = 0, 0
    while True:
        try:
            for chunk in _after(response, got):
                waiter.check()
                got += len(chunk)
                if got > LARGEST:
                    raise VendorError(f"The recording is longer than {LARGEST // 1024**3} GiB.")
                yield chunk
        except httpx.TransportError:
            breaks += 1
            if breaks >= TRIES:
                raise
        else:
            return
        waiter.wait(backoff(breaks), "the recording's server")
        response = _ask(responses, client, url, waiter, got)
        _check_same(first, response, got)


def _after(response: httpx.Response, got: int) -> Iterator[bytes]:
    """What the answer has beyond the bytes that are there already."""
    skip = 0 if response.status_code == _PARTIAL else got
    for chunk in response.iter_raw():
        if skip >= len(chunk):
            skip -= len(chunk)
            continue
        yield chunk[skip:]
        skip = 0


def _check_same(first: httpx.Response, later: httpx.Response, start: int) -> None:
    """Two halves make one recording only if both are of the same."""
    if later.status_code not in (_OK, _PARTIAL):
        raise Unreachable("The recording broke off, and the link does not lead there any more.")
    if first.headers.get("etag") != later.headers.get("etag"):
        raise Unreachable("The recording was replaced while it was being fetched.")
    part = later.headers.get("content-range", "")
    if later.status_code == _PARTIAL and not part.startswith(f"bytes {start}-"):
        raise Unreachable("The recording broke off, and another part came than was asked for.")


def _media_type(response: httpx.Response) -> str | None:
    """What the server says that it is; an error page is not a recording."""
    said: str = response.headers.get("content-type", "")
    media_type = said.partition(";")[0].strip().lower()
    if media_type in ("text/html", "application/json", "application/xml", "text/xml"):
        raise VendorError(f"Where the recording should be, there is {media_type}.")
    return media_type or None
