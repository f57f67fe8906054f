"""``convarchive import``: what it says, its codes, its JSON, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]

SRT = "1\n00:00:01,000 --> 00:00:02,000\nAgent: Hello\n\n"


@pytest.fixture
def empty(run: Run, tmp_path: Path) -> str:
    """The directory of an empty archive."""
    run("init", tmp_path / "calls")
    return str(tmp_path / "calls")


@pytest.fixture
def all_of_it(find: Run, tmp_path: Path) -> Path:
    """An export of the demo's conversations."""
    assert find("export", "-o", tmp_path / "all.jsonl").code == 0
    return tmp_path / "all.jsonl"


def test_what_it_says(run: Run, empty: str, all_of_it: Path) -> None:
    """One line on what became of everything; again, that nothing is new."""
    ran = run("-a", empty, "import", all_of_it)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "126 new · 0 changed · 0 unchanged  (from 1 file)\n"
    assert "126 unchanged" in run("-a", empty, "import", all_of_it).out
    assert run("-a", empty, "-q", "import", all_of_it).out == ""
    assert run("-a", empty, "search", "--count", "refund").out != "0\n"


def test_the_json(run: Run, empty: str, all_of_it: Path) -> None:
    """The document with its schema, and nothing else on the standard output."""
    ran = run("-a", empty, "import", all_of_it, "--json")
    assert json.loads(ran.out) == {
        "schema": "convarchive.import/1", "complete": True, "files": 1, "read": 126, "new": 126,
        "changed": 0, "unchanged": 0, "kept": 0, "erased": 0, "problems": 0, "recordings": 0,
        "evidence_error": None,
    }  # fmt: skip


def test_a_file_that_was_cut_off(run: Run, empty: str, all_of_it: Path) -> None:
    """Goes in as far as it goes, is named, and the code is 3."""
    lines = all_of_it.read_bytes().splitlines(keepends=True)
    all_of_it.write_bytes(b"".join(lines[:50]))
    ran = run("-a", empty, "import", all_of_it)
    assert (ran.code, ran.out.split(" · ")[0]) == (3, "49 new")
    assert "It has no closing line" in ran.err
    assert "Done, with 1 problem.\n  See: convarchive problems" in ran.err
    shown = run("-a", empty, "problems")
    assert "all.jsonl  import, 1 try" in shown.out
    assert "convarchive problems --forget-imports" in shown.err
    assert "1 problem of files forgotten" in run("-a", empty, "problems", "--forget-imports").err
    assert run("-a", empty, "problems").err == "No problems.\n"


def test_a_file_that_was_changed(run: Run, empty: str, all_of_it: Path) -> None:
    """Goes in, and it is said that it is not what was exported."""
    all_of_it.write_bytes(all_of_it.read_bytes().replace(b"refund", b"refuse", 1))
    ran = run("-a", empty, "import", all_of_it)
    assert (ran.code, ran.out.split(" · ")[0]) == (3, "126 new")
    assert "It was changed since it was exported" in ran.err


def test_a_line_that_is_missing(run: Run, empty: str, all_of_it: Path) -> None:
    """Is noticed by the count."""
    lines = all_of_it.read_bytes().splitlines(keepends=True)
    all_of_it.write_bytes(b"".join(lines[:10] + lines[11:]))
    ran = run("-a", empty, "import", all_of_it)
    assert (ran.code, ran.out.split(" · ")[0]) == (3, "125 new")
    assert "Its closing line says 126 conversations, and there are 125." in ran.err


def test_many_problems(run: Run, empty: str, tmp_path: Path) -> None:
    """The first are said, and with -v all; what a file dictates drives no terminal."""
    (tmp_path / "a\x1b[2J.jsonl").write_text('{"id": "x", "status": "y"}\n' + "rubbish\n" * 30)
    ran = run("-a", empty, "import", tmp_path / "a\x1b[2J.jsonl")
    assert ran.err.count("It is no JSON") == 20
    assert "… and 10 more; with -v all of them are said." in ran.err
    assert "\x1b" not in ran.err + run("-a", empty, "problems").out
    ran = run("-a", empty, "-v", "import", tmp_path / "a\x1b[2J.jsonl")
    assert ran.err.count("It is no JSON") == 30


def test_names_that_tell(run: Run, empty: str, tmp_path: Path) -> None:
    """A pattern, a zone, a language and a source are taken from the command line."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "2026-07-01_1200_billing_7.srt").write_text(SRT)
    ran = run("-a", empty, "import", tmp_path / "in", "--source", "old", "--language", "en",
              "--timezone", "Europe/Berlin",
              "--name-pattern", "{started_at:%Y-%m-%d_%H%M}_{agent_id}_{id}")  # fmt: skip
    assert ran.code == 0
    shown = json.loads(run("-a", empty, "show", "old/7", "--format", "json").out)
    assert [shown[name] for name in ("started_at", "agent_id", "language")] == [
        "2026-07-01T10:00:00Z", "billing", "en",
    ]  # fmt: skip
    assert run("-a", empty, "show", "7", "--format", "srt").out == SRT


def test_the_bytes_of_a_transcript(run: Run, empty: str, tmp_path: Path) -> None:
    """Are those of the file, alone."""
    (tmp_path / "call.srt").write_text(SRT)
    run("-a", empty, "import", tmp_path / "call.srt")
    ran = run("-a", empty, "show", "import/call", "--format", "raw")
    assert ran.out == SRT


def test_the_standard_input(all_of_it: Path, tmp_path: Path, cli: Run) -> None:
    """Is read as a file is; a transcript needs a name."""
    assert cli("init", "calls").returncode == 0
    text = all_of_it.read_text(encoding="utf-8")
    ran = cli("-a", "calls", "import", "-", input=text)
    assert (ran.returncode, ran.stdout.split(" · ")[0]) == (0, "126 new")
    ran = cli("-a", "calls", "import", "-", input=SRT)
    assert ran.returncode == 3
    assert "no name to take an id from" in ran.stderr


def test_the_rest_of_the_program(run: Run, empty: str, all_of_it: Path) -> None:
    """Knows a source that came from files: it is shown, and nothing tries to fetch from it."""
    run("-a", empty, "import", all_of_it)
    status = run("-a", empty, "status").out
    assert "imported from files, 126 conversations" in status
    assert "5 recordings known without sound" in status
    assert "never synced" not in status
    rows = json.loads(run("-a", empty, "source", "list", "--json").out)["sources"]
    assert [(row["source"], row["kind"], row["base_url"]) for row in rows] == [
        ("ayra", "import", "")
    ]
    assert run("-a", empty, "coverage").code == 0
    assert run("-a", empty, "sync").code == 6
    assert run("-a", empty, "rebuild").code == 0
    assert run("-a", empty, "history", "conv_jmy67pjzlerj").code == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--timezone", "Mars/Olympus"), ("--timezone", "../etc/passwd"),
        ("--timezone", "UTC", "--utc"), ("--name-pattern", "{nothing}"), ("--source", "a b"),
    ],
)  # fmt: skip
def test_wrong_options(run: Run, empty: str, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Are said before anything is read; the code is 2."""
    (tmp_path / "call.srt").write_text(SRT)
    ran = run("-a", empty, "import", tmp_path / "call.srt", *options)
    assert (ran.code, ran.out) == (2, "")
    assert run("-a", empty, "list", "--ids").out == ""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does it")
def test_ctrl_c(run: Run, empty: str, all_of_it: Path) -> None:
    """The first finishes what is under way and exits with 130; the same command goes on."""
    lines = all_of_it.read_bytes().splitlines(keepends=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "convarchive", "-a", empty, "import", "-", "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"".join(lines[:60]) + b" " * (4 << 20) + b"\n")
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    assert b"Ctrl-C again stops at once" in process.stderr.readline() + process.stderr.readline()
    out, err = process.communicate(b"".join(lines[60:]), timeout=60)
    assert (process.returncode, b"Run the same command again" in err) == (130, True)
    report = json.loads(out)
    assert (report["complete"], 0 < report["new"] < 126) == (False, True)
    with Archive.open(empty) as archive:
        assert archive.status().conversations == report["new"]
    ran = run("-a", empty, "import", all_of_it, "--json")
    assert json.loads(ran.out)["new"] == 126 - report["new"]


def test_while_another_writes(run: Run, empty: str, all_of_it: Path) -> None:
    """Is refused with code 4."""
    with Archive.open(empty) as archive, archive.writing("test"):
        assert run("-a", empty, "import", all_of_it).code == 4
