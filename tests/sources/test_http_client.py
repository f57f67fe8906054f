"""The client that all sources share: what it retries, what it refuses, and where the key goes."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest
from tests.sources.script import Reply, Script, reply

from convarchive.errors import (
    Interrupted,
    KeyRefused,
    SettingsError,
    UnexpectedAnswer,
    Unreachable,
    VendorError,
)
from convarchive.sources.http import LARGEST_BODY, TRIES, Client
from convarchive.sources.pace import Waiter

Connect = Callable[..., Client]

AT_ONCE = {"retry_after": "0"}
FINE = reply({"fine": True})


def test_an_answer(script: Script, connect: Connect) -> None:
    """Status and body as they came, with the value in it; parameters as they were given."""
    script.on("/v1/x", Reply(b' {"a":\t1}', 200, {"Content-Type": "text/plain"}))
    client = connect(script.url + "/")
    assert client.get("/v1/x", {"a": "ä &+/"}) == (200, b' {"a":\t1}', {"a": 1})
    assert script.asked[0].query == {"a": "ä &+/"}
    assert (client.requests, client.rate_limited) == (1, 0)


def test_what_is_packed_is_unpacked(script: Script, connect: Connect) -> None:
    """The record is the body, not the way it travelled."""
    script.on("/x", Reply(gzip.compress(b'"words"'), headers={"Content-Encoding": "gzip"}))
    assert connect(script.url).get("/x").body == b'"words"'


@pytest.mark.parametrize(
    "trouble",
    [
        reply({}, 500, **AT_ONCE),
        reply({}, 503, **AT_ONCE),
        Reply(b"<html>", 502, {"Retry-After": "0"}),
        Reply(b'{"half": ', missing=10),
        Reply(dropped=True),
        Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["500", "503", "502", "cut", "dropped", "garbled"],
)
def test_what_may_pass_is_asked_again(script: Script, connect: Connect, trouble: Reply) -> None:
    """A server's error, a body cut short, a connection closed: the next answer counts."""
    script.on("/x", FINE, trouble, FINE)
    client = connect(script.url)
    client.get("/x")
    assert client.get("/x").status == 200
    assert client.requests == len(script.asked) == 3


def test_there_is_an_end_to_it(script: Script, connect: Connect) -> None:
    """After so many tries the error is raised, with what the vendor said and the bytes of it."""
    body = {"error": {"type": "api_error", "message": "Out of order.", "code": "internal"}}
    script.on("/x", reply(body, 500, **AT_ONCE))
    with pytest.raises(
        UnexpectedAnswer, match=r"500.*It says: Out of order \(internal\)"
    ) as caught:
        connect(script.url).get("/x")
    assert len(script.asked) == TRIES
    assert caught.value.body == reply(body).body


@pytest.mark.parametrize("status", [204, 301, 302, 400, 404, 405, 418, 422])
def test_what_will_not_pass_is_not_asked_again(
    script: Script, connect: Connect, status: int
) -> None:
    """Nor is a redirect of the API followed: the key would go with it."""
    script.on("/x", Reply(status=status, headers={"Location": f"{script.url}/y"}))
    with pytest.raises(UnexpectedAnswer, match=str(status)):
        connect(script.url).get("/x")
    assert script.paths() == ["/x"]


def test_what_was_expected_is_an_answer(script: Script, connect: Connect) -> None:
    """Whoever knows what a 404 means gets it."""
    script.on("/x", reply({}, 404))
    assert connect(script.url).get("/x", expect=(404,)).status == 404


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "error",
    [
        {"type": "authentication_error", "message": "No API key", "code": "missing_api_key"},
        {"code": "AUTH_005", "message": "API key invalid or revoked", "details": {}},
    ],
)
def test_a_refused_key(
    script: Script, connect: Connect, status: int, error: dict[str, str]
) -> None:
    """Is said at once, in the vendor's words, whichever of the two documented shapes they have."""
    script.on("/x", reply({"error": error}, status))
    with pytest.raises(KeyRefused) as caught:
        connect(script.url).get("/x")
    assert caught.value.exit_code == 5
    assert error["message"] in str(caught.value)
    assert error["code"] in str(caught.value)
    assert len(script.asked) == 1


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"error": "no"}', b'{"error": {"a": 1}}'])
def test_errors_in_other_shapes(script: Script, connect: Connect, body: bytes) -> None:
    """Are errors all the same."""
    script.on("/x", Reply(body, 403))
    with pytest.raises(KeyRefused):
        connect(script.url).get("/x")


AWKWARD = 'sk_live_a/b"c\\d+e=='


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
@pytest.mark.parametrize("key", ["sk_live_0123456789", AWKWARD])
@pytest.mark.parametrize("slash", ["/", "\\/"])
def test_a_server_that_repeats_the_key(
    script: Script, connect: Connect, status: int, key: str, slash: str
) -> None:
    """Whether plainly or as JSON spells it, nobody sees or keeps it."""
    told = reply({"error": {"message": f"Bad key {key}", "code": key}}, status, **AT_ONCE)
    told = told._replace(body=told.body.replace(b"/", slash.encode()))
    script.on("/x", told)
    client = connect(script.url, key)
    if status == 200:
        kept = client.get("/x").body
        said = ""
    else:
        with pytest.raises((KeyRefused, VendorError)) as caught:
            client.get("/x")
        said = f"{caught.value}{caught.value!r}"
        kept = getattr(caught.value, "body", None) or b""
    assert "Bad key ***" in said + kept.decode()
    for secret in (key, key.replace('"', '\\"'), key.replace("/", "\\/"), "sk_live"):
        assert secret not in said
        assert secret.encode() not in kept


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "\0", "tab\t"])
def test_what_is_no_key(connect: Connect, key: str) -> None:
    """Is refused before anything is sent, and not shown: it may be a key with a slip."""
    with pytest.raises(SettingsError) as caught:
        connect("http://127.0.0.1:1", key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["", "api.ayra.ai", "ftp://a", "http://", "//a", "http://[", "a:b"])
def test_what_is_no_base_url(connect: Connect, url: str) -> None:
    """Is refused with an example of one."""
    with pytest.raises(SettingsError, match=r"https://api\.example\.com"):
        connect(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:99999", "http://[::1]:1"])
def test_nothing_behind_it(connect: Connect, url: str) -> None:
    """Is found out soon, and said with the address and the reason."""
    client = connect(url)
    with pytest.raises(Unreachable) as caught:
        client.get("/x")
    assert str(caught.value).startswith(url)
    assert client.requests == 2


def test_a_body_beyond_measure(script: Script, connect: Connect) -> None:
    """Is cut off, also where it travels packed a thousand times smaller."""
    packed = gzip.compress(bytes(LARGEST_BODY + 1), 1)
    script.on("/x", Reply(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(UnexpectedAnswer, match="64 MiB"):
        connect(script.url).get("/x")
    assert len(script.asked) == 1


def test_a_body_just_within(script: Script, connect: Connect) -> None:
    """Is taken whole."""
    packed = gzip.compress(b'"' + b"x" * (LARGEST_BODY - 2) + b'"', 1)
    script.on("/x", Reply(packed, headers={"Content-Encoding": "gzip"}))
    assert len(connect(script.url).get("/x").body) == LARGEST_BODY


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": formatdate(time.time() + 3000, usegmt=True)}, 299, 300),
        ({"X-RateLimit-Reset": str(time.time() + 3000)}, 299, 300),
        ({"Retry-After": "7", "X-RateLimit-Reset": str(time.time() + 3000)}, 7, 7),
    ],
    ids=["seconds", "date", "reset", "both"],
)
def test_too_many_requests(
    script: Script,
    connect: Connect,
    impatient: Waiter,
    headers: dict[str, str],
    least: float,
    most: float,
) -> None:
    """Is waited out for as long as the vendor asks, but not for longer than five minutes."""
    script.on("/x", Reply(b"{}", 429, headers))
    client = connect(script.url, waiter=impatient)
    with pytest.raises(Interrupted):
        client.get("/x")
    ((reason, seconds),) = impatient.told  # type: ignore[attr-defined]
    assert "rate limit" in reason
    assert least <= seconds <= most
    assert client.rate_limited == len(script.asked) == 1


def test_too_many_requests_and_no_word_for_how_long(script: Script, connect: Connect) -> None:
    """Is tried again after a while of our own choosing."""
    script.on("/x", Reply(b"{}", 429), FINE)
    client = connect(script.url)
    assert client.get("/x").status == 200
    assert client.waited > 0
    assert (client.requests, client.rate_limited) == (2, 1)


def test_the_minute_is_not_overdrawn(script: Script, connect: Connect, impatient: Waiter) -> None:
    """With no request left until the reset, the next one is not sent."""
    reset = {"X-RateLimit-Limit": "100", "X-RateLimit-Reset": str(time.time() + 40)}
    script.on("/x", Reply(b"{}", headers={**reset, "X-RateLimit-Remaining": "0"}))
    client = connect(script.url, waiter=impatient)
    client.get("/x")
    with pytest.raises(Interrupted):
        client.get("/x")
    assert len(script.asked) == 1


def test_a_stop_ends_the_waiting(script: Script, connect: Connect) -> None:
    """A wait of minutes ends when the user wants to stop, from whichever thread."""
    stop = threading.Event()
    timer = threading.Timer(0.05, stop.set)
    waiter = Waiter(stop, lambda reason, _: timer.start() if reason else None)
    script.on("/x", Reply(b"{}", 429, {"Retry-After": "300"}))
    client = connect(script.url, waiter=waiter)
    began = time.monotonic()
    with pytest.raises(Interrupted):
        client.get("/x")
    assert time.monotonic() - began < 10
    assert client.waited > 0


def test_every_thread_has_its_own_connection(
    script: Script, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And all are closed with the client."""
    closed: list[httpx.HTTPTransport] = []

    def close(connection: httpx.HTTPTransport) -> None:
        closed.append(connection)

    monkeypatch.setattr(httpx.HTTPTransport, "close", close)
    script.on("/x", FINE)
    client = connect(script.url)
    threads = [threading.Thread(target=client.get, args=("/x",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.requests == len(script.asked) == 4
    assert closed == []
    client.close()
    assert len(set(map(id, closed))) == 4


def test_a_proxy_of_the_environment(
    script: Script, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine asks for a proxy, it gets the requests."""
    script.on("/x", FINE)
    monkeypatch.setenv("http_proxy", script.url)
    monkeypatch.delenv("no_proxy", raising=False)
    client = connect("http://vendor.example")
    client.get("/x")
    assert script.asked


def test_no_proxy(script: Script, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not where it makes an exception."""
    script.on("/x", FINE)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    connect(script.url).get("/x")
    assert len(script.asked) == 1
