"""``coverage``: by month what the vendor listed, what is stored, and what is missing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convarchive import Archive

Run = Callable[..., Any]


def test_the_document(find: Run) -> None:
    """Where all is well, as much is stored as was listed, month by month."""
    ran = find("coverage", "--json")
    found = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert found["schema"] == "convarchive.coverage/1"
    assert found["complete"] is True
    assert sum(month["listed"] for month in found["months"]) == 126
    assert all(month["listed"] == month["stored"] for month in found["months"])
    assert all(month["failed"] == month["lost"] == 0 for month in found["months"])


def test_every_form(find: Run) -> None:
    """The same months as JSON lines, CSV, TSV and table; ``-n`` limits them."""
    months = json.loads(find("coverage", "--json").out)["months"]
    for form in ("--jsonl", "--nl"):
        assert [json.loads(line) for line in find("coverage", form).out.splitlines()] == months
    rows = csv.DictReader(io.StringIO(find("coverage", "--csv").out, newline=""))
    assert [row["month"] for row in rows] == [month["month"] for month in months]
    assert find("coverage", "--tsv").out.count("\n") == len(months) + 1
    assert find("coverage").out == find("coverage", "-t").out
    assert find("coverage", "-n", "2").out.count("\n") == 3


def test_something_failed(run: Run, hostile: Path) -> None:
    """What could not be fetched is named, and the exit code is 3."""
    for form, place in (([], "broken_"), (["--ids"], "broken_"), (["--json"], '"failed"')):
        ran = run("-a", hostile, "coverage", *form)
        assert ran.code == 3
        assert place in ran.out
        assert "convarchive problems" in ran.err


def test_something_is_lost(run: Run, copied: Archive) -> None:
    """What had been stored and is not there any more is damage: exit code 7, and it is named."""
    lost = run("-a", copied.directory, "list", "--ids", "-n", "1").out.strip()
    with copied.writing("test") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM conversations WHERE id = ?", (lost,))
    ran = run("-a", copied.directory, "coverage", "--ids")
    assert (ran.code, ran.out) == (7, f"{lost}\n")
    assert "backup" in ran.err


def test_on_a_terminal(on_terminal: Run, hostile: Path) -> None:
    """Not wider than the screen, and nothing that drives it."""
    from rich.cells import cell_len

    screen = on_terminal("-a", hostile, "coverage")
    out = screen.plain[: screen.plain.index("convarchive: ")]
    assert max(map(cell_len, out.split("\n"))) <= 80
    assert not set(screen.plain) & {"\x1b", "\x9b", "\r", "\u202e"}
