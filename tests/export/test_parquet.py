"""Typed columns, read back by Arrow's own reader, and by those that people will use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from convarchive.errors import ConvarchiveError, UsageError
from convarchive.export import Selection, export
from convarchive.export.csv import COLUMNS, TURN_COLUMNS
from convarchive.model import Conversation, Turn

Select = Callable[..., Selection]


def written(selection: Selection, path: Path, *, turns: bool = False) -> Any:
    """The table that an export makes."""
    export(selection, "parquet", path, turns=turns)
    return pq.read_table(path)


def test_a_row_a_conversation(select: Select, call: Conversation, tmp_path: Path) -> None:
    """The columns of the CSV, in the same order, with what they hold."""
    table = written(select(call, call), tmp_path / "x")
    assert table.column_names == [*COLUMNS, "untyped"]
    row, again = table.to_pylist()
    assert row == again
    assert (row["id"], row["duration"], row["summary"]) == (call.id, 247.5, call.summary)
    assert (row["recording_sha256"], row["recording_bytes"]) == ("ab" * 32, 1234)
    assert row["topics"] == ["billing", "refund; partial"]
    assert row["agent_id"] is row["untyped"] is None


def test_the_columns_have_types(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Timestamps in UTC, doubles, lists, and turns as a list of structures."""
    schema = written(select(call), tmp_path / "x").schema
    assert schema.field("started_at").type == pa.timestamp("us", "UTC")
    assert schema.field("duration").type == pa.float64()
    assert schema.field("has_transcript").type == pa.bool_()
    turn = schema.field("turns").type.value_type
    assert [field.name for field in turn] == list(Turn._fields)
    assert turn.field("start").type == pa.float64()


def test_turns_are_nested(select: Select, call: Conversation, tmp_path: Path) -> None:
    """To the character, in their order; a conversation without turns has an empty list."""
    table = written(select(call, call._replace(turns=())), tmp_path / "x")
    full, empty = table["turns"].to_pylist()
    assert full == [turn._asdict() for turn in call.turns]
    assert empty == []


def test_a_row_a_turn(select: Select, call: Conversation, tmp_path: Path) -> None:
    """With the conversation that it is from."""
    table = written(select(call, call._replace(turns=())), tmp_path / "x", turns=True)
    assert table.column_names == list(TURN_COLUMNS)
    started = datetime(2026, 1, 15, 10, 42, tzinfo=UTC)
    about = {"source": "ayra", "id": call.id, "started_at": started}
    assert table.to_pylist() == [about | turn._asdict() for turn in call.turns]


def test_what_is_any_json_is_text(select: Select, call: Conversation, tmp_path: Path) -> None:
    """As in the archive's own tables; what is missing is null."""
    (row,) = written(select(call), tmp_path / "x").to_pylist()
    assert (row["satisfaction"], row["actions"], row["network"]) == ('{"score":4}', "[]", None)


def test_a_topic_that_is_no_text(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Stands in the list as JSON, and stops nothing."""
    odd: Any = ("billing", 7, {"a": None})
    (row,) = written(select(call._replace(topics=odd)), tmp_path / "x").to_pylist()
    assert row["topics"] == ["billing", "7", '{"a":null}']


@pytest.mark.parametrize("text", ["yesterday", "2026-01-15", "2026-13-01T00:00:00Z", "1/2/26", "?"])
def test_a_time_that_is_none_loses_nothing(
    text: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """The column is null, and the text stands in ``untyped``; the conversation is there."""
    odd = call._replace(started_at=text)
    table = written(select(call, odd), tmp_path / "x")
    assert table["started_at"].to_pylist() == [datetime(2026, 1, 15, 10, 42, tzinfo=UTC), None]
    assert table["untyped"].to_pylist() == [
        None,
        json.dumps({"started_at": text}).replace(": ", ":"),
    ]
    turns = written(select(odd), tmp_path / "turns", turns=True)
    assert turns["started_at"].to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-15T10:42:00.1234567Z", datetime(2026, 1, 15, 10, 42, 0, 123456, UTC)),
        ("2026-01-15T10:42:00+02:00", datetime(2026, 1, 15, 8, 42, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
    ],
)
def test_times(
    text: str, expected: datetime | None, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """In UTC, to the microsecond, as far back as there are dates."""
    table = written(select(call._replace(started_at=text)), tmp_path / "x")
    assert table["started_at"].to_pylist() == [expected]


def test_the_file_says_what_it_is(select: Select, call: Conversation, tmp_path: Path) -> None:
    """The heading of all manifests is in its metadata, and it is compressed with Zstandard."""
    export(select(call, query="refund"), "parquet", tmp_path / "x")
    metadata = pq.read_metadata(tmp_path / "x")
    about = json.loads(metadata.metadata[b"convarchive"])
    assert (about["schema"], about["query"], about["count"]) == (
        "convarchive.export/1",
        "refund",
        1,
    )
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_no_conversations_are_a_table_without_rows(select: Select, tmp_path: Path) -> None:
    """Which has its columns all the same."""
    table = written(select(), tmp_path / "x")
    assert (table.num_rows, table.num_columns) == (0, len(COLUMNS) + 1)


def test_the_same_bytes_each_time(select: Select, call: Conversation, tmp_path: Path) -> None:
    """No clock and no machine is in it."""
    for name in ("a", "b"):
        export(select(call, call), "parquet", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_large_exports_are_written_in_groups(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Rows that would not fit the memory are on the disk before the last has come."""

    def conversations() -> Iterator[tuple[int, Conversation]]:
        for at in range(60):
            turns = (Turn(0, "agent", "agent", f"{at:06}" * 100_000),)
            yield at, call._replace(id=str(at), turns=turns)

    export(
        replace(select(count=60), conversations=conversations), "parquet", tmp_path / "x"
    )  # fmt: skip
    metadata = pq.read_metadata(tmp_path / "x")
    assert metadata.num_rows == 60
    assert metadata.num_row_groups == 5
    assert pq.read_table(tmp_path / "x")["id"].to_pylist() == [str(at) for at in range(60)]


def test_what_broke_off_cannot_be_opened(
    select: Select, call: Conversation, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The standard output gets no footer if anything failed, not even when pyarrow tidies up."""
    with pytest.raises(ConvarchiveError):
        export(select(call, count=2), "parquet", None)
    out = capfdbinary.readouterr().out
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(pa.BufferReader(out))


def test_it_is_not_for_a_terminal(
    select: Select, call: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would show rubbish."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(UsageError, match="not for the screen"):
        export(select(call), "parquet", None)


def test_without_pyarrow_it_is_told_what_to_install(tmp_path: Path) -> None:
    """The extra is named, and nothing is left at the path."""
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from convarchive.export import Selection, export\n"
        "export(Selection('', 'a', 0, lambda: iter(()), lambda key: ()), 'parquet', Path('x'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert "UsageError" in done.stderr
    assert "pip install 'convarchive[parquet]'" in done.stderr
    assert list(tmp_path.iterdir()) == []
