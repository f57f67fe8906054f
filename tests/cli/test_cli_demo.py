"""``demo``: all of it in a minute, without key or network."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Where a demo was run, and what it said."""
    import subprocess
    import sys

    place = tmp_path_factory.mktemp("demo")
    env = {name: value for name, value in os.environ.items() if "KEY" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "convarchive", "demo"],
        capture_output=True, text=True, encoding="utf-8", cwd=place,
        env=env | {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
                   "no_proxy": "127.0.0.1"},
    )  # fmt: skip
    return place, done


def test_it_works(demo: tuple[Path, Any]) -> None:
    """It ends well, with nothing on the standard error."""
    _, done = demo
    assert (done.returncode, done.stderr) == (0, "")


def test_it_shows_the_four_steps(demo: tuple[Path, Any]) -> None:
    """Mirror, find, read, hand over: each with the command that does it."""
    _, done = demo
    commands = [line for line in done.stdout.splitlines() if line.startswith("$ convarchive ")]
    assert [line.split()[2] for line in commands if " -a " not in line] == [
        "search", "show", "show",
    ]  # fmt: skip
    assert "126 conversations fetched" in done.stdout
    assert "‹charged twice›" in done.stdout
    assert "00:00:0" in done.stdout


def test_the_archive_stays(demo: tuple[Path, Any], run: Run) -> None:
    """What it made is an archive like any other, and the subtitles lie in it."""
    place, _ = demo
    archive = place / "convarchive-demo"
    assert run("-a", archive, "search", "charged", "--count").out.strip().isdigit()
    assert len(list(archive.glob("*.srt"))) == 1


def test_what_it_says_to_try_next_works(demo: tuple[Path, Any], run: Run) -> None:
    """Every command of the farewell succeeds, typed as it stands there."""
    import shlex

    place, done = demo
    lines = done.stdout.split("Try next")[1].splitlines()[1:]
    typed = [shlex.split(line)[line.split().index("convarchive") + 1 :] for line in lines]
    assert len(typed) >= 4
    for args in typed:
        assert run("-a", place / "convarchive-demo", *args).code == 0, args


def test_again(run: Run) -> None:
    """A second demo in the same place finds everything there, and shows the same."""
    first, second = run("demo", "here"), run("demo", "here")
    assert (first.code, second.code) == (0, 0)
    assert first.out.split("2  Find")[1] == second.out.split("2  Find")[1]
    assert "0 conversations fetched" in second.out


def test_never_in_an_archive_of_ones_own(run: Run) -> None:
    """An archive that is no demo's is left alone."""
    run("init", "calls", "--source", "ayra")
    before = Path("calls/convarchive.toml").read_bytes()
    assert run("demo", "calls").code == 1
    assert Path("calls/convarchive.toml").read_bytes() == before
