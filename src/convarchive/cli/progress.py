"""Bars on a terminal, and silence elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from convarchive.cli.app import App

if TYPE_CHECKING:
    from rich.progress import Progress

Tell = Callable[[int, int], None]


@contextlib.contextmanager
def bar(app: App, what: str) -> Iterator[Tell]:
    """A bar that is told how much is done, and of how much."""
    with bars(app) as progress:
        if progress is None:
            yield lambda _done, _total: None
            return
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextlib.contextmanager
def bars(app: App) -> Iterator[Progress | None]:
    """Bars with rate and time left on a terminal; None where nobody would see them."""
    if app.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    ) as progress:  # fmt: skip
        yield progress
