"""The command line: one module a command, named after it, with no logic of its own.

This module is the frame around all of them: what is loaded when, how an error is told, and which
exit code it has. A command's module is imported when it is called, so that a search, which is a
fresh process each time, does not wait for the parts that it doesn't use.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import TextIO

import click

from convarchive.cli.app import App, Group, failed
from convarchive.errors import ConvarchiveError, DiskFull, UsageError

SECTIONS = {
    "Collect": {
        "init": "Make an archive.",
        "source": "The accounts that it mirrors.",
        "sync": "Fetch what is new or has changed.",
        "import": "Take in files: exports, vCons, transcripts.",
        "sandbox": "A small Ayra API on this machine, to try things with.",
        "demo": "All of it in a minute: no key, no network.",
    },
    "Find": {
        "search": "Find conversations by what was said.",
        "list": "List conversations.",
        "show": "Show one conversation.",
        "history": "What has changed in one conversation.",
        "stats": "How many, how long: by month, agent, topic and so on.",
        "alert": "Act on each new match of a saved search.",
    },
    "Hand over": {
        "export": "Write conversations to files.",
        "redact": "See what a redacted export hides.",
        "dsar": "Everything about one person, to be handed to them.",
    },
    "Keep": {
        "status": "How the archive is, on one screen.",
        "coverage": "Is it all there: listed, stored, missing, by month.",
        "problems": "What could not be stored, and why.",
        "verify": "Is it whole, and is it what was stored?",
        "checkpoint": "Sign the archive as it is, to prove it later.",
        "proof": "Prove to anybody that a conversation is what was stored.",
        "hold": "Legal holds: what must not be destroyed.",
        "retention": "For how long what is kept, and destroying what is due.",
        "erase": "Erase conversations for good.",
        "log": "What was done to the archive, and who read what.",
        "backup": "Copy the archive while it is in use.",
        "reindex": "Make the search index anew.",
        "rebuild": "Make the tables anew from the vendor's bytes.",
        "path": "Where the archive is.",
    },
}
"""Every command by what one wants, with its line in the help."""

INTERRUPTED = 130

QUERYING = ("search", "list", "stats", "export", "redact")
"""Commands that take a query."""


class Commands(Group):
    """Loads a command's module when the command is called; the help needs none of them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, in the order of the help."""
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name."""
        if name not in self.list_commands(_ctx):
            return None
        from importlib import import_module

        module = import_module(f"convarchive.cli.{name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant, or the nearest name."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                # Not by list(): here that is the module of this name, once it is loaded.
                formatter.write_dl([*commands.items()], col_max=12)


@click.command(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "CONVARCHIVE",
        "max_content_width": 100,
    },
)
@click.option(
    "-a", "--archive", "directory", metavar="DIR", envvar="CONVARCHIVE_DIR",
    help="The archive. Else CONVARCHIVE_DIR, else the nearest one above this directory, else the"
    " one in your user data.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say only what is asked for, and errors.")
@click.option("-v", "--verbose", count=True, help="Say more; -vv shows where an error came from.")
@click.option("--utc", is_flag=True, help="Read and show dates in UTC.")
@click.option("--color/--no-color", default=None, help="Colours; on by default on a terminal.")
@click.version_option(package_name="convarchive", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    directory: str | None,
    quiet: bool,
    verbose: int,
    utc: bool,
    color: bool | None,
) -> None:
    """Keep, find and hand over the phone conversations of AI voice agents.

    \b
    convarchive demo                                  see it work
    convarchive init --source ayra && convarchive sync
    convarchive search 'customer:"charged twice" since:2026-01'
    """
    ctx.obj = App(directory, quiet, verbose, utc)
    ctx.color = _color(color)


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    code = run(sys.argv[1:] if args is None else args)
    if code == INTERRUPTED:
        # Not by sys.exit, which would wait for requests that are under way in other threads.
        sys.stderr.flush()
        os._exit(code)
    # Python looks through all objects for cycles before it ends, a tenth of a search's time.
    gc.freeze()
    sys.exit(code)


def run(args: list[str]) -> int:
    """Run the command line; its exit code."""
    _prepare_streams()
    verbose = sum(arg.count("v") for arg in args if arg in ("-v", "-vv", "-vvv", "--verbose"))
    try:
        code = cli.main(args, prog_name="convarchive", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # the latter is what click makes of the former
        # Whoever read has enough. What is still buffered must not complain at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("convarchive: Interrupted. Run it again to go on.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort, and no traceback unless asked for
        if verbose > 1:
            import traceback

            traceback.print_exc()
        told = _as_ours(error)
        failed(told, _color(_asked_color(args)))
        return told.exit_code
    return code if isinstance(code, int) else 0


def _as_ours(error: Exception) -> ConvarchiveError:
    """Any error in words made for people."""
    if isinstance(error, ConvarchiveError):
        return error
    if isinstance(error, click.ClickException):
        return _wrong_usage(error)
    if isinstance(error, OSError) and error.strerror:
        if error.errno == errno.ENOSPC:
            return DiskFull("No room is left.", "", "Make room, then run the same command again.")
        place = f"{error.filename}: " if error.filename else ""
        return ConvarchiveError(f"The system refuses: {place}{error.strerror}.")
    return _unexpected(error)


def _wrong_usage(error: click.ClickException) -> UsageError:
    command = getattr(getattr(error, "ctx", None), "command_path", "convarchive")
    why = ""
    if isinstance(error, click.NoSuchOption) and command.split()[-1] in QUERYING:
        why = f"A query that begins with - stands after --: {command} -- '-voicemail'"
    return UsageError(error.format_message(), why, f"See: {command} --help")


def _unexpected(error: Exception) -> ConvarchiveError:
    return ConvarchiveError(
        "Something went wrong that should not.",
        f"{type(error).__name__}: {error}",
        "The archive is as it was. With -vv the same command says where; please report that.",
    )


def _asked_color(args: list[str]) -> bool | None:
    """What was said on the command line, for errors that come when its context is gone."""
    said = {"--color": True, "--no-color": False}
    return next((said[arg] for arg in reversed(args) if arg in said), None)


def _color(asked: bool | None) -> bool | None:
    """https://no-color.org and https://force-color.org; None leaves it to the terminal."""
    if asked is not None:
        return asked
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return None


def _prepare_streams() -> None:
    """Speak UTF-8; where a stream is closed (``>&-``), say nothing."""
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123
            continue
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
