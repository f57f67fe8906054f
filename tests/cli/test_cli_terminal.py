"""On a terminal of 80 columns: nothing is wider, colours help, bars come and go."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from convarchive import Archive
from convarchive.cli import SECTIONS
from convarchive.sandbox import Sandbox

OnTerminal = Callable[..., Any]

CALL = "conv_jmy67pjzlerj"

ON_THE_DEMO = [
    ["search", ""], ["search", "charged"], ["search", "refund", "--facets", "-n", "0"],
    ["search", "language:ja", "-n", "0"], ["search", "language:zh 的", "-n", "0"],
    ["search", "xylophonist"], ["search", "charged", "-t"],
    ["list", "-n", "0"], ["list", "language:ja"], ["list", "-n", "3", "--sort", "longest"],
    ["show", CALL], ["show", CALL, "--at", "0:33"], ["show", "conv_13gua8jrbgtg"],
    ["status"], ["history", CALL], ["problems"], ["source", "list"], ["source", "list", "-t"],
]  # fmt: skip

ON_THE_HOSTILE = [
    ["search", "zebra", "-n", "0"], ["search", "zebra", "--facets"], ["search", "zebra", "-t"],
    ["list"], ["show", "odd_everywhere_1"], ["show", "long_turn_0001"], ["show", "unbroken_0001"],
    ["show", "x" * 120], ["show", "odd_id"], ["status"], ["history", "odd_everywhere_1"],
    ["problems"], ["problems", "-t"],
]  # fmt: skip


def widest(screen: Any) -> int:
    """Columns of the widest line, by rich's own tables."""
    return max(cell_len(line) for line in screen.plain.split("\n"))


@pytest.mark.parametrize("args", ON_THE_DEMO)
def test_not_wider_than_the_screen(
    on_terminal: OnTerminal, synced: Archive, args: list[str]
) -> None:
    """No line of what people look at is wider than 80 columns, whatever the language."""
    screen = on_terminal("-a", synced.directory, *args)
    assert screen.code == 0
    assert widest(screen) <= 80


@pytest.mark.parametrize("args", ON_THE_HOSTILE)
def test_not_even_with_odd_texts(on_terminal: OnTerminal, hostile: Path, args: list[str]) -> None:
    """Long names, unbroken runs, wide characters and controls don't break the lines either."""
    screen = on_terminal("-a", hostile, *args)
    assert screen.code == 0
    assert widest(screen) <= 80


@pytest.mark.parametrize("columns", [80, 100, 60])
def test_other_widths(on_terminal: OnTerminal, synced: Archive, columns: int) -> None:
    """A narrower or a wider screen is used as it is."""
    for args in (["search", "charged"], ["list"], ["show", CALL]):
        screen = on_terminal("-a", synced.directory, *args, columns=columns)
        assert columns - 20 <= widest(screen) <= columns


@pytest.mark.parametrize(
    "name", ["", *(name for commands in SECTIONS.values() for name in commands)]
)
def test_the_help(on_terminal: OnTerminal, name: str) -> None:
    """No line of any help is wider than 80 columns."""
    assert widest(on_terminal(*name.split(), "--help")) <= 80


def test_the_demo(on_terminal: OnTerminal, tmp_path: Path) -> None:
    """Nor is one of the demo, but for the path of the archive, which is not cut."""
    screen = on_terminal("demo", "d")
    lines = [line for line in screen.plain.split("\n") if str(tmp_path) not in line]
    assert screen.code == 0
    assert max(map(cell_len, lines)) <= 80


def test_ids_are_whole(on_terminal: OnTerminal, synced: Archive) -> None:
    """Ids stand whole in a table of 80 columns, so that they can be copied."""
    screen = on_terminal("-a", synced.directory, "list", "-n", "0")
    assert len(set(re.findall(r" (conv_[a-z0-9]{12}) ", screen.plain))) == 126


@pytest.mark.parametrize(
    ("env", "options", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({}, ["--no-color"], False),
        ({"NO_COLOR": "1"}, ["--color"], True),
    ],
)
@pytest.mark.parametrize("args", [["search", "charged"], ["show", "conv_nobody"]])
def test_colours(
    on_terminal: OnTerminal, synced: Archive, env: dict[str, str], options: list[str],
    coloured: bool, args: list[str],
) -> None:  # fmt: skip
    """Unless they are not wanted; in errors as in the rest."""
    screen = on_terminal("-a", synced.directory, *options, *args, env=env)
    assert ("\x1b[" in screen.text) is coloured


def test_colour_is_never_the_only_sign(on_terminal: OnTerminal, synced: Archive) -> None:
    """What is marked by colour is marked without, too."""
    coloured = on_terminal("-a", synced.directory, "show", CALL)
    plain = on_terminal("-a", synced.directory, "show", CALL, env={"NO_COLOR": "1"})
    assert coloured.text != plain.text == coloured.plain
    assert "‹charged›" in on_terminal("-a", synced.directory, "search", "charged").plain


@pytest.mark.slow
def test_bars_on_a_terminal_only(on_terminal: OnTerminal, archive: Archive, cli: Any) -> None:
    """A sync shows how far it is while it runs, leaves one line, and says nothing on a pipe."""
    screen = on_terminal("-a", archive.directory, "sync")
    assert screen.code == 0
    assert "of 126" in screen.text
    assert "━" in screen.text
    assert on_terminal("-q", "-a", archive.directory, "sync", "--full").text == ""
    assert cli("-a", str(archive.directory), "sync", "--full").stderr == ""


@pytest.mark.slow
def test_what_is_waited_for_is_told(
    on_terminal: OnTerminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of the bar stands until when it waits, and for what."""
    with Sandbox(count=6, rate_limit=5, rate_window=3) as sandbox:
        monkeypatch.setenv("AYRA_API_KEY", sandbox.key)
        source = ("--source", "ayra", "--base-url", sandbox.base_url)
        assert on_terminal("init", "calls", *source).code == 0
        screen = on_terminal("-a", "calls", "sync", "--no-recordings")
    assert screen.code == 0
    assert re.search(r"ayra until \d\d:\d\d:\d\d: the vendor's rate limit", screen.plain)


def test_as_a_process_of_its_own(synced: Archive) -> None:
    """The same under `script`, as a terminal that is the program's own."""
    if shutil.which("script") is None:
        pytest.skip("there is no script(1) here")
    line = shlex.join([sys.executable, "-m", "convarchive", "-a", str(synced.directory), "list"])
    done = subprocess.run(
        ["script", "-qec", f"stty cols 80; {line}", "/dev/null"], capture_output=True, text=True
    )
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) > 20
    assert max(cell_len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines) <= 80
    assert "\x1b[" in done.stdout
