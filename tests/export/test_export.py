"""The face of the room: formats, the standard output, counting, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from convarchive.errors import ConvarchiveError, PathExists, UsageError
from convarchive.export import FORMATS, FileFormat, Selection, Summary, TreeFormat, export
from convarchive.model import Conversation, Turn

Select = Callable[..., Selection]
ONE_FILE = [name for name, made in FORMATS.items() if isinstance(made, FileFormat)]
MANY_FILES = [name for name, made in FORMATS.items() if isinstance(made, TreeFormat)]
WITH_ROWS = {"csv", "parquet"}

PROGRAM = """
import sys
from convarchive.export import Selection, export
from convarchive.model import Conversation
count = int(sys.argv[2])
some = lambda: ((n, Conversation("ayra", str(n), summary="x" * 1000)) for n in range(count))
try:
    export(Selection("", "a", count, some, lambda key: ()), sys.argv[1], None)
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
"""


def test_the_formats_are_those_of_the_interface() -> None:
    """Each under its own name, with a line for the help."""
    assert {"jsonl", "json", "csv", "text", "srt", "vtt", "raw"} <= set(FORMATS)
    assert all(made.name == name and made.what for name, made in FORMATS.items())


@pytest.mark.parametrize("fmt", ONE_FILE)
def test_the_standard_output_gets_the_same_bytes(
    fmt: str,
    select: Select,
    call: Conversation,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """As a file does, in UTF-8 and with the line ends of the format."""
    summary = export(select(call), fmt, None)
    export(select(call), fmt, tmp_path / "file")
    assert capfdbinary.readouterr().out == (tmp_path / "file").read_bytes()
    assert summary == Summary(1, (tmp_path / "file").stat().st_size, None, 0)


@pytest.mark.parametrize("fmt", MANY_FILES)
def test_many_files_do_not_fit_the_standard_output(fmt: str, select: Select) -> None:
    """The error says what is needed."""
    with pytest.raises(UsageError, match="needs -o PATH"):
        export(select(), fmt, None)


def test_an_unknown_format_is_told(select: Select) -> None:
    """With those there are."""
    with pytest.raises(UsageError, match="jsonl, json, csv"):
        export(select(), "docx", None)


@pytest.mark.parametrize("fmt", [name for name in FORMATS if name not in WITH_ROWS])
def test_turns_are_for_formats_with_rows(fmt: str, select: Select, tmp_path: Path) -> None:
    """A wish that has no effect is refused and not ignored."""
    with pytest.raises(UsageError, match="no rows"):
        export(select(), fmt, tmp_path / "out", turns=True)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("announced", [0, 2])
def test_what_is_announced_must_come(
    announced: int, fmt: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Fewer or more conversations than counted are an error, and no file."""
    with pytest.raises(ConvarchiveError, match="not " + str(announced)):
        export(select(call, count=announced), fmt, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_off_stream_has_no_closing_line(
    select: Select, call: Conversation, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """So that a reader of the standard output sees that it is not whole."""
    with pytest.raises(ConvarchiveError):
        export(select(call, count=2), "jsonl", None)
    assert b'"complete"' not in capfdbinary.readouterr().out


@pytest.mark.parametrize("fmt", FORMATS)
def test_progress_is_told_after_each(
    fmt: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """How many are done, counting up to all."""
    told: list[int] = []
    summary = export(select(call, call, call), fmt, tmp_path / "out", progress=told.append)
    assert told == [1, 2, 3]
    assert summary.count == 3


def test_conversations_without_turns_are_counted(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """So that the user hears of them."""
    summary = export(select(call, call._replace(turns=())), "jsonl", tmp_path / "out")
    assert (summary.count, summary.without_transcript) == (2, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("count", ["1", "1000"])
@pytest.mark.parametrize("fmt", ONE_FILE)
def test_a_full_standard_output_is_told(fmt: str, count: str) -> None:
    """Even where only the last bytes did not fit."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, fmt, count],
            stdout=full,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            text=True,
        )
    assert done.stderr.startswith("DiskFull\n")


@pytest.mark.parametrize("fmt", [name for name in ONE_FILE if name != "parquet"])  # too small
def test_a_closed_pipe_is_left_to_the_caller(fmt: str) -> None:
    """It is no failure of the export: ``| head`` has seen enough."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, fmt, "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read().startswith(b"BrokenPipeError\n")


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_memory_does_not_grow_with_the_conversations(
    name: str, fmt: str, select: Select, tmp_path: Path
) -> None:
    """Ten megabytes, 100 KB at a time, pass through less than three."""

    def conversations() -> Iterator[tuple[int, Conversation]]:
        for n in range(100):
            turns = (Turn(0, "agent", "agent", f"{n:02}" * 50_000, 0.0, 60.0),)
            yield n, Conversation("ayra", f"conv_{n}", turns=turns)

    many = replace(
        select(count=100),
        conversations=conversations,
        documents=lambda key: [("detail", b"%03d" % key * 33_000)],
    )
    export(many, fmt, tmp_path / f"warm-{name}")
    tracemalloc.start()
    try:
        export(many, fmt, tmp_path / name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


def test_the_path_is_looked_at_before_the_archive(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """An export that cannot land is refused at once, not after an hour."""
    asked: list[int] = []

    def conversations() -> Iterator[tuple[int, Conversation]]:
        asked.append(1)
        yield 1, call

    (tmp_path / "there").touch()
    with pytest.raises(PathExists):
        export(replace(select(count=1), conversations=conversations), "jsonl", tmp_path / "there")
    assert asked == []
