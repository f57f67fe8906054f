"""Rows, in the form that was asked for: the same options for every command that has some.

JSON documents carry their schema; fields are added to them, never renamed or removed. CSV guards
its cells against spreadsheets that would run them as formulas, as the CSV export does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import click

from convarchive.cli import screen
from convarchive.transcripts.plain import plain

Command = TypeVar("Command", bound=Callable[..., Any])

FORMS = ("json", "jsonl", "csv", "tsv", "table", "ids")

# JSON leaves these as they are, and terminals obey them.
_ESCAPED = {
    code: f"\\u{code:04x}"
    for code in (*range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}


class Column(NamedTuple):
    """A column of the table."""

    name: str
    """The row's field."""
    head: str
    right: bool = False
    least: int = 8
    """Columns of the screen that it keeps when there is too little room."""
    optional: bool = False
    """Whether it is left out, if it comes last, where there is not even that much."""


def row_options(limit: int) -> Callable[[Command], Command]:
    """The options of a row command, which gets ``form`` and ``limit``; 0 is no limit."""
    options = [
        click.option("--json", "form", flag_value="json", help="One JSON document."),
        click.option("--jsonl", "--nl", "form", flag_value="jsonl", help="One JSON object a line."),
        click.option("--csv", "form", flag_value="csv", help="Comma-separated values."),
        click.option("--tsv", "form", flag_value="tsv", help="Tab-separated values."),
        click.option("-t", "--table", "form", flag_value="table", help="A table."),
        click.option("--ids", "form", flag_value="ids", help="The ids alone."),
        click.option(
            "-n", "--limit", default=limit, show_default=True, type=click.IntRange(min=0),
            metavar="N", help="At most so many rows; 0 for all.",
        ),
    ]  # fmt: skip

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def write_rows(
    form: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    document: Callable[[list[Mapping[str, Any]]], Mapping[str, Any]],
    columns: Sequence[Column],
) -> None:
    """Write rows to the standard output.

    Args:
        form: One of `FORMS`.
        rows: Each with all of its fields; those of a table's columns as short texts, too.
        document: Puts the rows into their JSON document.
        columns: Of the table.
    """
    if form == "json":
        write_json(document(list(rows)))
    elif form == "jsonl":
        for row in rows:
            click.echo(dumped(row))
    elif form == "ids":
        for row in rows:
            click.echo(screen.one_line(str(row["id"])))
    elif form == "table":
        _write_table(list(rows), columns)
    else:
        _write_separated(rows, form)


def write_json(document: Mapping[str, Any]) -> None:
    """Write a JSON document, indented for people."""
    click.echo(dumped(document, indent=2))


def dumped(value: Any, indent: int | None = None) -> str:
    """JSON that no terminal obeys."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return text if text.isascii() else text.translate(_ESCAPED)


def _write_separated(rows: Iterable[Mapping[str, Any]], form: str) -> None:
    import csv

    from convarchive.export.csv import guarded

    writer = None
    for row in rows:
        cells = {name: _cell(value) for name, value in row.items() if name != "turns"}
        if form == "tsv":
            cells = {name: str(cell).translate(_SPACES) for name, cell in cells.items()}
        else:
            cells = {n: guarded(c) if isinstance(c, str) else c for n, c in cells.items()}
        if writer is None:
            writer = csv.DictWriter(
                sys.stdout,
                list(cells),
                delimiter="\t" if form == "tsv" else ",",
                lineterminator="\n" if form == "tsv" else "\r\n",
                quoting=csv.QUOTE_NONE if form == "tsv" else csv.QUOTE_MINIMAL,
                quotechar=None if form == "tsv" else '"',
            )
            writer.writeheader()
        writer.writerow(cells)


_SPACES = str.maketrans("\t\n\r", "   ")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else dumped(value)
    # Through a pipe it may reach a terminal yet; who wants the true text takes the JSON.
    return plain(text, show_bidi=True)


def _write_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
    if not rows:
        return
    cells = [[screen.one_line(_shown(row[column.name])) for column in columns] for row in rows]
    widths = [
        max(screen.width(column.head), *(screen.width(line[at]) for line in cells))
        for at, column in enumerate(columns)
    ]
    columns = _fitting(columns, widths, screen.columns())
    widths = widths[: len(columns)]
    room = screen.columns()
    _squeeze(widths, columns, room)
    head = _line([column.head for column in columns], widths, columns)
    click.echo(click.style(screen.cut(head, room), dim=True))
    for line in cells:
        click.echo(screen.cut(_line(line[: len(columns)], widths, columns), room))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return (
        value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else str(value)
    )


def _fitting(columns: Sequence[Column], widths: Sequence[int], room: int) -> Sequence[Column]:
    """The columns without the last ones that are optional and have no room."""
    needed = [min(width, column.least) + 2 for width, column in zip(widths, columns, strict=True)]
    many = len(columns)
    while columns[many - 1].optional and sum(needed[:many]) - 2 > room:
        many -= 1
    return columns[:many]


def _squeeze(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Take from the widest what is too much, the last column first among equals."""
    while sum(widths) + 2 * (len(widths) - 1) > room:
        spare = [widths[at] - column.least for at, column in enumerate(columns)]
        if max(spare) <= 0:
            return
        widest = max(range(len(widths)), key=lambda at: (spare[at], at))
        widths[widest] -= 1


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    parts = (
        screen.padded(cell, width, right=column.right)
        for cell, width, column in zip(cells, widths, columns, strict=True)
    )
    return "  ".join(parts).rstrip()
