"""Recordings with silence where something is hidden."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from convarchive.export import Selection
from convarchive.model import Conversation, Recording
from convarchive.redact import Redaction
from convarchive.redact.silence import PADDING, opened, silenced

Call = Callable[..., Conversation]
Select = Callable[..., Selection]
Redact = Callable[..., Redaction]

RATE = 100


def sound(seconds: int, *, width: int = 2, channels: int = 1) -> bytes:
    """A WAV file in which every byte is 1."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, width, RATE, 0, "NONE", ""))
        file.writeframes(b"\x01" * (seconds * RATE * width * channels))
    return out.getvalue()


def samples(data: bytes) -> bytes:
    """The sound of a WAV file."""
    with wave.open(io.BytesIO(data)) as file:
        return file.readframes(file.getnframes())


def quiet(path: Path, *stretches: tuple[float, float]) -> bytes:
    """The file with silence."""
    found = opened(path)
    assert found
    return b"".join(silenced(found, stretches))


@pytest.mark.parametrize(
    ("width", "channels", "byte"), [(1, 1, 0x80), (2, 1, 0), (2, 2, 0), (3, 1, 0)]
)
def test_a_stretch_is_silent_on_all_channels(
    width: int, channels: int, byte: int, tmp_path: Path
) -> None:
    """With some time around; the rest is as it was, and so is the length."""
    before = sound(10, width=width, channels=channels)
    (tmp_path / "a.wav").write_bytes(before)
    after = quiet(tmp_path / "a.wav", (3.0, 5.0))
    assert len(after) == len(before)
    frame = width * channels
    first, last = int((3 - PADDING) * RATE), int((5 + PADDING) * RATE) + 1
    told = samples(after)
    assert told[: first * frame] == b"\x01" * first * frame
    assert told[first * frame : last * frame] == bytes([byte]) * (last - first) * frame
    assert told[last * frame :] == b"\x01" * (1000 - last) * frame


def test_without_stretches_nothing_changes(tmp_path: Path) -> None:
    """Not a byte."""
    (tmp_path / "a.wav").write_bytes(sound(2))
    assert quiet(tmp_path / "a.wav") == sound(2)


def test_the_sides_of_a_long_file_are_found(tmp_path: Path) -> None:
    """It is read in pieces, and a stretch can lie across them."""
    seconds = (1 << 20) // (RATE * 2) + 10
    (tmp_path / "a.wav").write_bytes(sound(seconds))
    assert set(samples(quiet(tmp_path / "a.wav", (0.0, float("inf"))))) == {0}


def test_what_else_is_in_the_file_is_blank(tmp_path: Path) -> None:
    """Remarks beside the sound, and what is behind its end."""
    plain = sound(1)
    note = b"LIST" + struct.pack("<I", 12) + b"INFO4111 111"
    length = struct.pack("<I", len(plain) - 8 + len(note))
    body = plain[:4] + length + plain[8:36] + note + plain[36:]
    (tmp_path / "a.wav").write_bytes(body + b"4111 tail 4111")
    after = quiet(tmp_path / "a.wav")
    assert b"4111" not in after
    assert after.endswith(b"\0" * 14)
    assert samples(after) == samples(plain)


@pytest.mark.parametrize(("coding", "byte"), [(6, 0xD5), (7, 0xFF)])
def test_the_codes_of_telephony_have_a_silence_of_their_own(
    coding: int, byte: int, tmp_path: Path
) -> None:
    """A-law and μ-law."""
    head = b"fmt " + struct.pack("<IHHIIHH", 16, coding, 1, RATE, RATE, 1, 8)
    data = b"data" + struct.pack("<I", RATE) + b"\x01" * RATE
    body = b"WAVE" + head + data
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert set(quiet(tmp_path / "a.wav", (0, 1))[-RATE:]) == {byte}


@pytest.mark.parametrize(
    "body",
    [b"", b"RIFF", b"ID3\x03 an mp3", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x55\0"],
)
def test_other_sound_is_none(body: bytes, tmp_path: Path) -> None:
    """Cut off, compressed, or no WAV at all."""
    (tmp_path / "a").write_bytes(body)
    assert opened(tmp_path / "a") is None


def test_a_stream_that_does_not_know_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    """As recorders write it."""
    plain = bytearray(sound(3))
    plain[40:44] = b"\xff" * 4
    (tmp_path / "a.wav").write_bytes(plain)
    assert set(quiet(tmp_path / "a.wav", (0, 9))[44:]) == {0}


def test_the_turns_with_findings_are_silent(
    call: Call, select: Select, redact: Redact, tmp_path: Path
) -> None:
    """The recording has a hash of its own then, by which its file is found."""
    (tmp_path / "a.wav").write_bytes(sound(5))
    conversation = call(
        "agent: Your card?", "customer: 4111 1111 1111 1111", "agent: Thanks.",
        recording=Recording(None, "ab" * 32, len(sound(5)), "audio/wav"),
    )  # fmt: skip
    given = select(conversation, recordings={"ab" * 32: tmp_path / "a.wav"})
    with redact(given, sound="silence") as redaction:
        ((_, safe),) = redaction.selection.conversations()
        assert safe.recording
        assert safe.recording.sha256
        path = redaction.selection.recording(safe.recording.sha256)
        assert path
        data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == safe.recording.sha256
    assert samples(data)[2 * RATE : 4 * RATE] == b"\0" * 2 * RATE
    assert samples(data)[:RATE] == b"\x01" * RATE
    assert not path.exists()


@pytest.mark.parametrize("case", ["no times", "no transcript", "no wav", "no file"])
def test_what_cannot_be_silenced_is_left_out(
    case: str, call: Call, select: Select, redact: Redact, tmp_path: Path
) -> None:
    """And the report says so."""
    (tmp_path / "a.wav").write_bytes(b"ID3" if case == "no wav" else sound(5))
    conversation = call("customer: 4111 1111 1111 1111",
                        recording=Recording(None, "ab" * 32, 3, "audio/wav"))  # fmt: skip
    if case == "no times":
        turn = conversation.turns[0]._replace(start=None)
        conversation = conversation._replace(turns=(turn,))
    if case == "no transcript":
        conversation = conversation._replace(turns=())
    files = {} if case == "no file" else {"ab" * 32: tmp_path / "a.wav"}
    with redact(select(conversation, recordings=files), sound="silence") as redaction:
        ((_, safe),) = redaction.selection.conversations()
        assert safe.recording is None
        assert redaction.report.totals().left_out == {"recording": 1}
