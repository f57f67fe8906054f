"""The sound of a conversation: inside of what names it, or in a file beside.

An export has its recordings in ``STEM-recordings`` or ``recordings`` beside it, in directories of
any kind, each file named by the SHA-256 of its bytes; one of many files has a manifest that says
whose sound is where. Both are claims, so the bytes are read once to see whether they hold, and
again to be stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from convarchive.errors import Unreadable
from convarchive.imports.finding import SOUND, File
from convarchive.imports.places import Place, below, joined
from convarchive.imports.reading import Entry
from convarchive.imports.stream import Stream

Parts = Callable[[], Iterator[bytes]]


class Sounds:
    """Finds sound; what is in a directory is remembered."""

    def __init__(self) -> None:
        self._found: dict[tuple[Place, str], dict[str, str]] = {}

    def parts(self, entry: Entry, sha256: str) -> Parts | None:
        """The bytes of the recording of this SHA-256, part by part; None if they did not come.

        Raises:
            Unreadable: They are not what their name says, or can't be read.
        """
        if entry.sound is not None:
            body, _ = entry.sound
            return lambda: iter([body])
        file = self._beside(entry.file, sha256)
        if file is None:
            return None
        digest = hashlib.sha256()
        for part in _read(file):
            digest.update(part)
        if digest.hexdigest() != sha256:
            raise Unreadable(f"The SHA-256 of {file.name} is not the one that is told of it.")
        return lambda: _read(file)

    def _beside(self, file: File, sha256: str) -> File | None:
        if file.place is None:
            return None
        if file.listed and file.listed.sound:
            path = file.listed.sound.path
            return File(joined(file.place.name, path), path, file.place)
        directory, _, name = file.path.rpartition("/")
        stem = name.removesuffix(".gz").rpartition(".")[0] or name
        for beside in (f"{stem}-recordings", "recordings"):
            found = self._within(file.place, joined(directory, beside)).get(sha256)
            if found is not None:
                return File(joined(file.place.name, found), found, file.place)
        return None

    def _within(self, place: Place, directory: str) -> dict[str, str]:
        """The paths of all sound in a directory, by SHA-256."""
        key = (place, directory)
        if key not in self._found:
            paths = below(place, directory)
            named = ((SOUND.fullmatch(path.rpartition("/")[2]), path) for path in paths)
            self._found[key] = {match[1]: path for match, path in named if match}
        return self._found[key]


def _read(file: File) -> Iterator[bytes]:
    with file.open() as opened:
        yield from Stream(opened).chunks()
