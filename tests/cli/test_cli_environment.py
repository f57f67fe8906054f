"""What surrounds a command: where it finds its archive, variables for options, pipes, colours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from convarchive import Archive
from convarchive.cli import cli as commands

Cli = Callable[..., Any]
Run = Callable[..., Any]

PROGRAM = [sys.executable, "-m", "convarchive"]


def every_option() -> Iterator[tuple[click.Context, click.Option]]:
    """Every option of every command, with the command's context."""
    stack = [click.Context(commands, info_name="convarchive", **commands.context_settings)]
    while stack:
        context = stack.pop()
        for parameter in context.command.params:
            if isinstance(parameter, click.Option) and parameter.expose_value:
                yield context, parameter
        if isinstance(context.command, click.Group):
            for name in context.command.list_commands(context):
                command = context.command.get_command(context, name)
                assert command is not None
                stack.append(click.Context(command, context, info_name=name))


class TestWhereTheArchiveIs:
    """By option, by variable, above, at home."""

    def test_the_option(self, run: Run, synced: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        """``--archive`` comes before the variable."""
        monkeypatch.setenv("CONVARCHIVE_DIR", "/nowhere")
        for option in ("-a", "--archive"):
            assert run(option, synced.directory, "path").out == f"{synced.directory}\n"

    def test_the_variable(self, run: Run, synced: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        """``CONVARCHIVE_DIR`` comes before the archive one stands in."""
        run("init")
        monkeypatch.setenv("CONVARCHIVE_DIR", str(synced.directory))
        assert run("path").out == f"{synced.directory}\n"

    def test_the_nearest_above(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """From within an archive, or anywhere below it, the nearest is meant."""
        (tmp_path / "outer/inner/below/deep").mkdir(parents=True)
        for name in ("outer", "outer/inner"):
            assert run("init", name).code == 0
        for place in ("outer/inner/below/deep", "outer/inner"):
            monkeypatch.chdir(tmp_path / place)
            assert run("path").out == f"{tmp_path / 'outer/inner'}\n"
        monkeypatch.chdir(tmp_path / "outer")
        assert run("path").out == f"{tmp_path / 'outer'}\n"

    def test_at_home(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there is none above, the one in the user's data is meant."""
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
        assert run("path").code == 6
        from convarchive.cli.app import default_directory

        assert run("init", default_directory()).code == 0
        monkeypatch.chdir(tmp_path)
        assert run("path").out == f"{default_directory()}\n"

    def test_an_empty_variable_is_none(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """``CONVARCHIVE_DIR=`` is as if it were not set."""
        run("init")
        monkeypatch.setenv("CONVARCHIVE_DIR", "")
        assert run("path").code == 0


class TestVariablesForOptions:
    """Every option can be given by an environment variable."""

    def test_every_option_has_one(self) -> None:
        """By introspection: each names a variable that begins with CONVARCHIVE."""
        options = list(every_option())
        assert len(options) > 60
        for context, option in options:
            variable = option.envvar or f"{context.auto_envvar_prefix}_{option.name}".upper()
            assert str(variable).startswith("CONVARCHIVE_")
            assert option.allow_from_autoenv

    @pytest.mark.parametrize(
        ("variable", "value", "args", "same"),
        [
            ("SEARCH_LIMIT", "3", ["search", "charged", "--ids"], ["-n", "3"]),
            ("SEARCH_FORM", "ids", ["search", "charged"], ["--ids"]),
            ("SEARCH_FORM", "jsonl", ["search", "charged"], ["--jsonl"]),
            ("SEARCH_SORT", "oldest", ["search", "charged", "--json"], ["--sort", "oldest"]),
            ("SEARCH_OFFSET", "2", ["search", "charged", "--ids"], ["--offset", "2"]),
            ("SEARCH_COUNT", "1", ["search", "charged"], ["--count"]),
            ("SEARCH_FACETS", "true", ["search", "charged", "--json"], ["--facets"]),
            ("LIST_LIMIT", "4", ["list"], ["-n", "4"]),
            ("EXPORT_FORM", "csv", ["export", "language:ja"], ["--format", "csv"]),
            ("SHOW_FORM", "srt", ["show", "conv_jmy67pjzlerj"], ["--format", "srt"]),
            ("STATUS_AS_JSON", "1", ["status"], ["--json"]),
        ],
    )
    def test_some_of_them(
        self, find: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str,
        args: list[str], same: list[str],
    ) -> None:  # fmt: skip
        """The variable does what the option does, and something."""
        without = find(*args)
        expected = find(*args, *same)
        monkeypatch.setenv(f"CONVARCHIVE_{variable}", value)
        assert find(*args) == expected != without

    def test_the_option_comes_first(self, find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is typed comes before what is in the environment."""
        monkeypatch.setenv("CONVARCHIVE_SEARCH_LIMIT", "1")
        monkeypatch.setenv("CONVARCHIVE_SEARCH_FORM", "json")
        assert len(find("search", "charged", "-n", "3", "--ids").out.split()) == 3

    def test_the_zone(self, find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """``CONVARCHIVE_UTC`` is ``--utc``, before the command and behind it."""
        expected = find("list").out
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        import time

        time.tzset()
        try:
            assert find("list").out != expected
            assert find("list", "--utc").out == expected
            monkeypatch.setenv("CONVARCHIVE_UTC", "1")
            assert find("list").out == expected
        finally:
            monkeypatch.setenv("TZ", "UTC")
            time.tzset()

    def test_a_wrong_value(self, find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable's value is checked like an option's."""
        monkeypatch.setenv("CONVARCHIVE_LIST_LIMIT", "many")
        ran = find("list")
        assert ran.code == 2
        assert "--limit" in ran.err


class TestPipes:
    """Data on the standard output; a reader that has enough is no error."""

    @pytest.mark.parametrize(
        "args",
        [["search", "", "-n", "0"], ["search", "", "-n", "0", "--jsonl"], ["list", "-n", "0", "--csv"],
         ["list", "-n", "0", "--json"], ["export"], ["show", "conv_jmy67pjzlerj"], ["status"], ["-h"]],
    )  # fmt: skip
    @pytest.mark.parametrize("taken", [0, 100])
    def test_a_closed_pipe_is_quiet(self, synced: Archive, args: list[str], taken: int) -> None:
        """As with ``| head``: no words, no trace, and exit code 0."""
        process = subprocess.Popen(
            [*PROGRAM, "-q", "-a", str(synced.directory), *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(taken)
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(60) == 0

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
    @pytest.mark.parametrize("args", [["list", "--json"], ["search", "a"], ["export"], ["path"]])
    def test_a_full_disk_behind_it(self, synced: Archive, args: list[str]) -> None:
        """What can't be written is no success, and is told in a sentence."""
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*PROGRAM, "-q", "-a", str(synced.directory), *args],
                stdout=full, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert done.returncode == 1
        assert "No room is left" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.skipif(os.name != "posix", reason="by a POSIX shell")
    @pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)])
    def test_no_streams_at_all(self, synced: Archive, closed: str, code: int) -> None:
        """Without a standard output or error there is nothing to say, and no trouble."""
        line = f'"$0" -m convarchive -a "$1" search refund {closed}'
        done = subprocess.run(
            ["sh", "-c", line, sys.executable, str(synced.directory)], capture_output=True
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stderr

    def test_utf8_always(self, cli: Cli, synced: Archive) -> None:
        """Whatever the locale says, the output is UTF-8."""
        done = cli(
            "-a", str(synced.directory), "search", "language:ja", "--json",
            env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        )  # fmt: skip
        assert done.returncode == 0
        assert "円" in done.stdout


def test_as_a_module(cli: Cli, synced: Archive) -> None:
    """``python -m convarchive`` is the program, and calls itself by its name."""
    done = cli("-h")
    assert done.stdout.startswith("Usage: convarchive ")
    found = cli("-a", str(synced.directory), "search", "charged", "--json")
    assert json.loads(found.stdout)["total"] == 11


def test_the_version(cli: Cli) -> None:
    """``--version`` is the package's."""
    from convarchive import __version__

    assert cli("--version").stdout == f"convarchive {__version__}\n"


@pytest.mark.parametrize(
    ("env", "options", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": ""}, [], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
        ({"NO_COLOR": "1"}, ["--color"], True),
    ],
)
@pytest.mark.parametrize("args", [["search", "charged"], ["show", "conv_nobody"], ["status"]])
def test_colours_on_a_pipe(
    cli: Cli, synced: Archive, env: dict[str, str], options: list[str], coloured: bool,
    args: list[str],
) -> None:  # fmt: skip
    """None, unless they are forced; in errors as in the rest."""
    done = cli("-a", str(synced.directory), *options, *args, env=env)
    assert ("\x1b[" in done.stdout + done.stderr) is coloured
