"""``status``: one screen, and one document for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convarchive import Archive

Run = Callable[..., Any]


def document(run: Run, directory: Path) -> dict[str, Any]:
    """The JSON document."""
    found: dict[str, Any] = json.loads(run("-a", directory, "status", "--json").out)
    assert found["schema"] == "convarchive.status/1"
    return found


def test_the_document(run: Run, synced: Archive) -> None:
    """What there is, how large it is, and whether anything needs attention."""
    found = document(run, synced.directory)
    assert found["healthy"] is True
    assert (found["conversations"], found["recordings"], found["unindexed"]) == (126, 5, 0)
    assert found["bytes"] >= sum(
        path.stat().st_size for path in synced.directory.glob("recordings/*/*")
    )


def test_a_source(run: Run, synced: Archive) -> None:
    """When it was synced, until when it is complete, what is pending and what is wrong."""
    (source,) = document(run, synced.directory)["sources"]
    assert (source["source"], source["kind"]) == ("ayra", "ayra")
    assert source["synced_at"].endswith("Z")
    assert source["complete_until"].endswith("Z")
    assert (source["pending"], source["problems"], source["recordings_missing"]) == (5, 0, 0)


def test_the_screen(find: Run) -> None:
    """The archive on the first line, then a line for each thing that one wants to know."""
    ran = find("status")
    first, *lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert first.startswith("archive ")
    assert "126 conversations · " in first
    assert first.endswith("healthy")
    assert [line.split()[0] for line in lines] == ["ayra", "search", "kept", "evidence"]
    assert "synced " in lines[0]
    assert "up to date" in lines[1]


def test_problems(run: Run, hostile: Path) -> None:
    """A problem makes it unhealthy, and names the command that shows it."""
    assert document(run, hostile)["healthy"] is False
    out = run("-a", hostile, "status").out
    assert "needs attention" in out
    assert "convarchive problems" in out


def test_without_an_index(run: Run, copied: Archive) -> None:
    """An archive whose index is gone says so, and what makes it anew; that helps."""
    for file in (copied.directory / "index").iterdir():
        file.unlink()
    assert document(run, copied.directory)["index_usable"] is False
    assert "convarchive reindex" in run("-a", copied.directory, "status").out
    assert run("-a", copied.directory, "reindex").code == 0
    assert document(run, copied.directory)["healthy"] is True


def test_an_empty_archive(run: Run) -> None:
    """One that was never synced has nothing wrong with it but that."""
    run("init", "calls", "--source", "ayra")
    ran = run("-a", "calls", "status")
    assert ran.code == 0
    assert "0 conversations" in ran.out
    assert "1 problem" not in ran.out
