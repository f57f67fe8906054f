"""What is exported, and what a format has to offer: the types that every module here speaks in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from convarchive.errors import UsageError
from convarchive.model import Conversation


class Wishes(NamedTuple):
    """What the receiver wants beyond the format; each format takes what has a meaning in it, and
    `export` refuses what has none (`FileFormat.grants`)."""

    recordings: bool = False
    """The sound beside the text."""
    revisions: bool = False
    """Every state that was seen, not the newest alone."""
    formats: tuple[str, ...] = ()
    """Of the files in an evidence package."""
    signing_key: Path | None = None
    """A private key in PEM."""
    certificates: Path | None = None
    """The key's certificate in PEM, and those that it was issued by."""
    exported_by: str = ""
    """Who hands it over, in their own words; empty for the user and the machine."""
    proofs: bool = False
    """With each conversation, what shows that it is what the archive's ledger says."""


class Problem(NamedTuple):
    """What the archive could not get of a conversation."""

    source: str
    id: str
    message: str
    """One sentence."""


class Sound(NamedTuple):
    """A recording that is on the disk."""

    sha256: str
    path: Path


Proof = Mapping[str, Any]
"""A JSON document; see `convarchive.compliance.proofs`."""

State = tuple[Conversation, Sequence[tuple[str, bytes]]]
"""A conversation as it was, with its number in ``revision``, and the vendor's bytes by name."""


def _no_recording(_sha256: str) -> None:
    return None


def _not_known(_sha256: str) -> str:
    return "missing"


def _no_proof(_key: int, _revision: int | None) -> Proof:
    raise UsageError("There are no proofs of what is exported here.")


def _no_states(_key: int, _revision: int) -> tuple[State, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The conversations that a query found, still in the archive."""

    query: str
    """As the user wrote it; empty for all of them."""
    archive: str
    """The archive's name, which is not its path."""
    count: int
    """How many conversations will come."""
    conversations: Callable[[], Iterator[tuple[int, Conversation]]]
    """Key and conversation, in the order of ``started_at``, ``source``, ``id``. It can be called
    more than once and brings the same each time."""
    documents: Callable[[int], Sequence[tuple[str, bytes]]]
    """For a key: the vendor's bytes of the newest revision by name: ``detail``, ``transcript``."""
    understood: str = ""
    """The query in canonical form: dates as instants in UTC, saved searches written out; empty
    where the conversations were named one by one."""
    recording: Callable[[str], Path | None] = _no_recording
    """The file with the sound of this SHA-256; None where it is not on the disk."""
    why_lost: Callable[[str], str] = _not_known
    """Why there is no such sound, in a word: ``missing``, ``damaged``, ``unreadable``."""
    problems: Callable[[], Iterable[Problem]] = tuple
    """What the archive could not get, of any conversation."""
    absent: Callable[[], int] = int
    """How many conversations the vendor has listed that are not in the archive, so that no query
    finds them."""
    wishes: Wishes = field(default_factory=Wishes)
    earlier: Callable[[int, int], Iterable[State]] = _no_states
    """For a key and a revision: the states before that one, the oldest first, one at a time."""
    proof: Callable[[int, int | None], Proof] = _no_proof
    """For a key and a revision: the proof of that state; without a revision, of all that are wished
    for."""

    def sound(self, conversation: Conversation) -> Sound | None:
        """Its recording; None where there is none, or nobody wished for it, or it is lost."""
        sha256 = conversation.recording and conversation.recording.sha256
        path = self.recording(sha256) if self.wishes.recordings and sha256 else None
        return Sound(sha256, path) if sha256 and path else None


def states(selection: Selection) -> Iterator[tuple[int, Conversation]]:
    """Keys and conversations; where all revisions are wished for, earlier states come before each.

    Those are read from the vendor's bytes, which know nothing of the sound that was stored and of
    when the vendor has deleted the conversation.
    """
    for key, conversation in selection.conversations():
        if selection.wishes.revisions:
            for state, _ in selection.earlier(key, conversation.revision):
                yield key, state
        yield key, conversation


class Lost(NamedTuple):
    """A recording that the archive knows and cannot hand over."""

    source: str
    id: str
    """Of the first conversation in which it was missed."""
    sha256: str
    why: str
    """``missing``, ``damaged`` or ``unreadable``."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an export came to."""

    count: int
    """Conversations."""
    bytes: int
    """Of the file or archive; of a directory, the sum of its files."""
    path: Path | None
    """Where it is, or None for the standard output."""
    without_transcript: int
    """How many of the conversations have no turns."""
    lost: tuple[Lost, ...] = ()
    """The recordings that were wanted, and are not in it."""


class Sink(Protocol):
    """Where formats of one file write to."""

    def write(self, data: bytes, /) -> object:
        """Take all of the data, or raise."""


class Tree(Protocol):
    """Where formats of many files put them: a directory or a ``.zip``."""

    def add(self, name: str, data: bytes) -> None:
        """Write one file, under a name that is not taken yet; ``/`` in it makes directories."""

    def copy(self, name: str, source: BinaryIO) -> None:
        """Write one file from another that is too large to be held, from where it stands."""

    def open(self, name: str) -> AbstractContextManager[Sink]:
        """Write one file piece by piece; no other can be written until the block ends."""


class FileFormat(NamedTuple):
    """A format that makes one file, and can be written to the standard output."""

    name: str
    """As people ask for it: ``jsonl``."""
    what: str
    """One line for the help."""
    write: Callable[[Selection, Sink], None]
    write_turns: Callable[[Selection, Sink], None] | None = None
    """With a row for each turn, in formats that have rows."""
    grants: frozenset[str] = frozenset()
    """Which of the `Wishes` have a meaning in this format, by their names."""
    binary: bool = False
    """Not for a terminal."""


class TreeFormat(NamedTuple):
    """A format that makes a file or more for each conversation."""

    name: str
    what: str
    write: Callable[[Selection, Tree], None]
    grants: frozenset[str] = frozenset()
    """As in `FileFormat`."""
    passes: Callable[[Wishes], int] = lambda _: 1
    """How often it goes through the conversations."""
    rooted: bool = False
    """Whether in a ZIP archive the files stand in a directory, named as the archive is."""
