"""``dat``: a Concordance load file, for the lawyers' review platforms.

::

    loadfile.dat                     a row a document, as `loadfile` writes it
    TEXT/0001/CONV0000001.txt        the transcripts, a thousand in a directory
    NATIVES/0001/CONV0000002.json    the vendor's bytes; proofs, recordings if wished for
    manifest.json                    query, counts, the load file's checksum; written last

A conversation is a *family*: its transcript is the parent, what the vendor sent, its proof and the
recording are the children. Each has a control number, counted through in the order of the export,
and all of a family name the first and the last of it (``BEGATTACH``, ``ENDATTACH``). The facts
about the call are in every row of the family, so that a search finds the recording as well.

Paths are relative to the load file, with ``/``, which Windows takes as well.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from convarchive.compliance import proofs
from convarchive.export.encoding import encode, heading
from convarchive.export.exceptions import Problems, missing, noted
from convarchive.export.hashing import Hashed, copied
from convarchive.export.instants import instant
from convarchive.export.listing import MANIFEST
from convarchive.export.loadfile import LoadFile
from convarchive.export.selection import Selection, Tree, TreeFormat
from convarchive.model import Conversation
from convarchive.transcripts import write as transcript

LOAD_FILE: Final = "loadfile.dat"
PREFIX: Final = "CONV"
IN_A_FOLDER: Final = 1000

FIELDS: Final = (
    "BEGDOC", "ENDDOC", "BEGATTACH", "ENDATTACH", "PARENTID", "ATTACHCOUNT", "RECORDTYPE",
    "CUSTODIAN", "SOURCE", "CONVERSATIONID", "DATESTART", "TIMESTART", "DATEEND", "TIMEEND",
    "TIMEZONE", "DURATION", "STATUS", "AGENT", "CALLER", "LANGUAGE", "PLATFORM", "SUMMARY",
    "SENTIMENT", "INTENT", "OUTCOME", "FAILUREREASON", "ABANDONMENTREASON", "TOPICS", "KEYWORDS",
    "TURNS", "REVISION", "DELETEDATSOURCE", "EXCEPTIONS", "FILENAME", "FILEEXT", "FILESIZE",
    "SHA256", "TEXTPATH", "NATIVELINK",
)  # fmt: skip
"""The columns, in their order. Dates are MM/DD/YYYY, times HH:MM:SS, both in TIMEZONE."""

_IN_MEMORY: Final = 1_000_000
_LINKS: Final = {"TEXT": "TEXTPATH", "NATIVES": "NATIVELINK"}
"""Which column names a file, by the directory it is in."""


def write(selection: Selection, tree: Tree) -> None:
    """The texts and natives, then the load file, then the manifest."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        out = Hashed(file)
        load_file = LoadFile(out, FIELDS)
        production = _Production(selection, tree)
        for key, conversation in selection.conversations():
            for row in production.family(key, conversation):
                load_file.row(row)
        file.seek(0)
        tree.copy(LOAD_FILE, file)  # type: ignore[arg-type]  # it has what is needed: read
    if selection.wishes.proofs:
        tree.add(proofs.CHECKER, proofs.checker())
    about = heading(selection, format="dat")
    about["load_file"] = {
        "file": LOAD_FILE, "sha256": out.hexdigest, "bytes": out.bytes,
        "rows": load_file.rows, "replaced_characters": load_file.replaced,
    }  # fmt: skip
    tree.add(MANIFEST, encode(about) + b"\n")


class _File(NamedTuple):
    """A file of the family; its bytes are written already."""

    kind: str
    path: str
    bytes: int
    sha256: str

    def columns(self) -> dict[str, str]:
        name = self.path.rpartition("/")[2]
        return {
            "RECORDTYPE": self.kind,
            "FILENAME": name,
            "FILEEXT": name.rpartition(".")[2],
            "FILESIZE": str(self.bytes),
            "SHA256": self.sha256,
            _LINKS[self.path.partition("/")[0]]: self.path,
        }


class _Production:
    """Gives out control numbers and places, and writes the files there."""

    def __init__(self, selection: Selection, tree: Tree) -> None:
        self._selection = selection
        self._tree = tree
        self._problems: Problems = noted(selection)
        self._documents = 0
        self._placed: Counter[str] = Counter()

    def family(self, key: int, conversation: Conversation) -> list[dict[str, str]]:
        """The rows of a conversation, the parent first."""
        first = self._documents
        files = list(self._files(key, conversation))
        numbers = [_number(first + at) for at in range(1, len(files) + 1)]
        lacks = missing(self._selection, conversation, self._problems)
        shared = {
            **_facts(conversation),
            "EXCEPTIONS": "\n".join(lack.why for lack in lacks),
            "BEGATTACH": numbers[0],
            "ENDATTACH": numbers[-1],
        }
        rows = [
            {**shared, **file.columns(), "BEGDOC": number, "ENDDOC": number, "PARENTID": numbers[0]}
            for number, file in zip(numbers, files, strict=True)
        ]
        rows[0].update(PARENTID="", ATTACHCOUNT=str(len(files) - 1))
        return rows

    def _files(self, key: int, conversation: Conversation) -> Iterator[_File]:
        text = transcript(conversation.turns, "text").encode()
        yield self._added("Transcript", self._path("TEXT", "txt"), text)
        for name, data in self._selection.documents(key):
            yield self._added(f"Vendor document: {name}", self._path("NATIVES", "json"), data)
        if self._selection.wishes.proofs:
            proof = proofs.written(self._selection.proof(key, None))
            yield self._added("Proof of integrity", self._path("NATIVES", proofs.SUFFIX), proof)
        if sound := self._selection.sound(conversation):
            path = self._path("NATIVES", sound.path.suffix[1:] or "bin")
            file = copied(sound.path, self._tree, path)
            yield _File("Recording", path, file.bytes, file.hexdigest)

    def _added(self, kind: str, path: str, data: bytes) -> _File:
        self._tree.add(path, data)
        return _File(kind, path, len(data), hashlib.sha256(data).hexdigest())

    def _path(self, place: str, suffix: str) -> str:
        self._documents += 1
        folder = self._placed[place] // IN_A_FOLDER + 1
        self._placed[place] += 1
        return f"{place}/{folder:04}/{_number(self._documents)}.{suffix}"


def _number(nth: int) -> str:
    return f"{PREFIX}{nth:07}"


def _facts(conversation: Conversation) -> dict[str, str]:
    """What is known of the call."""
    started, ended = instant(conversation.started_at), instant(conversation.ended_at)
    duration = conversation.duration
    return {
        "CUSTODIAN": conversation.agent_id or conversation.caller_number or conversation.source,
        "SOURCE": conversation.source,
        "CONVERSATIONID": conversation.id,
        "DATESTART": _date(started),
        "TIMESTART": _time(started),
        "DATEEND": _date(ended),
        "TIMEEND": _time(ended),
        "TIMEZONE": "UTC" if started or ended else "",
        "DURATION": "" if duration is None else f"{duration:.3f}",
        "STATUS": conversation.status,
        "AGENT": conversation.agent_id or "",
        "CALLER": conversation.caller_number or "",
        "LANGUAGE": conversation.language or "",
        "PLATFORM": conversation.platform or "",
        "SUMMARY": conversation.summary or "",
        "SENTIMENT": conversation.sentiment or "",
        "INTENT": conversation.intent or "",
        "OUTCOME": conversation.outcome or "",
        "FAILUREREASON": conversation.failure_reason or "",
        "ABANDONMENTREASON": conversation.abandonment_reason or "",
        "TOPICS": _several(conversation.topics),
        "KEYWORDS": _several(conversation.keywords),
        "TURNS": str(len(conversation.turns)),
        "REVISION": str(conversation.revision),
        "DELETEDATSOURCE": conversation.deleted_at_source or "",
    }


def _several(values: Sequence[str]) -> str:
    """As these platforms part the values of a field; a semicolon within one becomes a comma."""
    return "; ".join(value.replace(";", ",") for value in values)


def _date(moment: datetime | None) -> str:
    # Not by strftime, which writes years before 1000 in fewer digits on some systems.
    return f"{moment.month:02}/{moment.day:02}/{moment.year:04}" if moment else ""


def _time(moment: datetime | None) -> str:
    return f"{moment.hour:02}:{moment.minute:02}:{moment.second:02}" if moment else ""


FORMAT = TreeFormat(
    "dat",
    "a Concordance load file, with texts and natives",
    write,
    frozenset({"recordings", "proofs"}),
)
