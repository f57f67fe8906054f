"""Handing conversations over: what a query found, as files that others can open.

============  ===================================  =======================  =============
format        is                                   made of                  module
============  ===================================  =======================  =============
``jsonl``     lossless, checksummed, to import     one file                 `jsonl`
``json``      the same in one document             one file                 `json`
``csv``       for spreadsheets                     one file                 `csv`
``parquet``   for data frames, typed               one file                 `parquet`
``text``      transcripts to read                  a file a conversation    `transcripts`
``srt``       subtitles                            a file a conversation    `transcripts`
``vtt``       captions for browsers                a file a conversation    `transcripts`
``markdown``  pages to read and to paste           a file a conversation    `markdown`
``html``      pages to read, hear and print        a file a conversation    `html`
``raw``       the vendor's bytes                   a file a document        `raw`
``vcon``      the IETF's container                 a file a conversation    `vcon`
``bagit``     an evidence package, with a cover    a directory              `bagit`
``dat``       Concordance load file                a file a document        `dat`
``rsmf``      Relativity short messages            a file a conversation    `rsmf`
============  ===================================  =======================  =============

A format is a module that turns a `Selection` into bytes; it knows neither the archive nor where
the bytes go. Formats of one file can be written to the standard output, the others go to a
directory, or to a ZIP archive where the path ends in ``.zip``. Three promises hold for all of them:

* **All or nothing** (`landing`): the export is at its path when it is whole, and not before.
* **The same again**: the same archive and query give the same bytes. There is no clock in them, but
  for the evidence package, which says when it was made.
* **Nothing missing**: if fewer or more conversations come than were announced, it fails.

Conversations pass through one at a time. Of those that are done, only the names of their files are
remembered, in formats of many files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from convarchive.errors import UsageError
from convarchive.export import (
    bagit,
    csv,
    dat,
    html,
    json,
    jsonl,
    markdown,
    parquet,
    raw,
    rsmf,
    sounds,
    transcripts,
    vcon,
)
from convarchive.export.landing import failures_told, new_directory, new_file
from convarchive.export.names import safe
from convarchive.export.selection import (
    FileFormat,
    Lost,
    Problem,
    Proof,
    Selection,
    Sink,
    Summary,
    Tree,
    TreeFormat,
    Wishes,
)
from convarchive.export.tally import Progress, Tally
from convarchive.export.trees import Folder, Zip
from convarchive.transcripts.plain import plain

__all__ = [
    "FORMATS",
    "FileFormat",
    "Lost",
    "Problem",
    "Proof",
    "Selection",
    "Sink",
    "Summary",
    "Tree",
    "TreeFormat",
    "Wishes",
    "export",
]

Write = Callable[[Selection, Sink], None]

FORMATS: Final[Mapping[str, FileFormat | TreeFormat]] = MappingProxyType({
    made.name: made
    for made in (
        jsonl.FORMAT, json.FORMAT, csv.FORMAT, parquet.FORMAT,
        transcripts.TEXT, transcripts.SRT, transcripts.VTT, markdown.FORMAT, html.FORMAT,
        raw.FORMAT, vcon.FORMAT, bagit.FORMAT, dat.FORMAT, rsmf.FORMAT,
    )
})  # fmt: skip
"""Every format by its name, in the order of the help. A new one is a module and a line here."""


def export(
    selection: Selection,
    fmt: str,
    path: Path | None,
    *,
    force: bool = False,
    turns: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Write the selection in this format.

    Args:
        selection: What to write.
        fmt: One of `FORMATS`.
        path: Where to; None for the standard output, which formats of one file can be written to.
        force: Replace what is there, if it is a file or an earlier export.
        turns: Write a row for each turn, in formats that have rows.
        progress: Is told after each conversation how many are done.

    Raises:
        UsageError: No such format, or it cannot be written in this way or to this path, or it has
            no place for what is wished.
        PathExists: Something is at the path that is not to be replaced.
        DiskFull: No room is left.
        ConvarchiveError: The path cannot be written, or the archive changed meanwhile.
        BrokenPipeError: Nobody reads the standard output any longer.
    """
    write = _writer(fmt, path, turns, selection.wishes)
    _check(fmt, selection.wishes)
    tally = Tally(selection, progress, _passes(fmt, selection.wishes))
    with failures_told(str(path or "the standard output")):
        size = write(tally.watched(), force)
    return Summary(selection.count, size, path, tally.without_transcript, tuple(tally.lost))


_Writer = Callable[[Selection, bool], int]
"""From the selection and ``force`` to the number of bytes that were written."""


def _writer(fmt: str, path: Path | None, turns: bool, wishes: Wishes) -> _Writer:
    """What writes this format to this path."""
    made = _made(fmt)
    write_turns = made.write_turns if isinstance(made, FileFormat) else None
    if turns and write_turns is None:
        able = [name for name, one in FORMATS.items() if getattr(one, "write_turns", None)]
        raise UsageError(f"{fmt} has no rows for turns.", "", f"--turns is for {', '.join(able)}.")
    if isinstance(made, FileFormat):
        write = write_turns if turns and write_turns else made.write
        return _file_writer(made, write, path, wishes)
    if path is None:
        raise UsageError(f"{fmt} makes many files.", "", "It needs -o PATH: a directory or a .zip.")
    return partial(_to_zip if path.suffix.lower() == ".zip" else _to_directory, made, path)


def _made(fmt: str) -> FileFormat | TreeFormat:
    if fmt not in FORMATS:
        raise UsageError(f"There is no format {fmt!r}.", "", f"There are {', '.join(FORMATS)}.")
    return FORMATS[fmt]


def _file_writer(made: FileFormat, write: Write, path: Path | None, wishes: Wishes) -> _Writer:
    if wishes.recordings:
        if path is None or (path.exists() and not path.is_file()):
            raise UsageError("Recordings need a place beside the file.", "", "Name one: -o PATH.")
        return partial(_to_file_with_sound, write, path)
    if path is not None:
        return partial(_to_file, write, path)
    if made.binary and sys.stdout.isatty():
        raise UsageError(f"{made.name} is not for the screen.", "", "It needs -o PATH, or a pipe.")
    return partial(_to_stdout, write)


_OPTIONS: Final = {
    "recordings": "--with-recordings",
    "revisions": "--revision all",
    "formats": "--bag-format",
    "signing_key": "--sign",
    "certificates": "--cert",
    "exported_by": "--exported-by",
    "proofs": "--with-proofs",
}


def _check(fmt: str, wishes: Wishes) -> None:
    """A wish that would have no effect is refused, and not ignored."""
    granted = FORMATS[fmt].grants.union(*(_made(inner).grants for inner in wishes.formats))
    for name, wish in wishes._asdict().items():
        if wish and name not in granted:
            able = [other for other, made in FORMATS.items() if name in made.grants]
            raise UsageError(
                f"{fmt} knows nothing of {_OPTIONS[name]}.", "",
                f"Formats that do: {', '.join(able)}." if able else "",
            )  # fmt: skip


def _passes(fmt: str, wishes: Wishes) -> int:
    made = FORMATS[fmt]
    return made.passes(wishes) if isinstance(made, TreeFormat) else 1


def _to_stdout(write: Write, selection: Selection, _force: bool) -> int:
    out = _Counted(_Screen() if sys.stdout.isatty() else sys.stdout.buffer)
    write(selection, out)
    sys.stdout.flush()
    return out.bytes


def _to_file(write: Write, path: Path, selection: Selection, force: bool) -> int:
    with new_file(path, force=force) as file:
        out = _Counted(file)
        write(selection, out)
    return out.bytes


def _to_file_with_sound(write: Write, path: Path, selection: Selection, force: bool) -> int:
    beside = sounds.place(path)
    with new_file(path, force=force) as file, new_directory(beside, force=force) as root:
        out, folder = _Counted(file), Folder(root)
        with sounds.copied_beside(selection, folder) as heard:
            write(heard, out)
        file.flush()  # a full disk shows here, before the directory lands
    return out.bytes + folder.bytes


def _to_zip(made: TreeFormat, path: Path, selection: Selection, force: bool) -> int:
    root = f"{safe(path.stem)}/" if made.rooted else ""
    with new_file(path, force=force) as file, Zip(file, root) as archive:
        made.write(selection, archive)
    return path.stat().st_size


def _to_directory(made: TreeFormat, path: Path, selection: Selection, force: bool) -> int:
    with new_directory(path, force=force) as root:
        folder = Folder(root)
        made.write(selection, folder)
    return folder.bytes


class _Screen:
    """A terminal: what callers said must not drive it."""

    def write(self, data: bytes, /) -> None:
        sys.stdout.write(plain(data.decode().replace("\r\n", "\n"), show_bidi=True))


class _Counted:
    """Passes bytes on and counts them."""

    def __init__(self, out: BinaryIO | Sink) -> None:
        self._out = out
        self.bytes = 0

    def write(self, data: bytes, /) -> None:
        self._out.write(data)
        self.bytes += len(data)
