"""The sound files, and parts of them: Range requests as RFC 9110 section 14 has them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from convarchive.sandbox.faults import no_recording

if TYPE_CHECKING:
    from starlette.datastructures import Headers

_MEDIA_TYPES: Final = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg"}
_RANGE: Final = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


class Recordings:
    """Recordings by name: those in a folder, those that were added, and those made on demand.

    Args:
        folder: Where files lie, if there are any; only what is in it now can be had.
        made: Makes the recording of this name, or says ``None``.
    """

    def __init__(
        self, folder: Traversable | None = None, made: Callable[[str], bytes | None] | None = None
    ) -> None:
        self._files = {file.name: file for file in folder.iterdir()} if folder else {}
        self._made = made
        self._added: dict[str, bytes] = {}

    def add(self, name: str, data: bytes) -> None:
        """Serve these bytes under this name from now on."""
        self._added[name] = data

    def get(self, name: str) -> bytes | None:
        """The bytes of a recording, ``None`` where there is no such."""
        if name in self._added:
            return self._added[name]
        if name in self._files:
            return self._files[name].read_bytes()
        return self._made(name) if self._made else None

    def answer(self, name: str, headers: Headers) -> Response:
        """200 with the whole, 206 with the part that was asked for, or 416.

        Several ranges at once are answered with the whole, which the RFC allows, and so is a part
        of another version than this one (``If-Range``). Raises `Fault` (404) for no such name.
        """
        data = self.get(name)
        if data is None:
            raise no_recording()
        tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        told = {"Accept-Ranges": "bytes", "ETag": tag}
        media_type = _MEDIA_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")
        same = headers.get("if-range", tag) == tag
        part = _part(headers.get("range", ""), len(data)) if same else None
        if part is None:
            return Response(data, headers=told, media_type=media_type)
        if not part:
            told["Content-Range"] = f"bytes */{len(data)}"
            return Response(status_code=416, headers=told)
        told["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(data)}"
        return Response(data[part.start : part.stop], 206, headers=told, media_type=media_type)


def _part(header: str, size: int) -> range | None:
    """The bytes that are asked for; empty where there are none such, ``None`` for the whole."""
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix:
        return range(max(0, size - int(suffix)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)
