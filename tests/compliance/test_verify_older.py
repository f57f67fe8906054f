"""Verifying what did not come by a sync of this version."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.compliance.tampering import kinds, verified
from tests.store.test_inception import RECORD, second

from convarchive import Archive
from convarchive.cli import run
from convarchive.errors import ArchiveError
from convarchive.store import database, schema


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of the second schema, which had no ledger, with one of everything in it."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrations", second)
        patch.setattr(schema, "VERSION", 2)
        database.create(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / database.FILE)) as raw:
        raw.executescript(RECORD)
    return tmp_path


def test_an_archive_of_an_earlier_version(older: Path) -> None:
    """It has no ledger to be verified by, and reading does not give it one."""
    with pytest.raises(ArchiveError, match="earlier version"):
        verified(older)


def test_an_archive_that_was_brought_up_to_date(older: Path) -> None:
    """Its rows fit the ledger that it was given, and its tables and triggers are those of a new
    one; of the recordings there are only rows."""
    database.connect(older, write=True).close()
    report = verified(older, quick=True)
    assert kinds(report) == {"recording_missing"}
    with contextlib.closing(sqlite3.connect(older / database.FILE)) as raw:
        raw.execute("UPDATE conversations SET first_seen_at = 'T9'")
        raw.commit()
    assert kinds(verified(older, quick=True)) == {"recording_missing", "row_changed"}


@pytest.mark.parametrize("form", ["jsonl", "json", "vcon", "srt", "vtt", "text"])
def test_what_was_imported(synced: Archive, tmp_path: Path, form: str) -> None:
    """Files are a record like any other: the tables are what they say, and the ledger has them."""
    shutil.copytree(synced.directory, tmp_path / "from")
    path = tmp_path / f"out{'.' + form if form in ('jsonl', 'json') else ''}"
    assert run(["-a", str(tmp_path / "from"), "export", "--format", form, "-o", str(path)]) == 0
    with Archive.create(tmp_path / "new") as made:
        for _ in range(2):
            made.import_files([path])
        assert made.count() > 100
        report = made.verify()
    assert (report.damage, report.notes) == ([], [])
    with Archive.open(tmp_path / "from") as archive:
        assert archive.verify().ok


@pytest.mark.parametrize("command", [["rebuild"], ["sync"], ["import", "."]], ids=lambda c: c[0])
def test_commands_that_bring_it_up_to_date(older: Path, command: list[str]) -> None:
    """What the error for the others names does it, whatever comes of the rest of the command."""
    assert run(["-a", str(older), "list"]) != 0
    run(["-a", str(older), *command])
    with Archive.open(older) as archive:
        assert archive.ledger_entries() > 1
    assert not {"schema", "row_unentered", "row_missing"} & kinds(verified(older))
