"""``search``: the JSON that scripts read, field by field, and the other forms of the same rows."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]

QUERY = 'customer:"charged twice"'

HIT: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "source": (str,),
    "started_at": (str,),
    "duration": (float, int),
    "status": (str,),
    "agent_id": (str,),
    "caller_number": (str, type(None)),
    "language": (str,),
    "sentiment": (str, type(None)),
    "outcome": (str, type(None)),
    "summary": (str, type(None)),
    "score": (float, int),
    "turns": (list,),
}
"""What the contract promises of a hit, and what the demo's conversations have there."""

TURN: dict[str, tuple[type, ...]] = {
    "position": (int,),
    "speaker": (str,),
    "role": (str,),
    "start": (float, int),
    "text": (str,),
    "highlights": (list,),
}

NOT_FOR_A_SEARCH = (
    "httpx", "msgspec", "rich", "zstandard", "sqlite_utils", "tomllib", "tomlkit", "platformdirs",
    "starlette", "uvicorn", "logging", "asyncio",
)  # fmt: skip


def document(find: Run, *args: str) -> dict[str, Any]:
    """The JSON document of a search that succeeds."""
    ran = find("search", "--json", *args)
    assert ran.code == 0, ran.err
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def test_the_document(find: Run) -> None:
    """It has its schema, the query as it was typed, how many there are, and the hits."""
    found = document(find, QUERY)
    assert found["schema"] == "convarchive.search/1"
    assert found["query"] == QUERY
    assert found["total"] == len(found["hits"]) > 1
    assert "facets" not in found


@pytest.mark.parametrize("field", HIT)
def test_a_hit(find: Run, field: str) -> None:
    """Every hit has every promised field, of the promised type."""
    hits = document(find, "charged", "-n", "0")["hits"]
    assert hits
    assert {type(hit[field]) for hit in hits} <= set(HIT[field])


def test_the_times_of_a_hit(find: Run) -> None:
    """Times are ISO 8601 in UTC and end in Z; a status is one of the five."""
    for hit in document(find, "", "-n", "0")["hits"]:
        assert hit["started_at"].endswith("Z")
        assert hit["started_at"][10] == "T"
        assert hit["status"] in {"in_progress", "completed", "failed", "abandoned", "unknown"}


@pytest.mark.parametrize("field", TURN)
def test_a_turn(find: Run, field: str) -> None:
    """Every turn that matches has every promised field, of the promised type."""
    turns = [turn for hit in document(find, "charged")["hits"] for turn in hit["turns"]]
    assert turns
    assert {type(turn[field]) for turn in turns} <= set(TURN[field])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (QUERY, {"charged twice"}),
        ("refund", {"refund", "refunds", "refunded", "refunding", "refundable"}),
        ("円", {"円"}),
    ],
)
def test_highlights_count_characters(find: Run, query: str, words: set[str]) -> None:
    """A highlight is a pair of offsets into the characters of the text, end excluded."""
    marked = {
        turn["text"][start:end].casefold()
        for hit in document(find, query, "-n", "0")["hits"]
        for turn in hit["turns"]
        for start, end in turn["highlights"]
    }
    assert marked
    assert marked <= words


def test_only_who_was_asked_for(find: Run) -> None:
    """A scope finds the turns of that side alone."""
    turns = [turn for hit in document(find, QUERY)["hits"] for turn in hit["turns"]]
    assert {turn["role"] for turn in turns} == {"customer"}


def test_the_total_counts_what_is_not_shown(find: Run) -> None:
    """``-n`` limits the hits and not the total."""
    found = document(find, "", "-n", "3")
    assert len(found["hits"]) == 3
    assert found["total"] == 126


def test_ten_hits_unless_told(find: Run) -> None:
    """The default is ten rows."""
    assert len(document(find, "")["hits"]) == 10


def test_no_limit(find: Run) -> None:
    """``-n 0`` gives all of them."""
    assert len(document(find, "", "-n", "0")["hits"]) == 126


def test_offset(find: Run) -> None:
    """``--offset`` leaves out the first, in the same order."""
    whole = [hit["id"] for hit in document(find, "charged", "-n", "6")["hits"]]
    rest = [hit["id"] for hit in document(find, "charged", "-n", "4", "--offset", "2")["hits"]]
    assert rest == whole[2:]


@pytest.mark.parametrize(
    ("sort", "field", "descending"),
    [("newest", "started_at", True), ("oldest", "started_at", False), ("longest", "duration", True),
     ("relevance", "score", True)],
)  # fmt: skip
def test_sort(find: Run, sort: str, field: str, descending: bool) -> None:
    """The hits come in the order that was asked for."""
    hits = document(find, "charged", "-n", "0", "--sort", sort)["hits"]
    values = [hit[field] for hit in hits]
    assert len(set(values)) > 3
    assert values == sorted(values, reverse=descending)


def test_relevance_is_the_default(find: Run) -> None:
    """Without ``--sort`` the best come first."""
    assert document(find, "charged") == document(find, "charged", "--sort", "relevance")


def test_facets(find: Run) -> None:
    """``--facets`` counts the hits by value, the most frequent first, beyond those shown, too."""
    found = document(find, "refund", "--facets", "-n", "1")
    facets = found["facets"]
    assert {"status", "agent", "outcome", "sentiment", "topic"} <= facets.keys()
    assert sum(number for _, number in facets["status"]) == found["total"] > 1
    for values in facets.values():
        numbers = [number for _, number in values]
        assert all(isinstance(value, str) for value, _ in values)
        assert numbers == sorted(numbers, reverse=True)


def test_count(find: Run) -> None:
    """``--count`` prints the number alone."""
    ran = find("search", QUERY, "--count")
    assert (ran.code, ran.out, ran.err) == (0, f"{document(find, QUERY)['total']}\n", "")


@pytest.mark.parametrize("option", ["--jsonl", "--nl"])
def test_json_lines(find: Run, option: str) -> None:
    """``--jsonl``, and ``--nl`` for short, give the same hits, one a line."""
    lines = find("search", QUERY, option).out.splitlines()
    assert [json.loads(line) for line in lines] == document(find, QUERY)["hits"]


def test_csv(find: Run) -> None:
    """``--csv`` is RFC 4180 with a header; the values are those of the JSON."""
    out = find("search", QUERY, "--csv").out
    rows = list(csv.DictReader(io.StringIO(out, newline=""), strict=True))
    hits = document(find, QUERY)["hits"]
    assert out.count("\r\n") == len(rows) + 1
    assert [row["id"] for row in rows] == [hit["id"] for hit in hits]
    assert [float(row["duration"]) for row in rows] == [hit["duration"] for hit in hits]


def test_csv_runs_no_formula(find: Run) -> None:
    """A number that begins with a plus is guarded by a quote, as the CSV export does it."""
    rows = csv.DictReader(io.StringIO(find("search", QUERY, "--csv").out, newline=""))
    assert {row["caller_number"][:2] for row in rows} == {"'+"}


def test_tsv(find: Run) -> None:
    """``--tsv`` has a header and as many cells in every line."""
    head, *lines = find("search", QUERY, "--tsv").out.splitlines()
    names = head.split("\t")
    ids = [line.split("\t")[names.index("id")] for line in lines]
    assert ids == [hit["id"] for hit in document(find, QUERY)["hits"]]
    assert {len(line.split("\t")) for line in lines} == {len(names)}


def test_ids(find: Run) -> None:
    """``--ids`` prints the ids alone, one a line."""
    ids = find("search", QUERY, "--ids").out.splitlines()
    assert ids == [hit["id"] for hit in document(find, QUERY)["hits"]]


@pytest.mark.parametrize("option", ["-t", "--table"])
def test_table(find: Run, option: str) -> None:
    """A table has a head and a line for each hit, in their order."""
    head, *lines = find("search", QUERY, option).out.splitlines()
    assert head.split() == ["started", "id", "caller", "length", "outcome", "agent"]
    ids = [hit["id"] for hit in document(find, QUERY)["hits"]]
    assert [identifier in line for identifier, line in zip(ids, lines, strict=True)] == [
        True
    ] * len(ids)


def test_for_the_eye(find: Run) -> None:
    """Without a form it says how many, and shows what was said with the words marked."""
    ran = find("search", QUERY)
    assert ran.out.startswith(f"{document(find, QUERY)['total']} conversations · ")
    assert "‹charged twice›" in ran.out
    assert "convarchive show conv_" in ran.err


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv", "--tsv", "--ids"])
def test_nothing_but_data(find: Run, form: str) -> None:
    """With a form for scripts there is nothing to say beside the data."""
    assert find("search", QUERY, form).err == ""


@pytest.mark.parametrize("form", ["--jsonl", "--csv", "--tsv", "--ids"])
def test_nothing_found(find: Run, form: str) -> None:
    """Nothing found is no error, and no output."""
    assert find("search", "xylophonist", form) == (0, "", "")
    assert document(find, "xylophonist")["hits"] == []


def test_words_as_arguments(find: Run) -> None:
    """Several arguments are one query."""
    assert document(find, "charged", "twice") == document(find, "charged twice")


def test_a_query_that_begins_with_a_hyphen(find: Run) -> None:
    """It stands after ``--``; without, the error says so."""
    total = document(find, "")["total"]
    assert document(find, "--", "-charged")["total"] == total - document(find, "charged")["total"]
    refused = find("search", "-charged")
    assert refused.code == 2
    assert "convarchive search -- " in refused.err


def test_conversations_that_are_not_indexed_are_told(run: Run, copied: Archive) -> None:
    """What can't be found yet is counted, so that it does not look as if it weren't there."""
    with copied.writing("test") as connection:
        connection.execute(
            "INSERT INTO index_queue (conversation) SELECT key FROM conversations LIMIT 2"
        )
        connection.commit()
    ran = run("-a", copied.directory, "search", "charged", "--json")
    assert ran.code == 0
    assert "2 conversations stored and not yet indexed" in ran.err
    assert "convarchive reindex" in ran.err


def test_a_search_loads_little(synced: Archive) -> None:
    """A search is a fresh process each time, so it must not import what it doesn't need."""
    program = (
        "import sys\n"
        "from convarchive.cli import run\n"
        f"code = run(['-a', {str(synced.directory)!r}, 'search', {QUERY!r}, '--json'])\n"
        f"print(code, [name for name in {NOT_FOR_A_SEARCH!r} if name in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "0 []\n"
