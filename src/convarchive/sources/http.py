"""The client that every source shares: paced, patient, and careful with the key.

Each thread has its own connections; measured, that is four to ten times as fast as one
asynchronous client. One place retries, this one: a rate limit, a server's error, a timeout, a
reset, a truncated body. What can't get better by asking again (a wrong key, a web page where the
API should be) is raised at once.

The key goes to the API's own origin only. Redirects of the API are not followed, and recordings,
whose signed links lead anywhere, are fetched by a client that has no key. A server that repeats the
key in its answer is not listened to: the key is blotted out before anyone can print or store it.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from convarchive.errors import (
    Interrupted,
    KeyRefused,
    SettingsError,
    UnexpectedAnswer,
    Unreachable,
    VendorError,
)
from convarchive.sources.base import Download
from convarchive.sources.download import download
from convarchive.sources.keyring import Keyring
from convarchive.sources.pace import Waiter, backoff, retry_after, until_reset
from convarchive.sources.payload import decode

if TYPE_CHECKING:
    import ssl

    import httpx

    _Opened = TypeVar("_Opened", httpx.Client, httpx.HTTPTransport)

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, unpacked. A longer answer is cut off: it is no conversation."""

TRIES = 6
"""Of one request, once the vendor has answered anything; before that, `FIRST_TRIES`."""

BODY_TRIES = 3
"""Of one request that is answered with something else than JSON."""

FIRST_TRIES = 2

_TIMEOUT = 30.0  # seconds without a single byte
_OK = 200
_REFUSED = (401, 403)
_TOO_MANY = 429
_SERVER_ERROR = 500


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    value: Any = None
    """The JSON value that the body holds, of an answer that is 200."""


class _Trouble(NamedTuple):
    """No answer yet, and what to do about it."""

    error: VendorError
    pause: float | None = None
    """Seconds that the vendor asks to wait; None if it doesn't say."""
    tries: int = TRIES


class Client:
    """Requests to one account's API, by any number of threads within one budget.

    Args:
        base_url: Of the API, without a trailing slash.
        keyring: Its keys are sent as bearer tokens, to this origin and no other.
        waiter: For every pause.
    """

    def __init__(self, base_url: str, keyring: Keyring, waiter: Waiter) -> None:
        self.base_url = _checked(base_url)
        self.requests = 0
        self.rate_limited = 0
        self._keyring = keyring
        self._waiter = waiter
        self._answered = False
        self._understood = False
        self._lock = threading.Lock()
        self._local = threading.local()
        self._open: list[tuple[httpx.Client | httpx.HTTPTransport, threading.Lock]] = []
        self._closed = False

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, expect: tuple[int, ...] = ()
    ) -> Answer:
        """The answer to a request: 200 with a JSON value, or one of ``expect``.

        Raises:
            KeyRefused: 401 or 403.
            BudgetSpent: The day's budget is used up.
            Unreachable: Nothing answered, or it broke off or was too busy each time.
            UnexpectedAnswer: Any other status, no JSON, or a body beyond `LARGEST_BODY`.
            Interrupted: The user wants to stop.
        """
        attempt = 0
        while True:
            came = self._try(path, params or None, expect)
            if isinstance(came, Answer):
                return came
            attempt += 1
            if attempt >= (came.tries if self._answered else min(came.tries, FIRST_TRIES)):
                raise came.error
            pause = backoff(attempt) if came.pause is None else came.pause
            self._waiter.wait(pause, came.error.what)

    @contextlib.contextmanager
    def download(self, url: str) -> Iterator[Download | None]:
        """The bytes behind a signed link, see `convarchive.sources.download.download`.

        A link without a host is one of the API's own origin; no key goes there either.
        """
        try:
            absolute = urljoin(self.base_url + "/", url)
        except ValueError as error:
            raise Unreachable("The link to the recording is no URL.", _reason(error)) from error
        with self._using(_visitor) as client, download(client, absolute, self._waiter) as came:
            yield came

    @property
    def waited(self) -> float:
        """Seconds that were spent waiting, in all threads together."""
        return self._waiter.waited

    def close(self) -> None:
        """Close every thread's connections. A thread that is still at it closes its own."""
        self._closed = True
        with self._lock:
            opened, self._open = self._open, []
        for each, in_use in opened:
            if in_use.acquire(blocking=False):
                each.close()

    def _try(
        self, path: str, params: Mapping[str, str] | None, expect: tuple[int, ...]
    ) -> Answer | _Trouble:
        import httpx

        lane = self._keyring.take()
        headers: Mapping[str, str] = {}
        try:
            with self._lock:
                self.requests += 1
            with (
                self._using(self._connect) as connections,
                contextlib.closing(
                    connections.handle_request(self._request(path, params, lane.secret))
                ) as response,
            ):
                headers = _by_name(response)
                body = self._keyring.without_keys(_read(response))
                answer = Answer(response.status_code, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _Trouble(self._no_answer(error))
        finally:
            lane.give_back(headers)
        self._answered = True
        return self._judged(answer, headers, expect)

    def _request(self, path: str, params: Mapping[str, str] | None, secret: str) -> httpx.Request:
        import httpx

        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Authorization": f"Bearer {secret}",
            "User-Agent": _user_agent(),
        }
        return httpx.Request(
            "GET", self.base_url + path, params=params, headers=headers, extensions=_patience()
        )

    def _judged(
        self, answer: Answer, headers: Mapping[str, str], expect: tuple[int, ...]
    ) -> Answer | _Trouble:
        if answer.status in expect:
            return answer
        if answer.status == _OK:
            try:
                answer = answer._replace(value=decode(answer.body))
            except UnexpectedAnswer as error:
                # Cut off on the way, or a page of some proxy; but never yet the API: wrong address.
                return _Trouble(error, tries=BODY_TRIES if self._understood else 1)
            self._understood = True
            return answer
        said = _words(answer)
        if answer.status in _REFUSED:
            raise KeyRefused("The vendor refused the key.", said, "Check the key and its scope.")
        if answer.status == _TOO_MANY:
            with self._lock:
                self.rate_limited += 1
            busy = Unreachable("The vendor's rate limit is used up.")
            return _Trouble(busy, retry_after(headers) or until_reset(headers))
        unexpected = UnexpectedAnswer(
            f"{self.base_url} answered {answer.status}.", said, "Check the base URL."
        )
        unexpected.body = answer.body
        if answer.status >= _SERVER_ERROR:
            unexpected.outage = True
            return _Trouble(unexpected, retry_after(headers))
        raise unexpected

    def _no_answer(self, error: Exception) -> Unreachable:
        # What cannot be read as HTTP is quoted in the error, and may hold the key.
        reason = self._keyring.without_keys(_reason(error).encode()).decode()
        return Unreachable(
            f"{self.base_url} does not answer.",
            reason,
            "Check the base URL and the network, then run the same command again.",
        )

    def _connect(self) -> httpx.HTTPTransport:
        return _connections(self.base_url)

    @contextlib.contextmanager
    def _using(self, make: Callable[[], _Opened]) -> Iterator[_Opened]:
        """What this thread has opened. If it were closed while it opens a connection it would leave
        that open, so whoever is the last to use it closes it."""
        name = make.__name__
        if not hasattr(self._local, name):
            made = make(), threading.Lock()
            setattr(self._local, name, made)
            with self._lock:
                self._open.append(made)
        opened, in_use = getattr(self._local, name)
        with in_use:
            try:
                if self._closed:
                    raise Interrupted("The sync has ended.")
                yield opened
            finally:
                if self._closed:
                    opened.close()


def _connections(base_url: str) -> httpx.HTTPTransport:
    """To the API. An `httpx.Client` on top of them would look for cookies, redirects and its own
    settings anew with each request, and take as long again."""
    import httpx

    return httpx.HTTPTransport(verify=_authorities(), proxy=_proxy(base_url))


def _visitor() -> httpx.Client:
    """For signed links, which lead anywhere."""
    import httpx

    return httpx.Client(
        # The bytes themselves are the record.
        headers={"User-Agent": _user_agent(), "Accept-Encoding": "identity"},
        timeout=_TIMEOUT, follow_redirects=True, verify=_authorities(),
    )  # fmt: skip


def _proxy(url: str) -> str | None:
    """The proxy that this machine asks for, by its environment or its settings."""
    from urllib.request import getproxies, proxy_bypass

    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


@functools.cache
def _patience() -> dict[str, Any]:
    """What a request carries so that its connection does not wait for ever."""
    import httpx

    return {"timeout": httpx.Timeout(_TIMEOUT).as_dict()}


@functools.cache
def _user_agent() -> str:
    from convarchive import __version__

    return f"convarchive/{__version__}"


@functools.cache
def _authorities() -> ssl.SSLContext:
    """Whom all clients trust; reading the certificates anew for each would take 0.15 s a thread."""
    import httpx

    return httpx.create_ssl_context()


def _by_name(response: httpx.Response) -> dict[str, str]:
    """The headers by lower-case names; each look into httpx's own would go through them all."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in response.headers.raw
    }


def _read(response: httpx.Response) -> bytes:
    """The body, unpacked, as long as it is of a sane size."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > LARGEST_BODY:
            raise UnexpectedAnswer(f"An answer is longer than {LARGEST_BODY // 2**20} MiB.")
        parts.append(part)
    return b"".join(parts)


def _words(answer: Answer) -> str:
    """The vendor's own explanation, from either of the documented shapes of an error."""
    try:
        error = decode(answer.body)
    except VendorError:
        return "It answered with something that is not JSON."
    if isinstance(error, dict) and isinstance(error.get("error"), dict):
        error = error["error"]
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return ""
    code = f" ({error['code']})" if isinstance(error.get("code"), str) else ""
    return f"It says: {error['message'].rstrip('.')}{code}."


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}." if str(error) else f"{type(error).__name__}."


def _checked(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits:
        raise SettingsError(
            f"{base_url!r} is not a base URL.", "It should look like https://api.example.com."
        )
    return base_url.rstrip("/")
