"""``list``: the same rows as a search, in the order of time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]

FIELDS = {
    "id", "source", "started_at", "duration", "status", "agent_id", "caller_number", "language",
    "sentiment", "outcome", "summary",
}  # fmt: skip


def rows(find: Run, *args: str) -> list[dict[str, Any]]:
    """The rows of a list that succeeds."""
    ran = find("list", *args, "--json")
    assert ran.code == 0, ran.err
    loaded: list[dict[str, Any]] = json.loads(ran.out)["hits"]
    return loaded


def test_the_document(find: Run) -> None:
    """It has its schema, the query, how many there are in all, and the rows."""
    found = json.loads(find("list", "status:failed", "--json", "-n", "2").out)
    assert found["schema"] == "convarchive.list/1"
    assert found["query"] == "status:failed"
    assert found["total"] > len(found["hits"]) == 2


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_row(find: Run, field: str) -> None:
    """A row has the fields of a search's hit, with the same values."""
    hits = json.loads(find("search", "charged", "--sort", "newest", "--json", "-n", "0").out)
    assert [row[field] for row in rows(find, "charged", "-n", "0")] == [
        hit[field] for hit in hits["hits"]
    ]


def test_newest_first(find: Run) -> None:
    """Unless told otherwise the newest come first, twenty of them."""
    starts = [row["started_at"] for row in rows(find)]
    assert len(starts) == 20
    assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize(
    ("sort", "field", "descending"),
    [
        ("oldest", "started_at", False),
        ("newest", "started_at", True),
        ("longest", "duration", True),
    ],
)
@pytest.mark.parametrize("query", ["", "refund OR invoice"])
def test_sort(find: Run, query: str, sort: str, field: str, descending: bool) -> None:
    """With a query and without, the rows come in the order that was asked for."""
    found = [row[field] for row in rows(find, query, "--sort", sort, "-n", "0")]
    values = [value for value in found if value is not None]
    assert len(values) > 3
    assert values == sorted(values, reverse=descending)


def test_all_of_them(find: Run) -> None:
    """``-n 0`` gives every conversation, each once."""
    assert len({row["id"] for row in rows(find, "-n", "0")}) == 126


@pytest.mark.parametrize("query", ["", "language:en"])
def test_offset(find: Run, query: str) -> None:
    """``--offset`` leaves out the first, with a query and without."""
    whole = rows(find, query, "-n", "9")
    assert rows(find, query, "-n", "4", "--offset", "5") == whole[5:]
    assert rows(find, query, "-n", "0", "--offset", "1000000") == []


@pytest.mark.parametrize("number", [str(2**63), "9" * 40])
def test_numbers_beyond_all_bounds(find: Run, number: str) -> None:
    """More than there can be is all there are, or none."""
    assert len(rows(find, "-n", number)) == 126
    assert rows(find, "-n", "0", "--offset", number) == []


@pytest.mark.parametrize("option", ["--jsonl", "--nl"])
def test_json_lines(find: Run, option: str) -> None:
    """One row a line, the same rows."""
    lines = find("list", "language:ja", option).out.splitlines()
    assert [json.loads(line) for line in lines] == rows(find, "language:ja")


def test_csv_and_tsv(find: Run) -> None:
    """Both have a header and the same ids as the JSON."""
    ids = [row["id"] for row in rows(find, "language:ja")]
    comma = csv.DictReader(io.StringIO(find("list", "language:ja", "--csv").out, newline=""))
    assert [row["id"] for row in comma] == ids
    head, *lines = find("list", "language:ja", "--tsv").out.splitlines()
    assert [line.split("\t")[head.split("\t").index("id")] for line in lines] == ids


def test_ids(find: Run) -> None:
    """The ids alone."""
    ids = [row["id"] for row in rows(find, "language:ja")]
    assert find("list", "language:ja", "--ids").out.splitlines() == ids


@pytest.mark.parametrize("form", [(), ("-t",), ("--table",)])
def test_table(find: Run, form: tuple[str, ...]) -> None:
    """A table with a head, the default, and what is not shown is told beside it."""
    ran = find("list", *form, "-n", "3")
    head, *lines = ran.out.splitlines()
    assert head.split() == ["started", "id", "caller", "length", "outcome", "agent"]
    assert len(lines) == 3
    assert "3 of 126" in ran.err


def test_no_index_is_needed_for_all(run: Run, copied: Archive) -> None:
    """A list without a query is read from the store, so it works while the index is gone."""
    for file in (copied.directory / "index").iterdir():
        file.unlink()
    assert run("-a", copied.directory, "list", "--ids", "-n", "0").out.count("\n") == 126
    assert run("-a", copied.directory, "list", "refund").code == 1


@pytest.mark.parametrize("form", ["--jsonl", "--csv", "--tsv", "--ids"])
def test_nothing_found(find: Run, form: str) -> None:
    """Nothing found is no error, and no output."""
    assert find("list", "id:nobody", form) == (0, "", "")
