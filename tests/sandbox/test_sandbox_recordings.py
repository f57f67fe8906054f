"""Recordings: signed links that expire, and parts of files."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import httpx
import pytest

from convarchive.sandbox import Sandbox

DETAIL = "/v1/conversations/conv_aaaaaaaaaaa2"


@pytest.fixture
def wav(data: Path) -> bytes:
    """The bytes of the recording."""
    return (data / "recordings" / "two.wav").read_bytes()


@pytest.fixture
def link(client: httpx.Client) -> str:
    """A fresh link to the recording."""
    found: str = client.get(DETAIL).json()["data"]["recording_url"]
    return found


def test_no_key_is_needed(link: str, wav: bytes) -> None:
    """The link alone is enough, and gives the file whole."""
    answer = httpx.get(link)
    assert answer.status_code == 200
    assert answer.content == wav
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"


def test_another_link_every_time(client: httpx.Client) -> None:
    """No two answers carry the same link."""
    item = client.get("/v1/conversations", params={"has_recording": "true"}).json()["data"][0]
    links = [client.get(DETAIL).json()["data"]["recording_url"] for _ in range(3)]
    assert len({item["recording_url"], *links}) == 4


def test_none(client: httpx.Client) -> None:
    """A conversation without a recording has no link."""
    detail = client.get("/v1/conversations/conv_aaaaaaaaaaa1").json()["data"]
    assert detail["recording_url"] is None


def test_expired(data: Path) -> None:
    """After its time a link is 403."""
    with Sandbox(data=data, link_seconds=-1) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.key}"}
        link = httpx.get(sandbox.base_url + DETAIL, headers=headers).json()["data"]["recording_url"]
        answer = httpx.get(link)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "link_expired")


@pytest.mark.parametrize(
    ("old", "new"),
    [("two.wav", "one.wav"), ("expires=", "expires=9"), ("signature=", "signature=é"), ("?", "?x")],
)
def test_forged(link: str, old: str, new: str) -> None:
    """A link that was changed in any part is 403."""
    answer = httpx.get(link.replace(old, new))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "link_invalid")


def test_of_another_process(data: Path, link: str, shared: Sandbox) -> None:
    """A link that another sandbox signed is 403."""
    with Sandbox(data=data) as other:
        assert httpx.get(link.replace(shared.base_url, other.base_url)).status_code == 403


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=100-", 100, 2051),
        ("bytes=-5", 2047, 2051),
        ("bytes=9-99999", 9, 2051),
    ],
)
def test_part(link: str, wav: bytes, asked: str, first: int, last: int) -> None:
    """A range is answered with 206 and exactly its bytes."""
    answer = httpx.get(link, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == wav[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(wav)}"


@pytest.mark.parametrize("asked", ["bytes=2052-", "bytes=9999-10000", "bytes=-0"])
def test_no_such_part(link: str, wav: bytes, asked: str) -> None:
    """A range beyond the end is 416 and says how long the file is."""
    answer = httpx.get(link, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(wav)}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-"])
def test_odd_ranges(link: str, wav: bytes, asked: str) -> None:
    """What is no single range of bytes is answered with the whole, as RFC 9110 allows."""
    answer = httpx.get(link, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, wav)


def test_part_of_this_version_only(link: str, wav: bytes) -> None:
    """``If-Range`` with another tag than the file's gives the whole, with its own the part."""
    tag = httpx.head(link).headers["etag"]
    asked = {"Range": "bytes=0-1"}
    assert httpx.get(link, headers={**asked, "If-Range": tag}).status_code == 206
    assert httpx.get(link, headers={**asked, "If-Range": '"other"'}).content == wav


def test_added(sandbox: Sandbox, own_client: httpx.Client) -> None:
    """Bytes that were added by hand are served under their name."""
    payload = sandbox.upstream.get("conv_aaaaaaaaaaa1")
    assert payload is not None
    sandbox.recordings.add("new.ogg", b"sound")
    sandbox.upstream.put({**payload, "recording": "new.ogg"})
    link = own_client.get("/v1/conversations/conv_aaaaaaaaaaa1").json()["data"]["recording_url"]
    answer = httpx.get(link)
    assert (answer.content, answer.headers["content-type"]) == (b"sound", "audio/ogg")


def test_gone(sandbox: Sandbox, own_client: httpx.Client) -> None:
    """A good link to a file that is not there is 404."""
    payload = sandbox.upstream.get("conv_aaaaaaaaaaa1")
    assert payload is not None
    sandbox.upstream.put({**payload, "recording": "lost.wav"})
    link = own_client.get("/v1/conversations/conv_aaaaaaaaaaa1").json()["data"]["recording_url"]
    assert httpx.get(link).status_code == 404


def test_made_up() -> None:
    """A share of made-up calls has a small WAV that can be played, each its own."""
    with Sandbox(count=300) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.key}"}
        given = {"has_recording": "true", "per_page": 100}
        listed = httpx.get(f"{sandbox.base_url}/v1/conversations", params=given, headers=headers)
        links = [item["recording_url"] for item in listed.json()["data"]]
        assert 10 < len(links) < 60
        sounds = {httpx.get(link).content for link in links[:5]}
    assert len(sounds) == 5
    for sound in sounds:
        with wave.open(io.BytesIO(sound)) as read:
            assert 0.1 < read.getnframes() / read.getframerate() < 1
