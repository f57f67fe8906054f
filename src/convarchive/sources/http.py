"""The client that every source shares: paced, patient, and careful with the key.

Each thread has its own `httpx.Client`; measured, that is four to ten times as fast as one
asynchronous client. One place retries, this one: a rate limit, a server's error, a timeout, a
reset, a truncated body. What can't get better by asking again (a wrong key, a web page where the
API should be) is raised at once.

The key goes to the API's own origin only. Redirects of the API are not followed, and recordings,
whose signed links lead anywhere, are fetched by a client that has no key. A server that repeats the
key in its answer is not listened to: the key is blotted out before anyone can print or store it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from convarchive.errors import KeyRefused, SettingsError, UnexpectedAnswer, Unreachable, VendorError
from convarchive.sources.base import Download
from convarchive.sources.pace import Budget, Waiter, backoff, retry_after, until_reset

if TYPE_CHECKING:
    import httpx

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, unpacked. A longer answer is cut off: it is no conversation."""

TRIES = 6
"""Of one request, once the vendor has answered anything; before that, `FIRST_TRIES`."""

FIRST_TRIES = 2

_SHORTEST_KEY = 8
_TIMEOUT = 30.0  # seconds without a single byte
_OK = 200
_REFUSED = (401, 403)
_TOO_MANY = 429
_SERVER_ERROR = 500


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    media_type: str


class Client:
    """Requests to one account's API, by any number of threads within one budget.

    Args:
        base_url: Of the API, without a trailing slash.
        key: Sent as a bearer token, to this origin and no other.
        waiter: For every pause.
    """

    def __init__(self, base_url: str, key: str, waiter: Waiter) -> None:
        self.base_url = _checked(base_url)
        self.requests = 0
        self.rate_limited = 0
        self._key = _checked_key(key)
        self._spellings = _spellings(key)
        self._waiter = waiter
        self._budget = Budget(waiter)
        self._answered = False
        self._lock = threading.Lock()
        self._local = threading.local()
        self._clients: list[httpx.Client] = []

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, expect: tuple[int, ...] = ()
    ) -> Answer:
        """The answer to a request, which is 200 or one of ``expect``.

        Raises:
            KeyRefused: 401 or 403.
            Unreachable: Nothing answered, or it broke off or was too busy each time.
            UnexpectedAnswer: Any other status, or a body beyond `LARGEST_BODY`.
            Interrupted: The user wants to stop.
        """
        attempt = 0
        while True:
            trouble, pause = self._try(path, params or {}, expect)
            if isinstance(trouble, Answer):
                return trouble
            attempt += 1
            if attempt >= (TRIES if self._answered else FIRST_TRIES):
                raise trouble
            self._waiter.wait(backoff(attempt) if pause is None else pause, str(trouble.what))

    @contextlib.contextmanager
    def download(self, url: str) -> Iterator[Download | None]:
        """The bytes behind a signed link; None if it has expired or leads nowhere.

        Raises:
            Unreachable: Nothing answered, or it broke off.
        """
        import httpx

        self._waiter.check()
        client = self._client("recordings")
        try:
            with client.stream("GET", self._absolute(url)) as response:
                if response.status_code != _OK:
                    yield None
                    return
                yield Download(
                    response.headers.get("content-type", "").partition(";")[0].strip() or None,
                    response.iter_raw(),
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable("The recording could not be fetched.", _reason(error)) from error

    def _absolute(self, url: str) -> str:
        try:
            return urljoin(self.base_url + "/", url)
        except ValueError as error:
            raise Unreachable("The link to the recording is no URL.", _reason(error)) from error

    @property
    def waited(self) -> float:
        """Seconds that were spent waiting, in all threads together."""
        return self._waiter.waited

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def _try(
        self, path: str, params: Mapping[str, str], expect: tuple[int, ...]
    ) -> tuple[Answer | VendorError, float | None]:
        """An answer, or why there is none yet and how long to pause (None: as one thinks best)."""
        import httpx

        self._budget.take()
        headers: Mapping[str, str] = {}
        try:
            with self._lock:
                self.requests += 1
            with self._client("api").stream("GET", self.base_url + path, params=params) as response:
                headers = response.headers
                body = self._without_key(_read(response))
                answer = Answer(response.status_code, body, headers.get("content-type", ""))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return self._no_answer(error), None
        finally:
            self._budget.give_back(headers)
        self._answered = True
        return self._judged(answer, headers, expect)

    def _judged(
        self, answer: Answer, headers: Mapping[str, str], expect: tuple[int, ...]
    ) -> tuple[Answer | VendorError, float | None]:
        if answer.status == _OK or answer.status in expect:
            return answer, None
        said = _words(answer)
        if answer.status in _REFUSED:
            raise KeyRefused("The vendor refused the key.", said, "Check the key and its scope.")
        if answer.status == _TOO_MANY:
            with self._lock:
                self.rate_limited += 1
            return Unreachable("The vendor's rate limit is used up."), (
                retry_after(headers) or until_reset(headers)
            )
        error = UnexpectedAnswer(
            f"{self.base_url} answered {answer.status}.", said, "Check the base URL."
        )
        error.body = answer.body
        if answer.status >= _SERVER_ERROR:
            return error, retry_after(headers)
        raise error

    def _without_key(self, body: bytes) -> bytes:
        for spelling in self._spellings:
            body = body.replace(spelling, b"***")
        return body

    def _no_answer(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"{self.base_url} does not answer.",
            _reason(error),
            "Check the base URL and the network, then run the same command again.",
        )

    def _client(self, purpose: str) -> httpx.Client:
        import httpx

        client: httpx.Client | None = getattr(self._local, purpose, None)
        if client is None:
            from convarchive import __version__

            headers = {"User-Agent": f"convarchive/{__version__}"}
            if purpose == "api":
                headers |= {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
            else:
                headers["Accept-Encoding"] = "identity"  # the bytes themselves are the record
            client = httpx.Client(
                headers=headers, timeout=_TIMEOUT, follow_redirects=purpose == "recordings"
            )
            setattr(self._local, purpose, client)
            with self._lock:
                self._clients.append(client)
        return client


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
    from convarchive.sources.payload import decode

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


def _checked_key(key: str) -> str:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            "The key has characters that no key has.", "It must be printable ASCII, without spaces."
        )
    return key


def _spellings(key: str) -> list[bytes]:
    """The key as it is, and as JSON may have it. What is shorter than a key stands in any text."""
    if len(key) < _SHORTEST_KEY:
        return []
    quoted = key.replace("\\", r"\\").replace('"', r"\"")
    return [each.encode() for each in dict.fromkeys((key, quoted, quoted.replace("/", r"\/")))]
