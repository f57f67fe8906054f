"""``problems``: what could not be stored, in every form, and trying again."""

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


def nested(depth: int) -> Any:
    """JSON that is nested deeper than anything sane."""
    return {"a": nested(depth - 1)} if depth else 1


@pytest.fixture
def broken(archive: Archive, sandbox: Sandbox, run: Run) -> Archive:
    """An archive of three conversations, of which two could not be read."""
    for identifier in sandbox.upstream.ids()[3:]:
        sandbox.upstream.remove(identifier)
    for identifier in sandbox.upstream.ids()[:2]:
        payload = sandbox.upstream.get(identifier)
        assert payload is not None
        sandbox.upstream.put(payload | {"quality": nested(150)})
    assert run("-a", archive.directory, "sync").code == 3
    return archive


def test_none(find: Run) -> None:
    """No problems are told in two words, on the standard error."""
    assert find("problems") == (0, "", "No problems.\n")
    assert json.loads(find("problems", "--json").out) == {
        "schema": "convarchive.problems/1",
        "problems": [],
    }


def test_every_form(run: Run, broken: Archive, sandbox: Sandbox) -> None:
    """The same problems as JSON, JSON lines, CSV, TSV, table, ids, and for the eye."""

    def problems(*args: str) -> str:
        ran = run("-a", broken.directory, "problems", *args)
        assert ran.code == 0
        return str(ran.out)

    ids = set(sandbox.upstream.ids()[:2])
    found = json.loads(problems("--json"))["problems"]
    assert {problem["id"] for problem in found} == ids
    assert {(problem["source"], problem["attempts"]) for problem in found} == {("ayra", 1)}
    assert all("nested" in problem["message"] for problem in found)
    for form in ("--jsonl", "--nl"):
        assert [json.loads(line) for line in problems(form).splitlines()] == found
    rows = list(csv.DictReader(io.StringIO(problems("--csv"), newline="")))
    assert {row["id"] for row in rows} == ids
    assert {line.split("\t")[1] for line in problems("--tsv").splitlines()[1:]} == ids
    assert set(problems("--ids").split()) == ids
    assert len(problems("--ids", "-n", "1").split()) == 1
    for form in ("-t", "--table"):
        assert all(identifier in problems(form) for identifier in ids)
    assert all(f"ayra/{identifier}  read, 1 try, last " in problems() for identifier in ids)


def test_retry(run: Run, broken: Archive, sandbox: Sandbox) -> None:
    """What went wrong is tried again, and is no problem any more once it goes right."""
    for identifier in sandbox.upstream.ids()[:2]:
        payload = sandbox.upstream.get(identifier)
        assert payload is not None
        sandbox.upstream.put(payload | {"quality": None})
    ran = run("-a", broken.directory, "problems", "--retry")
    assert (ran.code, ran.out) == (0, "")
    assert "2 problems" in ran.err
    assert run("-a", broken.directory, "sync").code == 0
    assert run("-a", broken.directory, "problems").err == "No problems.\n"


def test_what_is_no_problem_is_stored(run: Run, broken: Archive, sandbox: Sandbox) -> None:
    """One bad conversation stops nothing: the third is there and found."""
    (good,) = sandbox.upstream.ids()[2:]
    assert run("-a", broken.directory, "list", "--ids").out.split() == [good]


def test_the_screen_leads_on(run: Run, hostile: Path) -> None:
    """It names the command to try again with."""
    assert "convarchive problems --retry" in run("-a", hostile, "problems").err
