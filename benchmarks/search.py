"""How fast a question is answered, beside other engines that have the same conversations.

The conversations are made up, and English, as Porter's stemmer is. Five hundred questions of twelve
kinds are drawn from them (`questions`) and put to the index and to its peers (`peers`), which take
turns. First the engines alone: how many match, and which ten are the best. Then with the text: the
ten are fetched, and what matched is marked in them. The archive opens its index anew for that, as
it always does; FTS5 stays open.

Counts must be the same where both stem, and the script ends with an error if they are not. Only
beginnings may differ: FTS5 looks for them in stems, the index in words as they were said.

    python benchmarks/search.py
    python benchmarks/search.py --count 50000 --peers
    python benchmarks/search.py --archive DIRECTORY      made by an earlier run
    python benchmarks/search.py --archive DIRECTORY --alone

Alone, for archives that peers would take hours to take in: how long the same kinds of questions
take, drawn from some of the conversations, and a whole ``convarchive search`` process.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from common import (
    PYTHON,
    filled_archive,
    interleaved,
    milliseconds,
    p95,
    print_machine,
    print_table,
)
from peers import BEST, Fts5, Peer, Ripgrep, Xapian
from questions import Question, agreed, counted, drawn

from convarchive import Archive
from convarchive.index.reader import Reader
from convarchive.store import database

PEERS: dict[str, type[Xapian | Ripgrep]] = {"Xapian": Xapian, "ripgrep": Ripgrep}
COMPARED = ("FTS5", "Xapian")
"""These stem, so their counts are ours."""

QUESTIONS = 504

SAMPLED = 20
"""Alone, questions are drawn from one in so many conversations."""

PROCESSES = 9


class Answers(NamedTuple):
    """What one engine said to the questions of a kind, and how long it took each time."""

    counts: list[int]
    seconds: list[float]


Table = dict[str, dict[str, Answers]]
"""By kind of question, then by engine."""


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000, help="conversations to search")
    parser.add_argument("--archive", type=Path, help="where they are, or shall be")
    parser.add_argument("--repeat", type=int, default=3, help="times that each question is asked")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), help="beside FTS5")
    parser.add_argument("--alone", action="store_true", help="without any peer")
    asked = parser.parse_args()
    if asked.alone:
        return alone(asked.archive, asked.repeat)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        scratch = Path(name)
        archive = stack.enter_context(_archive(asked.archive or scratch / "archive", asked.count))
        fts5 = Fts5()
        peers = [fts5, *(PEERS[name]() for name in asked.peers)]
        report_building(archive, peers, scratch)
        questions = _questions(archive, fts5)
        ours = {"ours": _engine(archive, stack)}
        bare = answers(questions, ours | _engines(peers), asked.repeat)
        print_table(*_speeds("which, and how many", bare))
        _print_means(bare)
        whole = {"ours": lambda one: archive.search(one.in_ours, limit=BEST).total}
        marked = answers(questions, whole | {"FTS5": fts5.ask_marked}, asked.repeat)
        print_table(*_speeds("with the text, marked", marked))
        _print_means(marked)
        print_table(*_counts(bare))
    print_machine()
    return any(differing(bare, peer) for peer in COMPARED)


def alone(directory: Path, repeat: int) -> int:
    """How long questions take, and whole processes, without a peer."""
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(Archive.open(directory))
        some = counted(archive.conversations(archive.keys()[::SAMPLED]))
        questions = drawn(some, set(some.words), QUESTIONS // 12)
        bare = answers(questions, {"ours": _engine(archive, stack)}, repeat)
        print_table(*_speeds(f"of {archive.count():,}: which, and how many", bare))
        whole = {"ours": lambda one: archive.search(one.in_ours, limit=BEST).total}
        print()
        print_table(*_speeds("with the text, marked", answers(questions, whole, repeat)))
    firsts = {one.kind: one.in_ours for one in reversed(questions)}
    rows = []
    for kind, query in firsts.items():
        command = (*PYTHON, "-a", str(directory), "search", query)
        run = functools.partial(subprocess.run, command, check=True, capture_output=True)
        (times,) = interleaved(PROCESSES, run)
        rows.append([kind, milliseconds(statistics.median(times)), milliseconds(p95(times))])
    print()
    print_table(["a whole process", "median", "p95"], rows)
    print_machine()
    return 0


def _archive(directory: Path, count: int) -> Archive:
    if directory.exists():
        return Archive.open(directory)
    return filled_archive(directory, count, language="en")


def _questions(archive: Archive, fts5: Fts5) -> list[Question]:
    said = counted(archive.conversations(archive.keys()))
    fit = agreed(said.words, fts5.stems(said.words))
    left = sum(said.words.values()) - sum(said.words[word] for word in fit)
    share = left / sum(said.words.values())
    print(f"\nThe stemmers disagree about {len(said.words) - len(fit):,} of {len(said.words):,}")
    print(f"words, {share:.1%} of all that is said. No question has one of these.\n")
    return drawn(said, fit, QUESTIONS // 12)


Ask = Callable[[Question], "int | None"]


def _engine(archive: Archive, stack: contextlib.ExitStack) -> Ask:
    connection = stack.enter_context(contextlib.closing(database.connect(archive.directory)))
    reader = Reader(connection, archive.directory)
    return lambda one: reader.search(archive.parse(one.in_ours), limit=BEST).total


def _engines(peers: Sequence[Peer]) -> dict[str, Ask]:
    def asking(peer: Peer) -> Ask:
        return lambda one: peer.ask(one) if peer.can(one) else None

    return {peer.name: asking(peer) for peer in peers}


def answers(questions: Sequence[Question], engines: dict[str, Ask], repeat: int) -> Table:
    """Every question to every engine, so many times."""
    table: Table = {}
    for one in questions:
        known = table.setdefault(one.kind, {name: Answers([], []) for name in engines})
        able: dict[str, Callable[[], object]] = {}
        for name, ask in engines.items():
            if (count := ask(one)) is not None:
                known[name].counts.append(count)
                able[name] = functools.partial(ask, one)
        for name, times in zip(able, interleaved(repeat, *able.values()), strict=True):
            known[name].seconds.extend(times)
    return table


def _speeds(head: str, table: Table) -> tuple[list[str], list[list[str]]]:
    names = list(next(iter(table.values())))
    others = names[1:]
    rows = []
    for kind, known in table.items():
        ours = known["ours"].seconds
        row = [kind, f"{statistics.mean(known['ours'].counts):,.0f}"]
        row += [milliseconds(statistics.median(ours)), milliseconds(p95(ours))]
        for name in others:
            theirs = known[name].seconds
            row += [milliseconds(statistics.median(theirs)) if theirs else "–"]
            row += [f"{_ratio(known, name):.1f}" if theirs else "–"]
        rows.append(row)
    columns = [column for name in others for column in (f"p50 {name}", f"{name} / ours")]
    return [head, "found", "p50", "p95", *columns], rows


def _ratio(known: dict[str, Answers], name: str) -> float:
    return statistics.median(known[name].seconds) / statistics.median(known["ours"].seconds)


def _print_means(table: Table) -> None:
    """The geometric mean over the kinds that a peer answers."""
    print()
    for name in list(next(iter(table.values())))[1:]:
        ratios = [_ratio(known, name) for known in table.values() if known[name].seconds]
        mean = math.exp(statistics.mean(map(math.log, ratios)))
        print(f"{name} / ours, geometric mean of {len(ratios)} kinds: {mean:.1f}")
    print()


def _counts(table: Table) -> tuple[list[str], list[list[str]]]:
    names = [name for name in next(iter(table.values())) if name in COMPARED]
    rows = []
    for kind, known in table.items():
        row = [kind, f"{len(known['ours'].counts)}"]
        for name in names:
            theirs = known[name].counts
            same = sum(a == b for a, b in zip(known["ours"].counts, theirs, strict=False))
            row.append(f"{same}" if theirs else "–")
        rows.append(row)
    return ["same count", "questions", *names], rows


def differing(table: Table, name: str) -> int:
    """How many questions this peer counts otherwise; beginnings aside, which it finds in stems."""
    return sum(
        sum(a != b for a, b in zip(known["ours"].counts, known[name].counts, strict=False))
        for kind, known in table.items()
        if name in known and kind != "beginning"
    )


def report_building(archive: Archive, peers: Sequence[Peer], scratch: Path) -> None:
    """How long each takes to be built, and its size."""
    began = time.perf_counter()
    count = archive.reindex()
    rows = [
        _built("index of the archive", time.perf_counter() - began, archive.directory / "index")
    ]
    for peer in peers:
        before = set(scratch.iterdir())
        began = time.perf_counter()
        peer.build(archive.conversations(archive.keys()), scratch)
        took = time.perf_counter() - began
        (made,) = {path for path in scratch.iterdir() if path.stem not in {b.stem for b in before}}
        rows.append(_built(peer.name, took, made))
    print_table([f"{count:,} conversations", "built in", "size"], rows)


def _built(name: str, took: float, path: Path) -> list[str]:
    files = _files(path) if path.is_dir() else [path]
    return [name, f"{took:.1f} s", f"{sum(file.stat().st_size for file in files) / 1e6:,.1f} MB"]


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if file.is_file())


if __name__ == "__main__":
    sys.exit(main())
