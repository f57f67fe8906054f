"""Keeping: ``history``, ``reindex``, ``rebuild``, ``backup``, ``path``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]


def test_history(run: Run, hostile: Path) -> None:
    """Every revision with its hash, and what changed from one to the next."""
    found = json.loads(run("-a", hostile, "history", "odd_everywhere_1", "--json").out)
    assert found["schema"] == "convarchive.history/1"
    first, second = found["revisions"]
    assert (first["revision"], first["changes"]) == (1, [])
    assert {change["field"] for change in second["changes"]} == {"summary", "intent"}
    assert {"received_at", "sha256", "bytes"} <= second.keys()


def test_history_for_the_eye(run: Run, hostile: Path) -> None:
    """A line a revision."""
    lines = run("-a", hostile, "history", "odd_everywhere_1").out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("first seen")
    assert "summary: zebra NUL" in lines[2]


def test_history_in_rows(run: Run, hostile: Path) -> None:
    """JSON lines, CSV and TSV have a row a revision, and ``-n`` limits them."""
    for form, head in (("--jsonl", 0), ("--nl", 0), ("--csv", 1), ("--tsv", 1)):
        history = ("-a", hostile, "history", "odd_everywhere_1", form)
        assert len(run(*history).out.splitlines()) == 2 + head
        assert len(run(*history, "-n", "1").out.splitlines()) == 1 + head


def test_reindex(run: Run, copied: Archive) -> None:
    """A lost index is made anew, and finds the same."""
    search = ("-a", copied.directory, "search", "charged", "--json")
    before = run(*search)
    for file in (copied.directory / "index").iterdir():
        file.unlink()
    lost = run(*search)
    assert (lost.code, lost.out) == (1, "")
    assert "convarchive reindex" in lost.err
    assert run("-a", copied.directory, "reindex") == (0, "", "126 conversations indexed.\n")
    assert run(*search) == before


def test_rebuild(run: Run, copied: Archive) -> None:
    """Tables that lost something are made again from the vendor's bytes."""
    search = ("-a", copied.directory, "search", "charged", "--json")
    before = run(*search)
    with copied.writing("test") as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM turns WHERE position > 2")
        connection.execute("UPDATE conversations SET summary = 'wrong', agent_id = NULL")
        connection.execute("COMMIT")
    assert run(*search) != before
    ran = run("-a", copied.directory, "rebuild")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("126 conversations read again")
    assert run(*search) == before


def test_backup(run: Run, synced: Archive) -> None:
    """The copy is an archive of its own, with everything but the index."""
    ran = run("-a", synced.directory, "backup", "copy")
    assert (ran.code, ran.out) == (0, "")
    assert "126 conversations in copy" in ran.err
    assert run("-a", "copy", "reindex").code == 0
    for args in (["export"], ["search", "charged", "--json"], ["status", "--json"]):
        mine, theirs = run("-a", synced.directory, *args), run("-a", "copy", *args)
        assert mine.code == theirs.code == 0
        if args[0] == "search":
            assert mine.out == theirs.out
    assert len(list(Path("copy").glob("recordings/*/*"))) == 5


@pytest.mark.parametrize("place", ["there", "file", "no/such/directory"])
def test_backup_replaces_nothing(run: Run, synced: Archive, place: str) -> None:
    """What is there already stays, and nothing is left where it can't be written."""
    Path("there").mkdir()
    Path("file").write_text("mine")
    ran = run("-a", synced.directory, "backup", place)
    assert ran.code in (1, 2)
    assert Path("file").read_text() == "mine"
    assert sorted(path.name for path in Path().rglob("*")) == ["file", "there"]


def test_path(run: Run, synced: Archive) -> None:
    """The absolute path of the archive alone."""
    assert run("-a", synced.directory, "path") == (0, f"{synced.directory.absolute()}\n", "")
