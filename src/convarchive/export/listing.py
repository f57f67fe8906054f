"""What all formats with a file a conversation have in common: names, and a ``manifest.json``.

::

    {"schema":"convarchive.export/1","format":"srt","query":"…",…,"count":2,"conversations":[
    {"source":"ayra","id":"conv_8f2kq1","turns":38,"file":"conv_8f2kq1.srt","sha256":"…","bytes":3512},
    …
    ]}

There is an entry for each file, so where a conversation has two files it has two entries; one of
which nothing could be written has an entry whose ``file`` and ``sha256`` are null. The entry of a
recording has a ``media_type``; where it could not be had, ``file`` is null and ``sha256`` says what
is missing. The manifest is written last: it is the sign that the export is whole.

With proofs each conversation has a file ``conv_8f2kq1.proof.json`` as well, which has its entry,
and there is ``verify_proof.py``, which checks them.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from typing import IO, Any, Final

from convarchive.compliance import proofs
from convarchive.export.encoding import encode, heading
from convarchive.export.hashing import Hashed
from convarchive.export.names import Names
from convarchive.export.selection import Selection, Sink, Tree
from convarchive.model import Conversation

MANIFEST: Final = "manifest.json"

BESIDE: Final = frozenset({"recordings", "proofs"})
"""What lies beside the files of each conversation if it is wished for: what formats can grant that
use `write_each`, or `listing` and `Place.add_sound`."""

_IN_MEMORY: Final = 8_000_000
"""Bytes of a file in the making; a longer one goes to a temporary file."""

Content = bytes | Callable[[Sink], None]
"""Of a file: its bytes, or what writes them."""

Files = Callable[[int, Conversation], Iterable[tuple[str, Content]]]
"""From key and conversation to its files: what follows the name (``detail.json``), and content."""


def write_each(selection: Selection, tree: Tree, fmt: str, files: Files) -> None:
    """Put the files of each conversation, its sound if that is wished, and the manifest, into the
    tree."""
    with listing(selection, tree, fmt) as listed:
        for key, conversation in selection.conversations():
            with listed.place(key, conversation) as place:
                for suffix, content in files(key, conversation):
                    place.add(suffix, content)
                place.add_sound()


@contextmanager
def listing(
    selection: Selection, tree: Tree, fmt: str, taken: Sequence[str] = ()
) -> Iterator[Listing]:
    """A tree with a manifest, which is added when the block ends without an error; where proofs are
    wished for, with the program that checks them.

    Args:
        selection: What is written.
        tree: Where to.
        fmt: The name of the format.
        taken: Names, without suffix, that no conversation can have.
    """
    with streamed(tree, MANIFEST, *opened(heading(selection, format=fmt), "conversations")) as out:
        if selection.wishes.proofs:
            tree.add(proofs.CHECKER, proofs.checker())
        yield Listing(selection, tree, Names(taken), separated(out))


class Listing:
    """The names that are taken, and the manifest in the making."""

    def __init__(
        self, selection: Selection, tree: Tree, names: Names, tell: Callable[[Any], None]
    ) -> None:
        self._selection = selection
        self._tree = tree
        self._names = names
        self._tell = tell

    @contextmanager
    def place(self, key: int, conversation: Conversation) -> Iterator[Place]:
        """Where the files of the next conversation go; its proof is added after them."""
        name = self._names.name(conversation.source, conversation.id)
        place = Place(self._selection, self._tree, name, conversation)
        yield place
        if self._selection.wishes.proofs:
            place.add(proofs.SUFFIX, proofs.written(self._selection.proof(key, None)))
        for entry in place.entries or [place.entry(None, None, 0)]:
            self._tell(entry)


class Place:
    """Where the files of one conversation go; ``entries`` are those of the manifest."""

    def __init__(
        self, selection: Selection, tree: Tree, name: str, conversation: Conversation
    ) -> None:
        self._selection = selection
        self._tree = tree
        self._name = name
        self._conversation = conversation
        self.entries: list[dict[str, Any]] = []

    def add(self, suffix: str, content: Content) -> str:
        """Write a file, with this behind the conversation's name; what it is called."""
        file = f"{self._name}.{suffix}"
        if isinstance(content, bytes):
            self._tree.add(file, content)
            sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        else:
            with self._tree.open(file) as out:
                hashed = Hashed(out)
                content(hashed)
            sha256, size = hashed.hexdigest, hashed.bytes
        self.entries.append(self.entry(file, sha256, size))
        return file

    def add_sound(self) -> str | None:
        """Copy the recording, if it is wished and there is one; what it is called."""
        recording = self._conversation.recording
        if not (self._selection.wishes.recordings and recording and recording.sha256):
            return None
        file, size = copy_sound(self._selection, self._tree, recording.sha256, self._name)
        entry = self.entry(file, recording.sha256, size)
        self.entries.append({**entry, "media_type": recording.media_type})
        return file

    def entry(self, file: str | None, sha256: str | None, size: int) -> dict[str, Any]:
        """What the manifest says of a file, or of one that could not be written."""
        return {
            "source": self._conversation.source,
            "id": self._conversation.id,
            "turns": len(self._conversation.turns),
            "file": file,
            "sha256": sha256,
            "bytes": size,
        }


def copy_sound(selection: Selection, tree: Tree, sha256: str, name: str) -> tuple[str | None, int]:
    """Copy a recording under a name with its own suffix: the file and its size in bytes.

    None and 0 where it cannot be had.
    """
    path = selection.recording(sha256)
    if path is None:
        return None, 0
    file = name + path.suffix
    with path.open("rb") as sound:
        tree.copy(file, sound)
        return file, sound.tell()


@contextmanager
def streamed(tree: Tree, name: str, before: bytes, after: bytes) -> Iterator[IO[bytes]]:
    """A file that grows beside those of the tree, and is added to it when the block ends without an
    error; what is written stands between ``before`` and ``after``."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        file.write(before)
        yield file
        file.write(after)
        file.seek(0)
        tree.copy(name, file)  # type: ignore[arg-type]  # it has what is needed: read


def separated(out: IO[bytes]) -> Callable[[Any], None]:
    """What writes the items of a list that was `opened`, each on a line of its own."""
    separators = chain([b"\n"], repeat(b",\n"))

    def write(item: Any) -> None:
        out.write(next(separators) + encode(item))

    return write


def opened(heading: dict[str, Any], key: str) -> tuple[bytes, bytes]:
    """A JSON object cut open inside of a last, empty list, so that the items can be streamed."""
    whole = encode({**heading, key: []})
    return whole.removesuffix(b"]}"), b"\n]}\n"
