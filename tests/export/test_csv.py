"""Rows for spreadsheets, which run nothing that a caller said."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convarchive.export import Selection, export
from convarchive.export.csv import guarded
from convarchive.model import Conversation, Turn

Select = Callable[..., Selection]


def rows(path: Path) -> list[dict[str, str]]:
    """By the strict reader of the standard library."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def unguarded(cell: str) -> str:
    """As the documentation of the format says it."""
    return cell[1:] if re.match(r"'+[=+\-@＝＋－＠\t\r\n\0]", cell) else cell


def test_a_row_a_conversation(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Scalars as they are, the number of turns, what is known of the recording."""
    export(select(call, call), "csv", tmp_path / "x.csv")
    row, again = rows(tmp_path / "x.csv")
    assert row == again
    assert (row["id"], row["duration"], row["turns"]) == ("conv_8f2kq1", "247.5", "2")
    assert (row["recording_sha256"], row["recording_bytes"]) == ("ab" * 32, "1234")
    assert row["has_transcript"] == "true"
    assert row["ended_at"] == ""


def test_lists_and_objects_are_json(select: Select, call: Conversation, tmp_path: Path) -> None:
    """So that a topic may hold a semicolon; an empty list is an empty cell."""
    export(select(call), "csv", tmp_path / "x.csv")
    (row,) = rows(tmp_path / "x.csv")
    assert row["topics"] == '["billing","refund; partial"]'
    assert row["satisfaction"] == '{"score":4}'
    assert row["keywords"] == ""


def test_a_row_a_turn(select: Select, call: Conversation, tmp_path: Path) -> None:
    """With the conversation that it is from, and the text to the character."""
    export(select(call, call._replace(turns=())), "csv", tmp_path / "x.csv", turns=True)
    found = rows(tmp_path / "x.csv")
    assert [(r["id"], r["position"], r["start"], r["end"]) for r in found] == [
        ("conv_8f2kq1", "0", "0.0", "1.5"),
        ("conv_8f2kq1", "1", "5.0", ""),
    ]
    assert found[1]["text"] == call.turns[1].text


def test_a_callers_number_is_guarded(select: Select, call: Conversation, tmp_path: Path) -> None:
    """A spreadsheet would take it for a formula, and drop the plus."""
    export(select(call), "csv", tmp_path / "x.csv")
    assert rows(tmp_path / "x.csv")[0]["caller_number"] == "'+15550104477"


def test_numbers_stay_numbers(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Neither guarded nor quoted, negative ones included; what is no number is an empty cell."""
    turns = (
        Turn(0, "-5", "other", "-5", -5.0, float("nan")),
        Turn(1, "", "other", "", 1e-7, float("inf")),
    )
    export(select(call._replace(turns=turns)), "csv", tmp_path / "x.csv", turns=True)
    lines = (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].endswith(''',0,"'-5","other","'-5",-5.0,"",""''')
    assert lines[2].endswith(',1,"","other","",1e-07,"",""')


def test_rows_end_in_crlf_and_there_is_no_byte_order_mark(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """RFC 4180; and the first column is called ``source``."""
    export(select(call), "csv", tmp_path / "x.csv")
    written = (tmp_path / "x.csv").read_bytes()
    assert written.startswith(b'"source","id",')
    assert written.endswith(b"\r\n")
    assert written.count(b"\r\n") == 2


@pytest.mark.parametrize("first", list("=+-@＝＋－＠\t\r\n\0"))
def test_no_cell_begins_like_a_formula(first: str) -> None:
    """Nor one that already looks guarded, so that the guard can be taken off."""
    assert guarded(f"{first}1+1") == f"'{first}1+1"
    assert guarded(f"'{first}1+1") == f"''{first}1+1"
    assert guarded(f"'tis {first}") == f"'tis {first}"


@given(st.text(alphabet=st.one_of(st.sampled_from("'=+-@＝＋－＠\t\r\n\0\",; a"), st.characters())))
@example("''=1")
def test_the_guard_can_be_taken_off(text: str) -> None:
    """Any text comes back, and no guarded one begins with what a spreadsheet runs."""
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(tuple("=+-@＝＋－＠\t\r\n\0"))
