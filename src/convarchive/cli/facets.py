"""What the hits have in common, for the eye."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from convarchive.cli import screen

Facets = Mapping[str, Sequence[tuple[str, int]]]

SHOWN = 10

_WIDEST = 80
_LABEL = 11
_SIDE_BY_SIDE = 3


def write(counted: Facets) -> None:
    """The top values of each, in columns."""
    room = (min(screen.columns(), _WIDEST) - _LABEL) // _SIDE_BY_SIDE - 2
    numbers = [f"{number:,}" for values in counted.values() for _, number in values[:SHOWN]]
    count = max(map(len, numbers), default=0)
    for name, values in counted.items():
        label = screen.padded(name, _LABEL)
        for line in _lines(values, max(12, room), count):
            click.echo(click.style(label, dim=True) + line)
            label = " " * _LABEL


def _lines(values: Sequence[tuple[str, int]], room: int, count: int) -> Iterator[str]:
    cells = [
        screen.padded(screen.one_line(value) or "(empty)", room - count - 1)
        + f" {number:>{count},}"
        for value, number in values[:SHOWN]
    ]
    if more := len(values) - SHOWN:
        cells += [click.style(f"and {more:,} more", dim=True)] if more > 0 else []
    for at in range(0, len(cells), _SIDE_BY_SIDE):
        yield "  ".join(cells[at : at + _SIDE_BY_SIDE]).rstrip()
