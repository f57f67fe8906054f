"""``source``: adding, listing, trying and removing accounts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive
from convarchive.sandbox import Sandbox

Run = Callable[..., Any]


@pytest.fixture
def source(run: Run) -> Run:
    """Runs ``source`` on an archive without any."""
    assert run("init", "calls").code == 0

    def source(*args: str) -> Any:
        return run("-a", "calls", "source", *args)

    return source


def listed(source: Run) -> list[dict[str, Any]]:
    """The sources by ``source list --json``."""
    found = json.loads(source("list", "--json").out)
    assert found["schema"] == "convarchive.sources/1"
    sources: list[dict[str, Any]] = found["sources"]
    return sources


def test_add(source: Run) -> None:
    """An added source is listed with where its key comes from, never with the key."""
    ran = source("add", "ayra")
    assert (ran.code, ran.out) == (0, "")
    (found,) = listed(source)
    assert (found["source"], found["kind"]) == ("ayra", "ayra")
    assert found["base_url"] == "https://api.ayra.ai"
    assert found["api_key_env"] == "AYRA_API_KEY"


def test_a_command_for_the_key(source: Run) -> None:
    """A key can come from a command, and then from no variable."""
    assert source("add", "ayra", "--api-key-command", "pass show ayra").code == 0
    (found,) = listed(source)
    assert (found["api_key_command"], found["api_key_env"]) == ("pass show ayra", None)


def test_comments_stay(source: Run) -> None:
    """Adding and removing leave the user's own lines as they are."""
    path = Path("calls/convarchive.toml")
    path.write_text(path.read_text() + "\n# my own words\n", encoding="utf-8")
    source("add", "ayra")
    source("add", "ayra", "--name", "second")
    source("remove", "ayra")
    assert "# my own words" in path.read_text()
    assert [found["source"] for found in listed(source)] == ["second"]


def test_twice(source: Run) -> None:
    """Two sources of one name there can't be."""
    source("add", "ayra")
    ran = source("add", "ayra")
    assert ran.code == 2
    assert "--name" in ran.err


@pytest.mark.parametrize("verb", ["test", "remove"])
def test_no_such_source(source: Run, verb: str) -> None:
    """A source that is not there is not found."""
    ran = source(verb, "nobody")
    assert (ran.code, ran.out) == (6, "")
    assert "convarchive source list" in ran.err


def test_list_in_every_form(source: Run) -> None:
    """The same two sources as table, CSV, TSV, JSON lines and ids."""
    source("add", "ayra")
    source("add", "ayra", "--name", "second")
    names = ["ayra", "second"]
    assert [line.split()[0] for line in source("list").out.splitlines()] == ["source", *names]
    assert source("list", "--ids").out.split() == names
    assert source("list", "--ids", "-n", "1").out.split() == names[:1]
    for form in ("--jsonl", "--nl"):
        lines = source("list", form).out.splitlines()
        assert [json.loads(line)["source"] for line in lines] == names
    rows = csv.DictReader(io.StringIO(source("list", "--csv").out, newline=""))
    assert [row["source"] for row in rows] == names
    assert [line.split("\t")[1] for line in source("list", "--tsv").out.splitlines()[1:]] == names


def test_none_listed(source: Run) -> None:
    """Without a source the list is empty, and says beside it what to do."""
    ran = source("list")
    assert (ran.code, ran.out) == (0, "")
    assert "convarchive source add" in ran.err


def test_a_test_stores_nothing(run: Run, archive: Archive, sandbox: Sandbox) -> None:
    """``source test`` asks for one page, says how many there are, and leaves the archive alone."""
    before = (archive.directory / "archive.db").read_bytes()
    ran = run("-a", archive.directory, "source", "test", "ayra")
    assert (ran.code, ran.err) == (0, "")
    assert "126" in ran.out
    assert dict(sandbox.requests) == {"list": 1}
    assert (archive.directory / "archive.db").read_bytes() == before


def test_a_test_with_a_wrong_key(
    run: Run, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused key is exit code 5 here, too."""
    monkeypatch.setenv("CONVARCHIVE_TEST_KEY", "wrong")
    assert run("-a", archive.directory, "source", "test", "ayra").code == 5


def test_removing_keeps_the_data(run: Run, copied: Archive) -> None:
    """What was mirrored from a source stays and is still found."""
    before = run("-a", copied.directory, "search", "charged", "--json").out
    assert run("-a", copied.directory, "source", "remove", "ayra").code == 0
    assert run("-a", copied.directory, "search", "charged", "--json").out == before
    assert run("-a", copied.directory, "sync").code == 6
