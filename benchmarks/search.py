"""How fast a question is answered, beside SQLite's own full-text search.

Both hold the same made-up conversations and do the same work for each question, in two steps: the
engine says how many there are and which ten are the best; then these are fetched, and what matches
is marked in their text. Of each kind of question there are twenty, with words that are drawn by how
many conversations have them. Both answer each one several times, taking turns.

FTS5 has a row a conversation and a column a side, stemmed by Porter's rules, and is asked over a
connection that stays open. So is the index in the first step; in the second, the archive opens it
anew for each question, as it always does.

    python benchmarks/search.py
    python benchmarks/search.py --count 50000 --repeat 3
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import random
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from common import interleaved, milliseconds, p95, print_machine, print_table, synced_archive

from convarchive import Archive
from convarchive.index.reader import Reader
from convarchive.index.words import words
from convarchive.model import Conversation
from convarchive.store import database

QUESTIONS = 20
"""Of each kind."""

SIDES = ("customer", "agent", "other", "summary")
SINCE, UNTIL = "2026-05-01", "2026-08-01"


Ask = Callable[["Question"], int]


class Question(NamedTuple):
    """One question, as each of the two is asked it."""

    query: str
    match: str
    dated: bool = False


class Corpus(NamedTuple):
    """Words and pairs of neighbours that were said, with how many conversations have them."""

    words: Counter[str]
    pairs: Counter[tuple[str, str]]
    size: int


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="conversations to search")
    parser.add_argument("--repeat", type=int, default=5, help="times that each question is asked")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        synced_archive(Path(scratch, "archive"), asked.count) as archive,
    ):
        peer, building = build_peer(archive, Path(scratch, "fts5.db"))
        report_building(archive, Path(scratch), asked.count, building)
        report_answers(archive, peer, questions(counted(archive)), asked.repeat)
        peer.close()
    print_machine()


def build_peer(archive: Archive, path: Path) -> tuple[sqlite3.Connection, float]:
    """An FTS5 table of the same conversations, and the seconds that it took."""
    began = time.perf_counter()
    peer = sqlite3.connect(path)
    peer.execute(
        f"CREATE VIRTUAL TABLE calls USING fts5({', '.join(SIDES)}, started UNINDEXED,"
        " tokenize='porter unicode61 remove_diacritics 2')"
    )
    keys = archive.keys()
    rows = ((key, *_row(call)) for key, call in archive.conversations(keys))
    marks = ", ".join("?" * (len(SIDES) + 2))
    peer.executemany(
        f"INSERT INTO calls (rowid, {', '.join(SIDES)}, started) VALUES ({marks})", rows
    )
    peer.commit()
    peer.execute("INSERT INTO calls (calls) VALUES ('optimize')")
    peer.commit()
    return peer, time.perf_counter() - began


def _row(call: Conversation) -> Iterator[str | None]:
    for side in SIDES[:3]:
        yield "\n".join(turn.text for turn in call.turns if turn.role == side)
    yield call.summary
    yield call.started_at


def counted(archive: Archive) -> Corpus:
    """Every word and pair of words, with how many conversations have it."""
    single: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    keys = archive.keys()
    for _, call in archive.conversations(keys):
        turns = [words(turn.text) for turn in call.turns]
        single.update({word for turn in turns for word in turn if _plain(word)})
        pairs.update(
            {
                pair
                for turn in turns
                for pair in pairwise(turn)
                if _plain(pair[0]) and _plain(pair[1])
            }
        )
    return Corpus(single, pairs, len(keys))


def _plain(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) > 2


def questions(corpus: Corpus) -> dict[str, list[Question]]:
    """Twenty questions of each kind, the same for the same corpus."""
    chosen = random.Random(1)

    def drawn(counts: Counter, low: float, high: float) -> list:  # type: ignore[type-arg]
        """Of those that so large a share of the conversations have."""
        least, most = max(2, low * corpus.size), max(5, high * corpus.size)
        fitting = sorted(item for item, count in counts.items() if least <= count <= most)
        return chosen.choices(fitting, k=QUESTIONS)

    rare = drawn(corpus.words, 0.0002, 0.001)
    middle = drawn(corpus.words, 0.01, 0.05)
    common = drawn(corpus.words, 0.2, 0.6)
    pairs = drawn(corpus.pairs, 0.02, 0.2)
    both = list(zip(middle, common, strict=True))
    return {
        "rare word": [Question(word, f'"{word}"') for word in rare],
        "word in 1–5 %": [Question(word, f'"{word}"') for word in middle],
        "word in 20–60 %": [Question(word, f'"{word}"') for word in common],
        "two words": [Question(f"{a} {b}", f'"{a}" "{b}"') for a, b in both],
        "either word": [Question(f"{a} OR {b}", f'"{a}" OR "{b}"') for a, b in both],
        "phrase": [Question(f'"{a} {b}"', f'"{a} {b}"') for a, b in pairs],
        "who said it": [Question(f"customer:{w}", f'customer : "{w}"') for w in middle],
        "beginning": [Question(f"{word[:4]}*", f"{word[:4]}*") for word in middle],
        "word and three months": [
            Question(f"{word} since:{SINCE} until:{UNTIL}", f'"{word}"', True) for word in common
        ],
    }


def ask_peer(peer: sqlite3.Connection, question: Question, *, whole: bool) -> int:
    """The total, and the ten best, if ``whole`` with their text marked."""
    when = f"AND started >= '{SINCE}' AND started < '{UNTIL}'" if question.dated else ""
    marked = ", ".join(f"highlight(calls, {at}, '‹', '›')" for at in range(len(SIDES)))
    wanted = f"rowid, {marked}" if whole else "rowid"
    rows = f"FROM calls WHERE calls MATCH ? {when}"
    (total,) = peer.execute(f"SELECT count(*) {rows}", (question.match,)).fetchone()
    best = f"SELECT {wanted} {rows} ORDER BY rank LIMIT 10"
    peer.execute(best, (question.match,)).fetchall()
    return int(total)


def report_answers(
    archive: Archive, peer: sqlite3.Connection, kinds: dict[str, list[Question]], repeat: int
) -> None:
    """A table for each of the two steps, with a row a kind of question."""
    with contextlib.closing(database.connect(archive.directory)) as connection:
        reader = Reader(connection, archive.directory)

        def ask_index(question: Question) -> int:
            return reader.search(archive.parse(question.query), limit=10).total

        def ask_archive(question: Question) -> int:
            return archive.search(question.query, limit=10).total

        for head, ours, whole in (
            ("which, and how many", ask_index, False),
            ("with ten hits, marked", ask_archive, True),
        ):
            theirs = functools.partial(ask_peer, peer, whole=whole)
            rows = [
                [kind, *_compared(asked, repeat, ours, theirs)] for kind, asked in kinds.items()
            ]
            print_table(
                [head, "found", "p50", "p95", "found by FTS5", "p50", "p95", "FTS5 / ours"], rows
            )
            print()


def _compared(asked: Sequence[Question], repeat: int, ours: Ask, theirs: Ask) -> list[str]:
    """The cells of both and the ratio of their medians."""
    cells: list[str] = []
    took: list[list[float]] = [[], []]
    for question in asked:
        one, other = interleaved(repeat, lambda q=question: ours(q), lambda q=question: theirs(q))
        took[0] += one
        took[1] += other
    for ask, times in zip((ours, theirs), took, strict=True):
        found = statistics.mean(map(ask, asked))
        shown = map(milliseconds, (statistics.median(times), p95(times)))
        cells += [f"{found:,.0f}", *shown]
    ratio = statistics.median(took[1]) / statistics.median(took[0])
    return [*cells, f"{ratio:.1f}"]


def report_building(archive: Archive, scratch: Path, count: int, peer_took: float) -> None:
    """How long the two take to be built, and their sizes."""
    began = time.perf_counter()
    archive.reindex()
    took = time.perf_counter() - began
    size = sum(file.stat().st_size for file in (archive.directory / "index").iterdir())
    peer_size = (scratch / "fts5.db").stat().st_size
    print_table(
        [f"{count:,} conversations", "built in", "size"],
        [
            ["index of the archive, text in its database", f"{took:.1f} s", _mb(size)],
            ["FTS5, text included", f"{peer_took:.1f} s", _mb(peer_size)],
        ],
    )
    print()


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
