"""Where a command finds its archive, and variables for its options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]


def test_the_option(run: Run, synced: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--archive`` comes before the variable."""
    monkeypatch.setenv("CONVARCHIVE_DIR", "/nowhere")
    for option in ("-a", "--archive"):
        assert run(option, synced.directory, "path").out == f"{synced.directory}\n"


def test_the_variable(run: Run, synced: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """``CONVARCHIVE_DIR`` comes before the archive one stands in."""
    run("init")
    monkeypatch.setenv("CONVARCHIVE_DIR", str(synced.directory))
    assert run("path").out == f"{synced.directory}\n"


def test_the_nearest_above(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From within an archive, or anywhere below it, the nearest is meant."""
    (tmp_path / "outer/inner/below/deep").mkdir(parents=True)
    for name in ("outer", "outer/inner"):
        assert run("init", name).code == 0
    for place in ("outer/inner/below/deep", "outer/inner"):
        monkeypatch.chdir(tmp_path / place)
        assert run("path").out == f"{tmp_path / 'outer/inner'}\n"
    monkeypatch.chdir(tmp_path / "outer")
    assert run("path").out == f"{tmp_path / 'outer'}\n"


def test_at_home(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none above, the one in the user's data is meant."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert run("path").code == 6
    from convarchive.cli.app import default_directory

    assert run("init", default_directory()).code == 0
    monkeypatch.chdir(tmp_path)
    assert run("path").out == f"{default_directory()}\n"


def test_an_empty_variable_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """``CONVARCHIVE_DIR=`` is as if it were not set."""
    run("init")
    monkeypatch.setenv("CONVARCHIVE_DIR", "")
    assert run("path").code == 0


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
    find: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str,
    args: list[str], same: list[str],
) -> None:  # fmt: skip
    """The variable does what the option does, and something."""
    without = find(*args)
    expected = find(*args, *same)
    monkeypatch.setenv(f"CONVARCHIVE_{variable}", value)
    assert find(*args) == expected != without


def test_the_option_comes_first(find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed comes before what is in the environment."""
    monkeypatch.setenv("CONVARCHIVE_SEARCH_LIMIT", "1")
    monkeypatch.setenv("CONVARCHIVE_SEARCH_FORM", "json")
    assert len(find("search", "charged", "-n", "3", "--ids").out.split()) == 3


def test_the_zone(find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_wrong_value(find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable's value is checked like an option's."""
    monkeypatch.setenv("CONVARCHIVE_LIST_LIMIT", "many")
    ran = find("list")
    assert ran.code == 2
    assert "--limit" in ran.err
