"""From the paths that were given to the files that are read, sorted, one at a time.

A directory and a ZIP archive are walked alike. What is hidden is passed over, and so is sound,
which is looked for when a conversation names it. Two things have an order of their own:

* **Our own exports of many files.** Their ``manifest.json`` names the files, whose they are, and
  their SHA-256, so it is what is followed: a file that is missing is noticed. The documents of one
  conversation in ``raw`` belong together. Proofs, and what checks them, are passed over.
* **A bag** (RFC 8493): only ``data`` is looked into, the rest is about it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from convarchive.errors import Unreadable, UsageError
from convarchive.imports.places import Disk, Place, Zipped, is_zip, joined
from convarchive.imports.stream import FAILURES
from convarchive.records import own

if TYPE_CHECKING:
    from io import BufferedReader

STDIN: Final = "-"

_MANIFEST: Final = "manifest.json"
_EXCEPTIONS: Final = "data/exceptions.json"
_CHECKER: Final = "verify_proof.py"
_PROOF: Final = ".proof.json"
_SCHEMA: Final = "convarchive.export/1"
_LARGEST_MANIFEST: Final = 1 << 30
_ARCHIVE: Final = ("convarchive.toml", "archive.db")
SOUND: Final = re.compile(r"([0-9a-f]{64})(?:\.(?:wav|mp3|m4a|ogg|webm|flac|bin))?")
"""The name of a file with sound: its SHA-256."""

_DOCUMENTS: Final = {".srt": "srt", ".vtt": "vtt", ".txt": "text"}


class Trouble(NamedTuple):
    """What can't be taken in."""

    where: str
    """The file, and the place in it."""
    message: str
    body: bytes | None = None
    """The bytes that came."""


class Beside(NamedTuple):
    """A recording that a manifest names beside the conversation's other files."""

    path: str
    sha256: str
    bytes: int
    media_type: str | None


class Listed(NamedTuple):
    """What a manifest says of a file."""

    source: str
    id: str
    sha256: str
    sound: Beside | None = None


class File(NamedTuple):
    """A file to be read."""

    name: str
    """As people know it."""
    path: str
    """Within its place."""
    place: Place | None
    """None for the standard input."""
    listed: Listed | None = None

    def open(self) -> BinaryIO:
        """Its bytes, to be closed by the caller.

        Raises:
            Unreadable: It can't be read.
        """
        return self.place.open(self.path) if self.place else cast("BinaryIO", _Stdin())

    @property
    def size(self) -> int:
        """Bytes that it takes, packed if it is; 0 where that is not known."""
        try:
            return self.place.size(self.path) if self.place else 0
        except (KeyError, OSError):  # it is not there, which is said when it is opened
            return 0


class Bundle(NamedTuple):
    """The documents of one conversation, a file each."""

    name: str
    documents: tuple[tuple[str, File], ...]
    """By the name of the document."""


class _Stdin:
    """The standard input; it gives what has come, so that Ctrl-C is heard while it waits."""

    def read(self, size: int, /) -> bytes:
        return cast("BufferedReader", sys.stdin.buffer).read1(size)


Found = File | Bundle | Trouble


def check(paths: Sequence[str]) -> None:
    """See whether there is something at these paths, and no archive.

    Raises:
        UsageError: There is not.
    """
    for name in paths:
        path = Path(name)
        if name != STDIN and not os.path.lexists(path):
            raise UsageError(f"There is no file or directory {name}.")
        directory = path if path.is_dir() else path.parent
        if path.is_dir() or path.name in _ARCHIVE:
            _refuse_archive(directory)


def find(paths: Sequence[str]) -> Iterator[Found]:
    """Every file at and below these paths."""
    for name in paths:
        path = Path(name)
        if name == STDIN:
            yield File(STDIN, "", None)
        elif path.is_dir():
            yield from _Walk(Disk(path, path.as_posix())).walk("")
        else:
            yield from _opened(Disk(path.parent, ""), path.name, path.as_posix())


class _Walk:
    """One way through a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._taken: set[str] = set()
        """What a manifest has named."""

    def walk(self, directory: str) -> Iterator[Found]:
        for stray in self._place.strays if not directory else ():
            yield Trouble(self._named(stray), "Its name is no path within the ZIP archive.")
        try:
            if not self._place.is_new(directory):
                return
            files, directories = self._place.children(directory)
        except (Unreadable, OSError) as error:
            yield Trouble(self._named(directory), str(error))
            return
        if set(_ARCHIVE) <= {*files}:
            yield Trouble(self._named(directory), "It is an archive. Export it, and import that.")
            return
        if "bagit.txt" in files and "data" in directories:
            if _manifest(
                self._place, joined(directory, _MANIFEST)
            ):  # ours, with a list of what lacks
                self._taken.add(joined(directory, _EXCEPTIONS))
            files, directories = [], ["data"]
        if _MANIFEST in files:
            yield from self._listed(directory)
        for name in files:
            path = joined(directory, name)
            if path not in self._taken and not _passed_over(name):
                yield from _opened(self._place, path, self._named(path))
        for name in directories:
            if not name.startswith("."):
                yield from self.walk(joined(directory, name))

    def _listed(self, directory: str) -> Iterator[Found]:
        """What a manifest of ours names; nothing if it is another's."""
        path = joined(directory, _MANIFEST)
        manifest = _manifest(self._place, path)
        if manifest is None:
            return
        form, entries = manifest
        proofs = [entry["file"] for entry in entries if entry["file"].endswith(_PROOF)]
        self._taken.update(joined(directory, name) for name in (_MANIFEST, _CHECKER, *proofs))
        files = []
        sounds = dict(self._sounds(directory, entries))
        for entry in entries:
            if _is_sound(entry) or entry["file"].endswith(_PROOF):
                continue
            inner = joined(directory, entry["file"])
            if not {"", ".", ".."}.isdisjoint(inner.split("/")):
                yield Trouble(self._named(path), f"It names a file outside: {entry['file']!r}.")
                continue
            self._taken.add(inner)
            sound = sounds.get((entry["source"], entry["id"]))
            listed = Listed(entry["source"], entry["id"], entry["sha256"], sound)
            files.append(File(self._named(inner), inner, self._place, listed))
        if form != "raw":
            yield from files
            return
        for _, group in groupby(files, lambda file: file.listed and file.listed[:2]):
            documents = tuple((_document(file.path), file) for file in group)
            yield Bundle(documents[0][1].name, documents)

    def _sounds(
        self, directory: str, entries: Sequence[dict[str, Any]]
    ) -> Iterator[tuple[tuple[str, str], Beside]]:
        """The recordings that a manifest names, by source and id of their conversations."""
        for entry in filter(_is_sound, entries):
            path = joined(directory, entry["file"])
            self._taken.add(path)
            sound = Beside(path, entry["sha256"], entry["bytes"], entry["media_type"])
            yield (entry["source"], entry["id"]), sound

    def _named(self, path: str) -> str:
        return joined(self._place.name, path) if path else self._place.name


def _opened(place: Place, path: str, name: str) -> Iterator[Found]:
    """The file at a path, or what is in it if it is a ZIP archive."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(place.open(path))
            zipped = is_zip(file.read(4)) and not isinstance(place, Zipped)
            inner = Zipped(file, name) if zipped else None
        except (Unreadable, *FAILURES) as error:
            yield Trouble(name, str(error))
            return
        yield from _Walk(inner).walk("") if inner else [File(name, path, place)]


def _refuse_archive(directory: Path) -> None:
    if all((directory / name).exists() for name in _ARCHIVE):
        raise UsageError(
            f"{directory} is an archive, and not something that was exported from one.", "",
            f"Export it first: convarchive -a {directory} export -o all.jsonl",
        )  # fmt: skip


def _passed_over(name: str) -> bool:
    return name.startswith(".") or SOUND.fullmatch(name) is not None


def _manifest(place: Place, path: str) -> tuple[str, list[dict[str, Any]]] | None:
    """Format and entries of a manifest that this program has written; None if it has not."""
    try:
        with place.open(path) as file:
            value = own.decoded(file.read(_LARGEST_MANIFEST))
    except (Unreadable, *FAILURES):
        return None
    if not isinstance(value, dict) or value.get("schema") != _SCHEMA or "format" not in value:
        return None
    entries = [entry for entry in value.get("conversations") or () if _is_entry(entry)]
    return str(value["format"]), entries


def _is_entry(entry: Any) -> bool:
    names = ("source", "id", "file", "sha256")
    return isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in names)


def _is_sound(entry: dict[str, Any]) -> bool:
    inside = {"", ".", ".."}.isdisjoint(entry["file"].split("/"))
    known = isinstance(entry.get("media_type"), str | None) and isinstance(entry.get("bytes"), int)
    return "media_type" in entry and inside and known


def _document(path: str) -> str:
    """The document that a file of ``raw`` holds: ``x.detail.json``, ``x.srt``."""
    stem, suffix = os.path.splitext(path)  # noqa: PTH122 - it is no path of this machine
    return _DOCUMENTS.get(suffix) or stem.rpartition(".")[2]
