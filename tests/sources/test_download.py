"""Recordings: signed links that lead anywhere, and never see the key."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from tests.sources.script import Reply, Script

from convarchive.errors import Interrupted, Unreachable
from convarchive.sources.http import Client

Connect = Callable[..., Client]

SOUND = b"RIFF" + bytes(range(256)) * 1000


def sound(client: Client, url: str) -> tuple[str | None, bytes] | None:
    """Media type and bytes behind a link, or None."""
    with client.download(url) as download:
        return None if download is None else (download.media_type, b"".join(download.chunks))


@pytest.fixture
def client(script: Script, connect: Connect) -> Client:
    """A client of the scripted server."""
    return connect(script.url)


@pytest.mark.parametrize(
    ("header", "media_type"),
    [("audio/wav", "audio/wav"), ("audio/mpeg; codecs=mp3", "audio/mpeg"), ("", None)],
)
def test_the_sound(script: Script, client: Client, header: str, media_type: str | None) -> None:
    """Its bytes, and its media type without parameters."""
    script.on("/r.wav", Reply(SOUND, headers={"Content-Type": header} if header else {}))
    assert sound(client, f"{script.url}/r.wav?signature=1") == (media_type, SOUND)
    assert script.asked[0].query == {"signature": "1"}


def test_the_bytes_are_not_touched(script: Script, client: Client) -> None:
    """We ask for no packing; a server that packs nevertheless gets its bytes kept as they came."""
    packed = gzip.compress(SOUND)
    script.on("/r.wav", Reply(packed, headers={"Content-Encoding": "gzip"}))
    assert sound(client, f"{script.url}/r.wav") == (None, packed)
    assert script.asked[0].headers["Accept-Encoding"] == "identity"


def test_a_link_without_a_host(script: Script, client: Client) -> None:
    """Is one of the API's own host, which does not see the key here either."""
    script.on("/recordings/r.wav", Reply(SOUND))
    assert sound(client, "/recordings/r.wav") == (None, SOUND)
    assert "Authorization" not in script.asked[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host(script: Script, client: Client, status: int) -> None:
    """Is followed, without the key and without what the first host said to keep."""
    with Script() as storage:
        storage.on("/s.wav", Reply(SOUND, headers={"Content-Type": "audio/wav"}))
        told = {"Location": f"{storage.url}/s.wav?token=2", "Set-Cookie": "a=b"}
        script.on("/r.wav", Reply(status=status, headers=told))
        assert sound(client, f"{script.url}/r.wav") == ("audio/wav", SOUND)
        assert len(storage.asked) == 1
        for asked in script.asked + storage.asked:
            assert "Authorization" not in asked.headers
            assert "sk_test" not in str(asked)


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_a_link_that_leads_nowhere(script: Script, client: Client, status: int) -> None:
    """Is None, whatever the storage says, and is not asked again."""
    script.on("/r.wav", Reply(b"<Error>Expired</Error>" if status != 204 else b"", status))
    assert sound(client, f"{script.url}/r.wav") is None
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/r.wav",
        "http://[",
        "http://127.0.0.1:port/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:audio/wav;base64,AAAA",
        "http://" + "a" * 70_000,
        "http://\ufffd/",
        "https://a\0b/",
    ],
    ids=lambda url: url[:24],
)
def test_what_is_no_link(client: Client, url: str) -> None:
    """Is an error of this one recording."""
    with pytest.raises(Unreachable):
        sound(client, url)


def test_a_recording_cut_short(script: Script, client: Client) -> None:
    """Is an error, not a shorter recording."""
    script.on("/r.wav", Reply(SOUND, missing=10))
    with pytest.raises(Unreachable):
        sound(client, f"{script.url}/r.wav")


def test_redirects_in_a_circle(script: Script, client: Client) -> None:
    """Come to an end."""
    script.on("/r.wav", Reply(status=302, headers={"Location": "/r.wav"}))
    with pytest.raises(Unreachable):
        sound(client, f"{script.url}/r.wav")
    assert len(script.asked) < 50


def test_recordings_are_not_the_apis_requests(script: Script, client: Client) -> None:
    """They cost nothing of its budget."""
    script.on("/r.wav", Reply(SOUND))
    sound(client, f"{script.url}/r.wav")
    assert client.requests == 0


def test_a_stop(script: Script, connect: Connect) -> None:
    """Nothing is begun when the user wants to stop."""
    client = connect(script.url)
    client._waiter.stop.set()
    with pytest.raises(Interrupted):
        sound(client, f"{script.url}/r.wav")
    assert script.asked == []


def test_a_busy_server_is_asked_again(script: Script, client: Client) -> None:
    """Storage that is down for a moment costs nothing but the moment."""
    script.on("/r.wav", Reply(b"", 503, {"Retry-After": "0"}), Reply(SOUND))
    assert sound(client, f"{script.url}/r.wav") == (None, SOUND)
    assert len(script.asked) == 2
