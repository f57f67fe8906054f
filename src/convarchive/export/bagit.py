"""``bagit``: an evidence package, to hand to somebody who does not have to trust us.

A *bag* (RFC 8493, https://www.rfc-editor.org/rfc/rfc8493) is a directory with a list of checksums
of everything in it. Libraries and archives have moved their holdings in bags for fifteen years, so
there are tools to check them, and ``sha512sum`` alone will do::

    cover.html               for people: what this is, what is missing, how to check it
    bagit.txt, bag-info.txt  for tools: the standard's version; query, counts, who and when
    manifest.json            the same for programs
    manifest-sha512.txt      the checksum of every file in data/
    tagmanifest-sha512.txt   the checksums of the files above
    data/
      conversations.jsonl    the formats that were chosen: of one file each,
      text/…                 or with a directory of their own
      recordings/3f9a….wav   the sound, if it was wished for, named by its SHA-256
      proofs/…               if they were wished for, with what checks them
      exceptions.json        what could not be included, and why

The cover stands outside of ``data/``: it speaks about the evidence and is none. RFC 8493 allows
for further tag files, and the tag manifest covers them.

Recordings are in the package once, also where a format has a place for them. In a ZIP archive the
bag is a directory, as section 4.2 wants it: who unpacks it finds one entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from convarchive.errors import UsageError
from convarchive.export import cover
from convarchive.export.encoding import encode, heading
from convarchive.export.hashing import Below, Listed
from convarchive.export.listing import MANIFEST, write_each
from convarchive.export.provenance import exported_at, exported_by
from convarchive.export.selection import FileFormat, Selection, Tree, TreeFormat, Wishes
from convarchive.export.survey import Survey, survey
from convarchive.transcripts.plain import one_line

NAME: Final = "bagit"
DEFAULT: Final = ("jsonl", "text")
"""What is in a bag when nothing is said: the record, and something to read."""

_DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def write(selection: Selection, tree: Tree) -> None:
    """A bag; the tag manifest is written last."""
    formats = chosen(selection.wishes)
    origin = {
        "exported_by": exported_by(selection.wishes.exported_by),
        "exported_at": f"{exported_at():%Y-%m-%dT%H:%M:%SZ}",
    }
    with Listed(tree) as payload, Listed(tree) as tags:
        data = Below(payload, "data")
        for made in formats:
            _add(made, selection, data)
        if selection.wishes.proofs:
            silent = replace(selection, wishes=selection.wishes._replace(recordings=False))
            write_each(silent, Below(data, cover.PROOFS), cover.PROOFS, lambda *_: ())
        found = survey(selection, data)
        about = _about(selection, origin, found, formats, payload)
        tags.add("bagit.txt", _DECLARATION)
        tags.add("bag-info.txt", _info(about).encode())
        what = {made.name: made.what for made in formats}
        tags.add(cover.NAME, cover.page(about, found, what).encode())
        tags.add(MANIFEST, encode(about) + b"\n")
        payload.list_in(tags, "manifest-sha512.txt")
        tags.list_in(tree, "tagmanifest-sha512.txt")


def chosen(wishes: Wishes) -> Sequence[FileFormat | TreeFormat]:
    """The formats that go into the bag, each once, in the order in which they were asked for.

    Raises:
        UsageError: A bag is asked for in a bag.
    """
    from convarchive.export import FORMATS  # which knows this module

    names = tuple(dict.fromkeys(wishes.formats or DEFAULT))
    if NAME in names:
        raise UsageError("A bag does not go into a bag.", "", "Leave out --bag-format bagit.")
    return [FORMATS[name] for name in names]


def passes(wishes: Wishes) -> int:
    """Once for each format of one file, as often as the others want, once for the proofs if there
    are some, and once for the survey."""
    trees = [made.passes(wishes) for made in chosen(wishes) if isinstance(made, TreeFormat)]
    return sum(trees) + len(chosen(wishes)) - len(trees) + wishes.proofs + 1


def _add(made: FileFormat | TreeFormat, selection: Selection, data: Tree) -> None:
    """One format, with those of the wishes that it knows; but sound and proofs go in once, by
    themselves."""
    granted = made.grants - {"recordings", "proofs"}
    wished = {name: wish for name, wish in selection.wishes._asdict().items() if name in granted}
    inner = replace(selection, wishes=Wishes(**wished))
    if isinstance(made, TreeFormat):
        made.write(inner, Below(data, made.name))
    else:
        with data.open(file_of(made.name)) as out:
            made.write(inner, out)


def file_of(name: str) -> str:
    """Where a format of one file goes: ``conversations.jsonl``."""
    return f"conversations.{name}"


def _about(
    selection: Selection,
    origin: Mapping[str, str],
    found: Survey,
    formats: Sequence[FileFormat | TreeFormat],
    payload: Listed,
) -> dict[str, Any]:
    """What this bag is, once for the cover, for ``bag-info.txt`` and for ``manifest.json``."""
    files = [made.name for made in formats if isinstance(made, FileFormat)]
    return {
        **heading(selection, format=NAME),
        "understood": selection.understood,
        **origin,
        "turns": found.turns,
        "first_started_at": found.first,
        "last_started_at": found.last,
        "contents": {m.name: file_of(m.name) if m.name in files else f"{m.name}/" for m in formats},
        "with_recordings": selection.wishes.recordings,
        "recordings": found.recordings,
        "recording_bytes": found.recording_bytes,
        "exceptions": found.missing.total(),
        "absent": found.absent,
        "payload_bytes": payload.bytes,
        "payload_files": payload.files,
    }


def _info(about: Mapping[str, Any]) -> str:
    """``bag-info.txt``: section 2.2.2, its own names first."""
    return "".join(f"{label}: {one_line(str(value))}\n" for label, value in _labels(about) if value)


def _labels(about: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "Bagging-Date", about["exported_at"][:10]
    yield "Bag-Software-Agent", about["program"]
    yield "External-Description", f"Phone conversations from the archive {about['archive']}"
    yield "Payload-Oxum", f"{about['payload_bytes']}.{about['payload_files']}"
    yield "Exported-By", about["exported_by"]
    yield "Exported-At", about["exported_at"]
    yield "Archive", about["archive"]
    yield "Query", cover.asked(about)
    yield "Query-Understood", about["understood"]
    yield "Conversations", str(about["count"])
    yield "Turns", str(about["turns"])
    yield "First-Started-At", about["first_started_at"]
    yield "Last-Started-At", about["last_started_at"]
    yield "Formats", ", ".join(about["contents"])
    yield "Recordings", str(about["recordings"]) if about["with_recordings"] else "not asked for"
    yield "Exceptions", str(about["exceptions"])
    yield "Listed-But-Not-In-Archive", str(about["absent"])


FORMAT = TreeFormat(
    NAME,
    "an evidence package: formats of your choice, checksums, what is missing, a cover page",
    write,
    frozenset({"recordings", "formats", "exported_by", "proofs"}),
    passes=passes,
    rooted=True,
)
