"""The help, by introspection: every command, every option, every example."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import convarchive.cli
from convarchive.cli import SECTIONS
from convarchive.cli import cli as root

Run = Callable[..., Any]


def every_command() -> Iterator[click.Context]:
    """The context of every command, the program itself first."""
    contexts = [click.Context(root, info_name="convarchive", **root.context_settings)]
    for context in contexts:
        yield context
        if isinstance(context.command, click.Group):
            for name in context.command.list_commands(context):
                command = context.command.get_command(context, name)
                assert command is not None, name
                contexts.append(
                    click.Context(command, context, info_name=name, **command.context_settings)
                )


COMMANDS = {context.command_path: context for context in every_command()}

every = pytest.mark.parametrize("path", COMMANDS)


def paragraphs(path: str) -> list[str]:
    """The help of a command by paragraph, as a terminal of 80 columns has it."""
    context = COMMANDS[path]
    context.terminal_width = 80
    return [
        paragraph.strip("\n") for paragraph in context.get_help().split("\n\n") if paragraph.strip()
    ]


def test_there_are_many() -> None:
    """The tree is walked whole: the program, its commands, and those within `source`."""
    assert len(COMMANDS) >= 21
    assert "convarchive source test" in COMMANDS


def test_every_module_is_a_command() -> None:
    """Each module that holds a command is listed in a section, and each listed one is there."""
    folder = Path(convarchive.cli.__file__).parent
    modules = {
        path.stem for path in folder.glob("*.py") if "@click.command(" in path.read_text("utf-8")
        or "@click.group(" in path.read_text("utf-8")
    } - {"__init__"}  # fmt: skip
    listed = [name for commands in SECTIONS.values() for name in commands]
    assert sorted(listed) == sorted(modules)


def test_the_sections() -> None:
    """Commands are listed by what one wants."""
    assert list(SECTIONS) == ["Collect", "Find", "Hand over", "Keep"]
    shown = root.get_help(COMMANDS["convarchive"])
    places = [shown.index(f"\n{section}:\n") for section in SECTIONS]
    assert places == sorted(places)


@every
def test_begins_with_examples(path: str) -> None:
    """Usage, one sentence, then examples; all else comes after them."""
    usage, sentence, first, *_ = paragraphs(path)
    assert usage.startswith(f"Usage: {path} ")
    assert sentence.strip().endswith(".")
    assert len(sentence.splitlines()) <= 2
    assert first.strip().startswith("convarchive ")


@every
def test_the_examples_are_taken(path: str) -> None:
    """Each command line in the help names a command, and options and values that it takes."""
    typed = [
        part.strip()
        for line in paragraphs(path)[2].splitlines()
        for part in re.split(r"&&|\||\s>\s|\s{3,}", line)
        if part.strip().startswith("convarchive ")
    ]
    assert typed
    for line in typed:
        command, context, words = root, COMMANDS["convarchive"], shlex.split(line)[1:]
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name, found, words = command.resolve_command(context, words)
            assert found is not None
            command, context = found, click.Context(found, context, info_name=name)
        command.make_context(command.name, words, parent=context.parent)


@every
def test_every_option_has_help(path: str) -> None:
    """No option goes without a word."""
    for parameter in COMMANDS[path].command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help[0].isupper() or parameter.help.startswith(("jsonl", "csv"))


@every
def test_every_option_has_a_variable(path: str) -> None:
    """Every option can be given by an environment variable that begins with CONVARCHIVE."""
    context = COMMANDS[path]
    for parameter in context.command.params:
        if isinstance(parameter, click.Option) and parameter.expose_value:
            automatic = f"{context.auto_envvar_prefix}_{parameter.name}".upper()
            assert str(parameter.envvar or automatic).startswith("CONVARCHIVE_")
            assert parameter.allow_from_autoenv


@every
def test_every_option_is_used_under_its_name(path: str) -> None:
    """No two options of a command share a flag."""
    flags = [
        flag
        for parameter in COMMANDS[path].command.params
        if isinstance(parameter, click.Option)
        for flag in (*parameter.opts, *parameter.secondary_opts)
    ]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize(
    "command", ["search", "list", "history", "coverage", "problems", "source list"]
)
def test_row_commands_share_their_options(command: str) -> None:
    """Whoever knows the forms of one command knows those of all."""
    flags = {
        flag
        for parameter in COMMANDS[f"convarchive {command}"].command.params
        for flag in parameter.opts
    }
    assert flags >= {
        "--json", "--jsonl", "--nl", "--csv", "--tsv", "-t", "--table", "--ids", "-n", "--limit",
    }  # fmt: skip


@every
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_asked_for(run: Run, path: str, flag: str) -> None:
    """``-h`` is ``--help``: on the standard output, exit code 0, without an archive."""
    ran = run(*path.split()[1:], flag)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {path} ")
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("group", ["convarchive", "convarchive source"])
def test_without_a_command(run: Run, group: str) -> None:
    """It is wrong usage, and the help is what helps: on the standard error."""
    ran = run(*group.split()[1:])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Usage: {group} ")


def test_the_nearest_command(run: Run) -> None:
    """A slip in a command's name is answered with the name."""
    ran = run("serach", "refund")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean search?" in ran.err
