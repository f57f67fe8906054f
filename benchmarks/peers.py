"""Other engines, with the same conversations in them, asked the same questions.

Each holds one document a conversation and answers as `search` does: how many match, and the ten
best by BM25. All of them stem by Porter's rules, so their counts can be compared; a phrase stays
within one turn, because something that nobody says stands between turns.

* **FTS5** of SQLite: a column a side, `bm25` and, where text is asked for, `snippet`.
* **Xapian**, Debian's `python3-xapian`: the same words as terms, a prefix a side, the start as a
  value. Its own highlighter is not asked.
* **ripgrep**, Debian's `ripgrep`: a line a conversation, without stems and without an order; each
  question is a process.
"""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from questions import SINCE, UNTIL, Question

from convarchive.index.words import words
from convarchive.model import Conversation

SIDES = ("customer", "agent", "other", "summary")
BEST = 10

_BETWEEN = "zqbetweenturnszq"
_START = 0  # Xapian's slot


class Peer(Protocol):
    """An engine."""

    name: str

    def build(self, conversations: Iterable[tuple[int, Conversation]], scratch: Path) -> None:
        """Take all of these in."""

    def ask(self, question: Question) -> int:
        """How many match; the best ten are found as well."""

    def can(self, question: Question) -> bool:
        """Whether it knows this kind of question."""


class Fts5:
    """SQLite's full-text search."""

    name = "FTS5"

    def build(self, conversations: Iterable[tuple[int, Conversation]], scratch: Path) -> None:
        """A table with a row a conversation."""
        self._db = sqlite3.connect(scratch / "fts5.db")
        self._db.execute(
            f"CREATE VIRTUAL TABLE calls USING fts5({', '.join(SIDES)}, started UNINDEXED,"
            " tokenize='porter unicode61 remove_diacritics 2')"
        )
        marks = ", ".join("?" * (len(SIDES) + 2))
        self._db.executemany(
            f"INSERT INTO calls (rowid, {', '.join(SIDES)}, started) VALUES ({marks})",
            ((key, *_columns(call)) for key, call in conversations),
        )
        self._db.execute("INSERT INTO calls (calls) VALUES ('optimize')")
        self._db.commit()

    def ask(self, question: Question) -> int:
        """By `MATCH`, in two statements."""
        return self._ask(question, "")

    def ask_marked(self, question: Question) -> int:
        """The same, with a marked piece of the text of the best."""
        return self._ask(question, ", snippet(calls, -1, '‹', '›', '…', 16)")

    def _ask(self, question: Question, text: str) -> int:
        when = f"AND started >= '{SINCE}' AND started < '{UNTIL}'" if question.dated else ""
        found = f"FROM calls WHERE calls MATCH ? {when}"
        match = (question.in_fts5,)
        (total,) = self._db.execute(f"SELECT count(*) {found}", match).fetchone()
        best = f"SELECT rowid, bm25(calls) {text} {found} ORDER BY rank LIMIT {BEST}"
        self._db.execute(best, match).fetchall()
        return int(total)

    def can(self, _question: Question) -> bool:
        """All of them."""
        return True

    def stems(self, vocabulary: Iterable[str]) -> dict[str, str]:
        """What it makes of each of these words."""
        self._db.execute("CREATE VIRTUAL TABLE temp.stems USING fts5(word, tokenize='porter')")
        known = list(vocabulary)
        self._db.executemany("INSERT INTO stems (rowid, word) VALUES (?, ?)", enumerate(known))
        self._db.execute("CREATE VIRTUAL TABLE temp.each USING fts5vocab(temp, stems, instance)")
        stems = self._db.execute("SELECT doc, term FROM temp.each")
        return {known[row]: stem for row, stem in stems}


class Xapian:
    """The library, by its own Python binding."""

    name = "Xapian"

    def __init__(self) -> None:
        self._xapian = _debian("python3-xapian", "xapian")
        self._stem = _remembered(self._xapian.Stem("porter"))

    def build(self, conversations: Iterable[tuple[int, Conversation]], scratch: Path) -> None:
        """A database with a document a conversation."""
        xapian = self._xapian
        database = xapian.WritableDatabase(str(scratch / "xapian"), xapian.DB_CREATE_OR_OVERWRITE)
        for key, call in conversations:
            document, position = xapian.Document(), 0
            for side, text in _texts(call):
                for word in words(text):
                    position += 1
                    term = self._stem(word)
                    document.add_posting(f"W{term}", position)
                    document.add_term(f"X{side.upper()}{term}")
                position += 100
            document.add_value(_START, call.started_at or "")
            database.replace_document(key, document)
        database.close()
        self._db = xapian.Database(str(scratch / "xapian"))

    def ask(self, question: Question) -> int:
        """By query objects, with all that match counted."""
        enquire = self._xapian.Enquire(self._db)
        enquire.set_query(self._query(question))
        return int(enquire.get_mset(0, BEST, self._db.get_doccount()).get_matches_estimated())

    def can(self, question: Question) -> bool:
        """All but beginnings, since its terms are stems."""
        return question.kind != "beginning"

    def _query(self, question: Question) -> Any:
        make = self._xapian.Query
        prefix = f"X{question.side.upper()}" if question.side else "W"
        terms = [make(prefix + self._stem(word)) for word in question.words]
        joined = {
            "or": make.OP_OR, "not": make.OP_AND_NOT, "phrase": make.OP_PHRASE,
        }.get(question.joined, make.OP_AND)  # fmt: skip
        query = make(joined, terms) if len(terms) > 1 else terms[0]
        if question.dated:
            within = make(make.OP_VALUE_RANGE, _START, SINCE, UNTIL)
            query = make(make.OP_FILTER, query, within)
        return query


class Ripgrep:
    """A search of plain text."""

    name = "ripgrep"

    def __init__(self) -> None:
        if shutil.which("rg") is None:
            _install("ripgrep")

    def build(self, conversations: Iterable[tuple[int, Conversation]], scratch: Path) -> None:
        """A file with a line a conversation."""
        self._file = scratch / "calls.txt"
        with self._file.open("w", encoding="utf-8") as file:
            for _, call in conversations:
                turns = (" ".join(words(text)) for _, text in _texts(call))
                file.write(f" {_BETWEEN} ".join(turns) + "\n")

    def ask(self, question: Question) -> int:
        """By one process, or two where both words must be there."""
        separator = " " if question.joined == "phrase" else "|"
        if len(question.words) == 2 and question.joined in ("and", "not"):
            first, second = question.words
            negated = ["--invert-match"] if question.joined == "not" else []
            command = ["rg", "--word-regexp", "--regexp", first, str(self._file)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as lines:
                return self._counted([*negated, "--regexp", second, "-"], lines.stdout)
        return self._counted(["--regexp", separator.join(question.words), str(self._file)])

    def can(self, question: Question) -> bool:
        """Nothing that needs more than the words themselves."""
        return not (question.dated or question.side or question.kind == "beginning")

    def _counted(self, arguments: list[str], lines: Any = None) -> int:
        command = ["rg", "--count", "--word-regexp", *arguments]
        done = subprocess.run(command, stdin=lines, stdout=subprocess.PIPE, check=False)
        return int(done.stdout or 0)


def _columns(call: Conversation) -> Iterator[str | None]:
    for side in SIDES:
        texts = [text for spoken, text in _texts(call) if spoken == side]
        yield f"\n{_BETWEEN}\n".join(texts) or None
    yield call.started_at


def _texts(call: Conversation) -> Iterator[tuple[str, str]]:
    for turn in call.turns:
        yield turn.role, turn.text
    if call.summary:
        yield "summary", call.summary


def _remembered(stem: Callable[[str], bytes | str]) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def stemmed(word: str) -> str:
        if word not in known:
            made = stem(word)
            known[word] = made.decode() if isinstance(made, bytes) else made
        return known[word]

    return stemmed


def _debian(package: str, module: str) -> Any:
    """A module that Debian packs for its own Python, which has to be of the same version."""
    try:
        return importlib.import_module(module)
    except ImportError:
        _install(package)
        listed = subprocess.run(["dpkg", "-L", package], stdout=subprocess.PIPE, check=True)
        paths = map(Path, listed.stdout.decode().split())
        first = next(path for path in paths if path.name == "__init__.py")
        sys.path.append(str(first.parent.parent))
        return importlib.import_module(module)


def _install(package: str) -> None:
    subprocess.run(["apt-get", "install", "--yes", package], stdout=subprocess.DEVNULL, check=True)
