"""Bars on a terminal, and silence elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from convarchive.cli.app import App
from convarchive.cli.screen import clock

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

Tell = Callable[[int, int], None]


@contextlib.contextmanager
def bar(app: App, what: str) -> Iterator[Tell]:
    """A bar that is told how much is done, and of how much."""
    with bars(app) as progress:
        if progress is None:
            yield lambda _done, _total: None
            return
        task = add(progress, what)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def add(progress: Progress, what: str) -> TaskID:
    """One more bar."""
    return progress.add_task(what, total=None, waiting="")


@contextlib.contextmanager
def bars(app: App) -> Iterator[Progress | None]:
    """Bars with rate and time left on a terminal; None where nobody would see them.

    While a task's field ``waiting`` says what it waits for, that stands in the place of its bar.
    """
    if app.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn
    from rich.text import Text

    class Bar(BarColumn):
        def render(self, task: Task) -> Any:
            waiting = task.fields["waiting"]
            return Text(waiting, no_wrap=True) if waiting else super().render(task)

    class Pace(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.fields["waiting"] else _pace(task), no_wrap=True)

    class Done(ProgressColumn):
        def render(self, task: Task) -> Text:
            of = "" if task.total is None else f" of {task.total:,.0f}"
            return Text(f"{task.completed:,.0f}{of}", no_wrap=True)

    with Progress(
        "{task.description}", Bar(), Done(), Pace(), console=Console(stderr=True), transient=True
    ) as progress:
        yield progress


def _pace(task: Task) -> str:
    """``120/s  0:07 left``, as far as it is known."""
    parts = [
        f"{task.speed:,.0f}/s" if task.speed else "",
        f"{clock(task.time_remaining)} left" if task.time_remaining is not None else "",
    ]
    return "  ".join(part for part in parts if part)
