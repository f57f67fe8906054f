"""How good the order of the hits is, by the judgements of people, beside plain BM25.

A test collection is a directory with `docs.jsonl.gz` (an `id` and a `text` a line), `queries.jsonl`
(an `id` and a `text` a line) and `qrels.tsv` (a heading, then query, document and whether it is
relevant). CACM and Cranfield are two that have been in public circulation for decades. Each
document becomes a conversation with a turn for each sentence, each question one that looks for any
of its words. Mean average precision is taken over the first thousand hits, as trec_eval does.

Plain BM25 is the engine's own (k1 = 1.2, b = 0.75) over the stemmed words in the same index.

    python benchmarks/retrieval.py DIRECTORY...
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from common import print_machine, print_table
from tantivy import Index, Occur, Query

from convarchive import Archive
from convarchive.index import schema
from convarchive.index.reader import Reader
from convarchive.index.stems import stems_of
from convarchive.index.words import words
from convarchive.model import Conversation, Turn
from convarchive.query import tree
from convarchive.store import mirror
from convarchive.store.database import transaction
from convarchive.store.ingest import Received, ingest

DEEP = 1000
"""Hits of each question that count."""


class Collection(NamedTuple):
    """Documents, questions, and which documents answer each."""

    name: str
    documents: list[tuple[str, str]]
    questions: list[tuple[str, str]]
    relevant: dict[str, set[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("directories", nargs="+", type=Path, help="test collections")
    rows = []
    for directory in parser.parse_args().directories:
        collection = read(directory)
        with tempfile.TemporaryDirectory() as scratch, archive_of(collection, scratch) as archive:
            ours = precision(collection, lambda question: search(archive, question))
            engine = Index.open(str(archive.directory / "index"))
            plain = precision(collection, lambda question: bm25(archive, engine, question))  # noqa: B023
        judged = str(len(collection.relevant))
        rows.append([collection.name, judged, f"{ours:.4f}", f"{plain:.4f}"])
    print_table(["mean average precision", "questions", "convarchive", "plain BM25"], rows)
    print_machine()


def read(directory: Path) -> Collection:
    """A test collection."""
    relevant: dict[str, set[str]] = defaultdict(set)
    judgements = (directory / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for question, document, grade in (line.split("\t") for line in judgements):
        if int(grade) > 0:
            relevant[question].add(document)
    with gzip.open(directory / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [(doc["id"], doc["text"]) for doc in map(json.loads, file)]
    lines = (directory / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [(asked["id"], asked["text"]) for asked in map(json.loads, lines)]
    return Collection(directory.name, documents, questions, dict(relevant))


def archive_of(collection: Collection, directory: str) -> Archive:
    """An archive of its documents."""
    archive = Archive.create(Path(directory, "archive"))
    with archive.writing("benchmark") as connection, transaction(connection):
        mirror.add_source(connection, "ayra", "ayra", "")
        ingest(connection, (_received(*document) for document in collection.documents))
    archive.reindex()
    return archive


def _received(identifier: str, text: str) -> Received:
    sentences = [part for part in text.split(". ") if part.strip()]
    turns = tuple(Turn(at, "", "other", sentence) for at, sentence in enumerate(sentences))
    call = Conversation("ayra", identifier, "completed", None, language="en", turns=turns)
    return Received(call, identifier, (("detail", b"{}"),), "")


def precision(collection: Collection, ask: Callable[[str], Sequence[str]]) -> float:
    """Mean average precision over the questions that have an answer."""
    every = []
    for question, text in collection.questions:
        if wanted := collection.relevant.get(question):
            found, total = 0, 0.0
            for place, document in enumerate(ask(text), start=1):
                if document in wanted:
                    found += 1
                    total += found / place
            every.append(total / len(wanted))
    return sum(every) / len(every)


def search(archive: Archive, question: str) -> list[str]:
    """The ids that the program finds, in its order."""
    node = tree.Or(tuple(tree.Word(word) for word in words(question)))
    with archive.writing("benchmark") as connection:
        found = Reader(connection, archive.directory).search(node, limit=DEEP)
        return _ids(archive, [hit.key for hit in found.hits])


def bm25(archive: Archive, index: Index, question: str) -> list[str]:
    """The ids that the engine finds by nothing but the stems."""
    stems = stems_of("en").of(words(question))
    field = schema.stemmed(schema.SAID, "en")
    terms = [(Occur.Should, Query.term_query(index.schema, field, stem)) for stem in stems]
    searcher = index.searcher()
    hits = searcher.search(Query.boolean_query(terms), limit=DEEP).hits
    keys = searcher.fast_field_values("rowid", [address for _, address in hits])
    return _ids(archive, [int(key) for key in keys if key is not None])


def _ids(archive: Archive, keys: Sequence[int]) -> list[str]:
    return [call.id for _, call in archive.conversations(keys)]


if __name__ == "__main__":
    main()
