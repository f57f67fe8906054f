"""Taking in files: our own exports, vendors' payloads, vCons, transcripts.

::

    paths ─► finding ─► reading ─► intake ─► store
             (files)   (conversations)  (a hundred a transaction)

`finding` goes through directories and ZIP archives (`places`); `reading` sees what each file is
(`forms`), takes it apart (`stream`, `splitting`, `seal`, `naming`) and asks `convarchive.records`
what it means; `intake` stores it by the rules of `convarchive.store.imported`, with its sound
(`sounds`). What is bad costs itself alone and becomes a problem.

Memory is flat for files of any size. What has to be held is one conversation, of at most
`splitting.LARGEST` bytes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from convarchive.imports import finding
from convarchive.imports.finding import Bundle, File, Found
from convarchive.imports.intake import Intake
from convarchive.imports.reading import Options, Reader
from convarchive.imports.report import ImportReport
from convarchive.index import writer
from convarchive.settings import SourceSettings, check
from convarchive.store import mirror, recordings

__all__ = ["ImportReport", "Options", "import_files", "size"]

Progress = Callable[[int], None]
"""Told how many bytes of the files have been read."""


def import_files(
    connection: sqlite3.Connection,
    directory: Path,
    paths: Sequence[str],
    options: Options,
    stop: threading.Event,
    tell: Callable[[str], None],
    progress: Progress,
) -> ImportReport:
    """Take in what is at these paths; see `convarchive.archive.Archive.import_files`."""
    finding.check(paths)
    check(SourceSettings(options.source or mirror.IMPORTED, mirror.IMPORTED, ""))
    recordings.sweep(directory)
    report = ImportReport()
    intake = Intake(connection, directory, options, report, tell)
    for path in paths:
        intake.forget(Path(path).as_posix())
    reader = Reader(options, lambda name: _kind(connection, name))
    done = 0
    for found in finding.find(paths):
        report.files += isinstance(found, File | Bundle)
        for result in reader.read(found):
            intake.take(result)
            progress(done + reader.taken)
            if stop.is_set():
                report.interrupted = True
                intake.flush()
                return report
        done += _size(found)
        intake.end_file()
        progress(done)
    intake.flush()
    if not options.dry_run:
        writer.catch_up(connection, directory)
    return report


def size(paths: Sequence[str]) -> int:
    """Bytes of all files at and below these paths, as they are packed."""
    return sum(map(_size, finding.find(paths)))


def _size(found: Found) -> int:
    if isinstance(found, Bundle):
        return sum(file.size for _, file in found.documents)
    return found.size if isinstance(found, File) else 0


def _kind(connection: sqlite3.Connection, name: str) -> str:
    row = mirror.source(connection, name)
    return row.kind if row else mirror.IMPORTED
