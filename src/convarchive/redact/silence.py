"""Sound without what is to be hidden: a WAV file with silence in the place of some seconds.

The file stays as long as it is, and its head as it was; only samples become silence, on all
channels. What else such a file can carry (names, remarks, whatever a recorder writes beside the
sound) is blanked, and what lies behind its end, too. It works for sound that has one code for each
sample: PCM of any width, A-law and μ-law. Compressed sound would have to be decoded.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

PADDING: Final = 0.25
"""Seconds of silence before and after, as times of turns are never exact."""

_PIECE: Final = 1 << 20
_EXTENSIBLE: Final = 0xFFFE
_PCM, _FLOAT, _ALAW, _MULAW = 1, 3, 6, 7
_QUIET: Final = {_PCM: 0, _FLOAT: 0, _ALAW: 0xD5, _MULAW: 0xFF}
_FEW_BITS: Final = 8
_UNKNOWN: Final = (0, 0xFFFFFFFF)
"""Lengths that whoever writes to a pipe puts into a head."""
_SIZES: Final = frozenset((b"fmt ", b"fact"))
"""Chunks that say how to read the sound, and nothing else."""

Seconds = tuple[float, float]


class _Blank(NamedTuple):
    """Bytes to overwrite."""

    start: int
    end: int
    value: int


class Wave(NamedTuple):
    """Where in a WAV file the sound is."""

    path: Path
    rate: int
    """Frames a second."""
    frame: int
    """Bytes of a frame, all channels together."""
    start: int
    end: int
    quiet: int
    """The byte that is silence."""
    beside: tuple[tuple[int, int], ...]
    """What else is in it."""


def opened(path: Path) -> Wave | None:
    """The WAV file at this path; None if it is none, or one whose sound is compressed."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(head[4:8], "little")
        return _layout(path, file, size if length in _UNKNOWN else min(8 + length, size), size)


def silenced(wave: Wave, stretches: Sequence[Seconds]) -> Iterator[bytes]:
    """The bytes of the file with silence in these stretches, a piece at a time."""
    blanks = [*(_Blank(start, end, 0) for start, end in wave.beside), *_quiet(wave, stretches)]
    with wave.path.open("rb") as file:
        at = 0
        while piece := file.read(_PIECE):
            yield _blanked(piece, at, blanks)
            at += len(piece)


def _layout(path: Path, file: BinaryIO, last: int, size: int) -> Wave | None:
    """Where everything is in a file that ends at ``last`` by its own account, and at ``size``."""
    form = data = None
    beside = []
    at = file.tell()
    while at < last and len(head := file.read(8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], "little")
        start, end = at + 8, min(at + 8 + length, size)
        if name == b"fmt ":
            form = file.read(min(length, 40))
        elif name == b"data" and data is None:
            # Whoever wrote it as it came did not know its length.
            end = size if length in _UNKNOWN else end
            data = start, end
        elif name not in _SIZES:
            beside.append((start, end))
        at = end + (end - start) % 2
        file.seek(at)
    if form is None or data is None:
        return None
    return _wave(path, form, data, (*beside, (min(at, size), size)))


def _wave(
    path: Path, form: bytes, data: tuple[int, int], beside: tuple[tuple[int, int], ...]
) -> Wave | None:
    if len(form) < 16:
        return None
    coding, _, rate, _, frame, bits = struct.unpack("<HHIIHH", form[:16])
    if coding == _EXTENSIBLE and len(form) >= 26:
        coding = int.from_bytes(form[24:26], "little")
    if coding not in _QUIET or not rate or not frame:
        return None
    quiet = 0x80 if coding == _PCM and bits <= _FEW_BITS else _QUIET[coding]
    return Wave(path, rate, frame, *data, quiet, beside)


def _quiet(wave: Wave, stretches: Sequence[Seconds]) -> Iterator[_Blank]:
    frames = (wave.end - wave.start) // wave.frame
    for first, last in stretches:
        begin = max(0, int((first - PADDING) * wave.rate))
        end = frames if last == float("inf") else min(frames, int((last + PADDING) * wave.rate) + 1)
        if begin < end:
            start = wave.start + begin * wave.frame
            yield _Blank(start, wave.start + end * wave.frame, wave.quiet)


def _blanked(piece: bytes, at: int, blanks: Sequence[_Blank]) -> bytes:
    changed = None
    for start, end, value in blanks:
        first, last = max(start - at, 0), min(end - at, len(piece))
        if first < last:
            changed = bytearray(piece) if changed is None else changed
            changed[first:last] = bytes([value]) * (last - first)
    return piece if changed is None else bytes(changed)
