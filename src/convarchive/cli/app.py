"""What every command shares: which archive, how chatty, in which zone, and how an error is told."""

from __future__ import annotations

import os
import sys
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, NamedTuple

import click

from convarchive.errors import ConvarchiveError, NotFound, QueryError, UsageError

if TYPE_CHECKING:
    from convarchive.archive import Archive

_FILES = ("convarchive.toml", "archive.db")


class Group(click.Group):
    """Commands within a command; without any, it shows its help as what is missing."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What stands behind the command's name."""
        if not args:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(UsageError.exit_code)
        return super().parse_args(ctx, args)


class App(NamedTuple):
    """The options before the command."""

    directory: str | None
    quiet: bool
    verbose: int
    utc: bool

    @property
    def zone(self) -> tzinfo | None:
        """In which dates are read and shown; None for the machine's own."""
        return UTC if self.utc else None

    def open(self, *, write: bool = False) -> Archive:
        """The archive that is meant.

        Args:
            write: Whether one of an earlier version is to be brought up to date.

        Raises:
            NotFound: There is none.
        """
        from convarchive.archive import Archive

        return Archive.open(self.locate(), self.zone, write=write)

    def locate(self) -> str:
        """Where the archive is: as told, else the nearest above, else in the user's data.

        Raises:
            NotFound: Nothing is told, and none is there.
        """
        if self.directory:
            return self.directory
        here = os.getcwd()  # noqa: PTH109 - pathlib is not loaded yet
        while True:
            if all(os.path.exists(os.path.join(here, name)) for name in _FILES):  # noqa: PTH110, PTH118
                return here
            above = os.path.dirname(here)  # noqa: PTH120
            if above == here:
                break
            here = above
        at_home = default_directory()
        if os.path.exists(os.path.join(at_home, _FILES[0])):  # noqa: PTH110, PTH118
            return at_home
        raise NotFound(
            "There is no archive here.",
            f"None in this directory or above it, and none in {at_home}.",
            "Make one: convarchive init, or name it: --archive DIR, or try: convarchive demo",
        )

    def say(self, message: str = "") -> None:
        """Tell the user something that isn't data."""
        if not self.quiet:
            click.echo(message, err=True)


def default_directory() -> str:
    """Where a user's archive is when nothing is said."""
    from platformdirs import user_data_dir

    return user_data_dir("convarchive", appauthor=False)


def failed(error: ConvarchiveError, color: bool | None = None) -> None:
    """Say what went wrong: one sentence what, one why, one what to do next.

    Args:
        error: What went wrong.
        color: Whether in colours; None leaves it to the command's context, or the terminal.
    """
    from convarchive.cli import screen

    room = screen.columns(sys.stderr) - 2
    name = click.style("convarchive:", fg="red")
    what = "\n  ".join(screen.wrapped(screen.one_line(f"convarchive: {error.what}"), room))
    click.echo(what.replace("convarchive:", name, 1), err=True, color=color)
    if isinstance(error, QueryError):
        click.echo(_pointed_at(error), err=True)
    for text in (error.why, error.hint):
        for line in screen.wrapped(screen.one_line(text), room) if text else ():
            click.echo(f"  {line}", err=True)


def unkept(archive: Archive) -> int:
    """Say what of the evidence could not be kept of what was done; the exit code for that."""
    if archive.unkept is None:
        return 0
    failed(archive.unkept)
    return archive.unkept.exit_code


def _pointed_at(error: QueryError) -> str:
    """The query with carets under the place."""
    from convarchive.cli.screen import one_line, width

    before = one_line(error.query[: error.column])
    at = one_line(error.query[error.column : error.column + error.length])
    after = one_line(error.query[error.column + error.length :])
    return f"  {before}{at}{after}\n  {' ' * width(before)}{'^' * max(1, width(at))}"
