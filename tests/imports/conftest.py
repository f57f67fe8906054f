"""Archives to import into, and exports to import."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive
from convarchive.export import Selection, Wishes, export
from convarchive.imports import ImportReport, Options

Import = Callable[..., ImportReport]


def exported(archive: Archive, path: Path, form: str = "jsonl", *, sound: bool = False) -> Path:
    """All of an archive as one export, under a name that is always the same."""
    keys = archive.keys()
    selection = Selection(
        "", "archive", len(keys), lambda: archive.conversations(keys), archive.documents,
        recording=archive.recording, wishes=Wishes(recordings=sound),
    )  # fmt: skip
    export(selection, form, path, force=True)
    return path


def facts(report: ImportReport) -> dict[str, Any]:
    """What is not zero."""
    return {name: value for name, value in vars(report).items() if value}


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive."""
    with Archive.create(tmp_path / "target") as made:
        yield made


@pytest.fixture
def copied(synced: Archive, tmp_path: Path) -> Callable[[], Archive]:
    """Makes an archive of the demo's conversations, mirrored from the vendor, to be changed."""

    def copied() -> Archive:
        # To read the file by itself would take SQLite's locks on it from this process.
        synced.close()
        shutil.copytree(synced.directory, tmp_path / "copied")
        return Archive.open(tmp_path / "copied")

    return copied


@pytest.fixture
def told() -> list[str]:
    """What the last import said of what does not go in."""
    return []


@pytest.fixture
def take(target: Archive, told: list[str]) -> Import:
    """``take(*paths, **options)`` imports into the empty archive."""

    def take(*paths: Path | str, **options: Any) -> ImportReport:
        told.clear()
        return target.import_files(paths, Options(**options), tell=told.append)

    return take
