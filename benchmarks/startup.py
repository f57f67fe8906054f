"""How long a search takes from the shell: a fresh process, ten hits on the screen.

Beside it a bare process (`bare.py`) that imports click, tantivy and sqlite3 and makes the same
search of the same index: what no command line on these libraries can be faster than. The two take
turns; the ratio of their medians should be at most 1.25.

Both run with their bytecode compiled, as an installation has it.

    python benchmarks/startup.py
    python benchmarks/startup.py --runs 100 --word invoice --archive DIR
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from common import (
    PYTHON,
    interleaved,
    milliseconds,
    p95,
    print_machine,
    print_table,
    synced_archive,
)
from tantivy import Index

from convarchive.index import schema
from convarchive.index.stems import stems_of

BARE = Path(__file__).with_name("bare.py")
TARGET = 1.25


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--runs", type=int, default=50, help="of each, at least 30")
    parser.add_argument("--count", type=int, default=1000, help="conversations to search")
    parser.add_argument("--word", default="refund", help="to search for")
    parser.add_argument("--archive", type=Path, help="search this one instead of a new one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = asked.archive or Path(scratch, "archive")
        if asked.archive is None:
            synced_archive(directory, asked.count).close()
        measure(directory, asked.word, max(30, asked.runs), Path(scratch, "bytecode"))


def measure(directory: Path, word: str, runs: int, bytecode: Path) -> None:
    """Print the medians of both, and their ratio."""
    python = {"PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""}
    environment = os.environ | python
    search = (*_program(), "--archive", str(directory), "search", word)
    bare = (sys.executable, str(BARE), str(directory), *_terms(directory, word))
    for command in (search, bare) * 2:
        _run(command, environment)
    counts = {
        _run((*search, "--count"), environment),
        _run(bare, environment).split("\n")[0] + "\n",
    }
    assert len(counts) == 1, f"the two don't make the same search: {counts}"
    ours, theirs = interleaved(
        runs, lambda: _run(search, environment), lambda: _run(bare, environment)
    )
    ratio = statistics.median(ours) / statistics.median(theirs)
    print_table(
        ["a fresh process", "median", "p95", "fastest"],
        [
            [name, *map(milliseconds, (statistics.median(times), p95(times), min(times)))]
            for name, times in ((f"convarchive search {word}", ours), ("bare", theirs))
        ],
    )
    print(f"\nratio {ratio:.2f}, should be at most {TARGET}; {runs} runs of each, taking turns")
    print_machine()


def _program() -> Sequence[str]:
    """The command as it was installed beside this Python."""
    script = shutil.which("convarchive", path=str(Path(sys.executable).parent))
    return (script,) if script else PYTHON


def _terms(directory: Path, word: str) -> list[str]:
    """What a word is looked for as: stemmed by each language of the archive."""
    searcher = Index.open(str(directory / "index")).searcher()
    return [
        f"{schema.stemmed(schema.SAID, language)}={stems_of(language).of([word])[0]}"
        for language in schema.FORMS
        if searcher.doc_freq("forms", language)
    ]


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


if __name__ == "__main__":
    main()
