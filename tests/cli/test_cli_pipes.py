"""As a process among others: pipes, closed and full streams, encodings, colours, the module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Cli = Callable[..., Any]

PROGRAM = [sys.executable, "-m", "convarchive"]


@pytest.mark.parametrize(
    "args",
    [["search", "", "-n", "0"], ["search", "", "-n", "0", "--jsonl"], ["list", "-n", "0", "--csv"],
     ["list", "-n", "0", "--json"], ["export"], ["show", "conv_jmy67pjzlerj"], ["status"], ["-h"]],
)  # fmt: skip
@pytest.mark.parametrize("taken", [0, 100])
def test_a_closed_pipe_is_quiet(synced: Archive, args: list[str], taken: int) -> None:
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
def test_a_full_disk_behind_it(synced: Archive, args: list[str]) -> None:
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
def test_no_streams_at_all(synced: Archive, closed: str, code: int) -> None:
    """Without a standard output or error there is nothing to say, and no trouble."""
    line = f'"$0" -m convarchive -a "$1" search refund {closed}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, str(synced.directory)], capture_output=True
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_utf8_always(cli: Cli, synced: Archive) -> None:
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
