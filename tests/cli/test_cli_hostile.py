"""What a caller said never drives the screen: no control character reaches the standard output.

The conversations are those of `conftest.hostile_conversations`: NUL, escape sequences, C1 controls,
marks that turn the line around, 300 KB in one turn, in texts as well as in ids and numbers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
OnTerminal = Callable[..., Any]

REORDERING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}

SEEN = [
    ["search", "zebra"], ["search", "zebra", "--facets", "-n", "0"], ["search", "zebra", "-t"],
    ["search", "zebra", "--json", "--facets"], ["search", "zebra", "--jsonl"],
    ["search", "zebra", "--ids"],
    ["list"], ["list", "--json"], ["list", "--jsonl"], ["list", "--ids"],
    ["show", "odd_everywhere_1"], ["show", "odd_everywhere_1", "--at", "1"],
    ["show", "odd_everywhere_1", "--revision", "1"],
    ["show", "odd_everywhere_1", "--format", "json"],
    ["show", "long_turn_0001"], ["show", "unbroken_0001"], ["show", "x" * 120],
    ["show", "odd_id"], ["show", "no_transcript_1"], ["show", "no_turns_000001"],
    ["show", "no_times_000001"],
    ["history", "odd_everywhere_1"], ["history", "odd_everywhere_1", "--json"],
    ["history", "odd_everywhere_1", "-t"],
    ["problems"], ["problems", "-t"], ["problems", "--json"], ["problems", "--ids"],
    ["status"], ["status", "--json"], ["source", "list"],
]  # fmt: skip
"""Commands whose output is for the eye, or JSON: newline is the only control in it."""

IN_CELLS = [
    [*command, form]
    for command in (["search", "zebra"], ["list"], ["problems"], ["history", "odd_everywhere_1"])
    for form in ("--csv", "--tsv")
]
"""Commands that write cells: tabs and line breaks are part of the form."""

TRANSCRIPTS = [["show", "odd_everywhere_1", "--format", form]
               for form in ("text", "srt", "vtt", "markdown")]  # fmt: skip


def controls(text: str, allowed: str = "\n") -> set[str]:
    """The control characters (category Cc) in a text, by their code."""
    return {
        f"U+{ord(character):04X}"
        for character in text
        if (ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0) and character not in allowed
    }


@pytest.mark.parametrize("args", SEEN)
def test_on_a_pipe(run: Run, hostile: Path, args: list[str]) -> None:
    """Newline is the only control character, and no line is turned around."""
    ran = run("-a", hostile, *args)
    assert ran.code == 0
    assert controls(ran.out + ran.err) == set()
    assert not REORDERING & set(ran.out + ran.err)


@pytest.mark.parametrize("args", IN_CELLS)
def test_cells_on_a_pipe(run: Run, hostile: Path, args: list[str]) -> None:
    """CSV and TSV go through pipes to terminals, too; the JSON has the true text."""
    ran = run("-a", hostile, *args)
    assert ran.code == 0
    assert controls(ran.out, "\t\r\n") == set()
    assert not REORDERING & set(ran.out)


@pytest.mark.parametrize("args", TRANSCRIPTS)
def test_transcripts_on_a_pipe(run: Run, hostile: Path, args: list[str]) -> None:
    """Transcripts are views: no control but the tab is in them. Marks of direction are text."""
    ran = run("-a", hostile, *args)
    assert controls(ran.out, "\t\n") == set()


@pytest.mark.parametrize("args", [*SEEN, ["export"], ["export", "-f", "json"]])
def test_on_a_terminal(on_terminal: OnTerminal, hostile: Path, args: list[str]) -> None:
    """Nothing but our own colours."""
    screen = on_terminal("-a", hostile, *args)
    assert screen.code == 0
    assert controls(screen.plain) == set()
    assert not REORDERING & set(screen.plain)


@pytest.mark.parametrize(
    "args",
    [*IN_CELLS, *TRANSCRIPTS, ["export", "-f", "csv"], ["export", "-f", "csv", "--turns"],
     ["show", "odd_everywhere_1", "--format", "raw"]],
)  # fmt: skip
def test_cells_on_a_terminal(on_terminal: OnTerminal, hostile: Path, args: list[str]) -> None:
    """Nothing but tabs and line breaks."""
    screen = on_terminal("-a", hostile, *args)
    assert screen.code == 0
    assert controls(screen.plain, "\t\r\n") == set()
    assert not REORDERING & set(screen.plain)


def test_errors(run: Run, on_terminal: OnTerminal, hostile: Path) -> None:
    """A name that fits several, or nothing, is shown and not obeyed."""
    for args in (
        ["show", "odd_id_\x1b]0;x\x07"], ["show", "\x9bodd"], ["odd\x1b[2J"],
        ["search", "--\x1b[2J"], ["-a", "\x1b[2J", "list"], ["source", "remove", "\x1b[2J"],
    ):  # fmt: skip
        ran = run("-a", hostile, *args)
        assert ran.code in (2, 6)
        assert controls(ran.err) == set()
        assert controls(on_terminal("-a", hostile, *args).plain) == set()


def test_the_json_has_the_true_text(run: Run, hostile: Path) -> None:
    """Nothing of what was said is lost where a program reads it."""
    shown = json.loads(run("-a", hostile, "show", "odd_everywhere_1", "--format", "json").out)
    first, second = (turn["text"] for turn in shown["turns"])
    assert first == f"zebra {second}"
    for part in ("NUL \0 ", "\x1b]0;owned\x07", "\x9b31m", "\b\b", "\r", "\u202egnp.exe\u202c",
                 "\u2028", "👩\u200d👩\u200d👧", "e\u0301"):  # fmt: skip
        assert part in second
    found = json.loads(run("-a", hostile, "search", "zebra", "--json", "-n", "0").out)["hits"]
    assert {hit["id"]: hit for hit in found}["odd_everywhere_1"]["turns"][0]["text"] == first


def test_a_long_turn_is_whole(run: Run, hostile: Path) -> None:
    """300 KB in one turn are shown to the last word, and a search shows one line of them."""
    assert run("-a", hostile, "show", "long_turn_0001").out.count("word") == 60_000
    out = run("-a", hostile, "search", "id:long_turn_0001 zebra").out
    assert "‹zebra›" in out


def test_a_file_keeps_what_was_said(run: Run, hostile: Path) -> None:
    """An export to a file is for programs, so the CSV has the text as it was."""
    run("-a", hostile, "export", "-f", "csv", "-o", "calls.csv")
    text = Path("calls.csv").read_bytes().decode()
    rows = [row["summary"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert any("\x1b]0;owned\x07" in row for row in rows)
