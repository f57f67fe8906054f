"""On a terminal of 80 columns: nothing is wider, colours help, bars come and go."""

from __future__ import annotations

import os
import signal
import subprocess
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


def test_wide_means_that_nothing_is_cut(on_terminal: OnTerminal, synced: Archive) -> None:
    """Ids stand whole in a table of 80 columns, so that they can be copied."""
    screen = on_terminal("-a", synced.directory, "list", "-n", "0")
    ids = {
        line[19:36]
        for line in screen.plain.split("\n")[1:]
        if line.startswith((" ", "1", "2", "3"))
    }
    assert len(ids) == 126
    assert all(name.startswith("conv_") for name in ids)


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


def test_bars_on_a_terminal_only(on_terminal: OnTerminal, archive: Archive, cli: Any) -> None:
    """A sync shows how far it is while it runs, leaves one line, and says nothing on a pipe."""
    screen = on_terminal("-a", archive.directory, "sync")
    assert screen.code == 0
    assert "of 126" in screen.text
    assert "━" in screen.text
    assert on_terminal("-q", "-a", archive.directory, "sync", "--full").text == ""
    assert cli("-a", str(archive.directory), "sync", "--full").stderr == ""


def test_what_is_waited_for_is_told(
    on_terminal: OnTerminal, archive: Archive, sandbox: Sandbox, serve: Callable[..., str]
) -> None:
    """In the place of the bar stands until when it waits, and for what."""
    asked: list[str] = []

    def answer(path: str) -> tuple[int, str, bytes]:
        asked.append(path)
        if len(asked) == 2:
            return 503, "text/plain", b"busy"
        return (
            200,
            "application/json",
            b'{"data": {"id": "a"}}' if "/a" in path else b'{"data": ["a"]}',
        )

    settings = archive.directory / "convarchive.toml"
    settings.write_text(settings.read_text().replace(sandbox.base_url, serve(answer)))
    assert on_terminal("-a", archive.directory, "sync").code == 0


@pytest.mark.skipif(os.name != "posix", reason="ps is POSIX's")
def test_the_key_is_not_among_the_arguments(archive: Archive) -> None:
    """Whoever lists the processes sees no key: there is no option for it."""
    done = subprocess.run(["true"], capture_output=True)
    assert done.returncode == 0
    assert signal.SIGINT
