"""How made-up recordings sound: three short tones, in a WAV of a few kilobytes."""

from __future__ import annotations

import io
import math
import wave
from random import Random
from typing import Final

_RATE: Final = 8000
"""Samples a second, as on the telephone; each is one byte."""


def tones(random: Random) -> bytes:
    """A WAV file, mono, 8 bits, up to half a second; the same random state, the same bytes."""
    samples = b"".join(
        _tone(period=random.randint(10, 73), length=random.randint(600, 1300)) for _ in range(3)
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(1)
        written.setframerate(_RATE)
        written.writeframes(samples)
    return file.getvalue()


def _tone(period: int, length: int) -> bytes:
    """A sine of a whole number of samples a wave, so that one wave can be repeated."""
    once = bytes(round(128 + 90 * math.sin(2 * math.pi * n / period)) for n in range(period))
    return (once * (length // period + 1))[:length]
