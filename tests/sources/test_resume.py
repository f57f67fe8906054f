"""A recording that breaks off goes on where it was, and is never put together from two."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.sources.script import Asked, Reply, Script

from convarchive.errors import Unreachable, VendorError
from convarchive.sources.http import Client

Connect = Callable[..., Client]

SOUND = bytes(range(256)) * 1000
HALF = len(SOUND) // 2


def broken(sound: bytes = SOUND, at: int = HALF, **headers: str) -> Reply:
    """The recording, broken off after so many bytes."""
    return Reply(sound[:at], headers=headers, missing=len(sound) - at)


def rest(asked: Asked) -> Reply:
    """The part that is asked for."""
    start = int(asked.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    told = {"Content-Range": f"bytes {start}-{len(SOUND) - 1}/{len(SOUND)}"}
    return Reply(SOUND[start:], 206, told)


@pytest.fixture
def hear(script: Script, connect: Connect) -> Callable[[], bytes]:
    """Reads the recording at ``/r.wav``."""
    client = connect(script.url)

    def hear() -> bytes:
        with client.download(f"{script.url}/r.wav") as download:
            assert download is not None
            return b"".join(download.chunks)

    return hear


Hear = Callable[[], bytes]


def test_the_rest_is_asked_for(script: Script, hear: Hear) -> None:
    """By its first byte, and nothing is read twice."""
    script.on("/r.wav", broken(), rest)
    assert hear() == SOUND
    assert script.asked[1].headers["Range"] == f"bytes={HALF}-"
    assert len(script.asked) == 2


def test_a_server_without_ranges(script: Script, hear: Hear) -> None:
    """Sends everything again; what was there is passed over."""
    script.on("/r.wav", broken(), Reply(SOUND))
    assert hear() == SOUND


def test_broken_off_at_the_beginning(script: Script, hear: Hear) -> None:
    """With nothing had, it is simply asked for again."""
    script.on("/r.wav", broken(at=0), Reply(SOUND))
    assert hear() == SOUND
    assert "Range" not in script.asked[1].headers


@pytest.mark.parametrize(
    "later",
    [
        Reply(b"x" * len(SOUND), headers={"ETag": '"other"'}),
        Reply(SOUND[HALF:], 206, {"ETag": '"other"', "Content-Range": f"bytes {HALF}-"}),
        Reply(b"expired", 403),
        Reply(b"", 416),
    ],
    ids=["replaced", "replaced part", "expired", "no such part"],
)
def test_another_recording(script: Script, hear: Hear, later: Reply) -> None:
    """What is not the rest of the same one is not taken for it."""
    script.on("/r.wav", broken(ETag='"one"'), later)
    with pytest.raises(Unreachable):
        hear()


@pytest.mark.parametrize("start", [0, HALF - 1, HALF + 1])
def test_another_part(script: Script, hear: Hear, start: int) -> None:
    """A server that answers with another part than was asked for is not believed."""
    told = {"Content-Range": f"bytes {start}-{len(SOUND) - 1}/{len(SOUND)}"}
    script.on("/r.wav", broken(), Reply(SOUND[start:], 206, told))
    with pytest.raises(Unreachable):
        hear()


@pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "application/json", "TEXT/XML"])
def test_a_page_instead_of_sound(script: Script, connect: Connect, media_type: str) -> None:
    """An error that says 200 is no recording."""
    script.on("/r.wav", Reply(b"<Error>", headers={"Content-Type": media_type}))
    with pytest.raises(VendorError, match="should be"), connect(script.url).download("/r.wav"):
        pass
