"""``init``: a new archive, its owner's alone, with or without a source."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def settings(directory: Path) -> dict[str, Any]:
    """What ``convarchive.toml`` says."""
    return tomllib.loads((directory / "convarchive.toml").read_text(encoding="utf-8"))


def test_an_empty_archive(run: Run, tmp_path: Path) -> None:
    """It has a database and settings, and is usable at once."""
    ran = run("init", "calls")
    assert (ran.code, ran.out) == (0, "")
    assert {"archive.db", "convarchive.toml"} <= {each.name for each in Path("calls").iterdir()}
    assert run("-a", "calls", "list", "--ids") == (0, "", "")
    assert run("-a", "calls", "status").code == 0


@pytest.mark.parametrize(
    "args", [["init", "there"], ["-a", "there", "init"], ["-a", "elsewhere", "init", "there"]]
)
def test_where(run: Run, args: list[str]) -> None:
    """In DIR, else where ``--archive`` says."""
    assert run(*args).code == 0
    assert Path("there/archive.db").exists()


def test_here(run: Run) -> None:
    """Without either, in this directory."""
    assert run("init").code == 0
    assert Path("archive.db").exists()


def test_in_a_directory_that_is_there(run: Run) -> None:
    """A directory with other things in it will do, and they stay."""
    Path("calls").mkdir()
    Path("calls/notes.txt").write_text("mine")
    assert run("init", "calls").code == 0
    assert Path("calls/notes.txt").read_text() == "mine"


def test_the_usual_source(run: Run) -> None:
    """A source is named after its kind, and its key is in the usual variable."""
    ran = run("init", "calls", "--source", "ayra")
    assert settings(Path("calls"))["sources"] == {
        "ayra": {
            "kind": "ayra", "base_url": "https://api.ayra.ai", "api_key_env": "AYRA_API_KEY",
        }
    }  # fmt: skip
    assert "AYRA_API_KEY" in ran.err
    assert "convarchive -a calls sync" in ran.err


def test_another_source(run: Run) -> None:
    """Name, address and variable can be others; a slash at the end of the address is dropped."""
    args = ("--name", "europe", "--base-url", "http://localhost:1/", "--api-key-env", "EU_KEY")
    assert run("init", "--source", "ayra", *args).code == 0
    assert settings(Path())["sources"] == {
        "europe": {"kind": "ayra", "base_url": "http://localhost:1", "api_key_env": "EU_KEY"}
    }


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_for_the_owner_only(run: Run) -> None:
    """Nobody else may read an archive."""
    run("init", "calls", "--source", "ayra")
    assert Path("calls").stat().st_mode & 0o777 == 0o700
    for file in Path("calls").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_the_hint_names_the_archive(run: Run) -> None:
    """The next command can be pasted, be the directory's name with a space."""
    ran = run("-a", "my calls", "init", "--source", "ayra")
    assert "convarchive -a 'my calls' sync" in ran.err


def test_quiet(run: Run) -> None:
    """``-q`` says nothing."""
    assert run("-q", "init", "calls") == (0, "", "")


def test_never_over_another(run: Run) -> None:
    """Where an archive is, none is made, and it stays as it is."""
    run("init", "calls", "--source", "ayra")
    before = Path("calls/convarchive.toml").read_bytes()
    ran = run("init", "calls", "--source", "ayra", "--name", "other")
    assert ran.code == 1
    assert "calls already" in ran.err
    assert Path("calls/convarchive.toml").read_bytes() == before


def test_after_one_that_was_cut_short(run: Run) -> None:
    """Where a crash has left the settings and no database, an archive is made."""
    run("init", "calls")
    Path("calls/archive.db").unlink()
    assert run("init", "calls", "--source", "ayra").code == 0
    assert run("-a", "calls", "list", "--ids").code == 0


def test_never_over_settings(run: Run) -> None:
    """Where a database is missing from an archive that had a source, none is made in silence."""
    run("init", "calls", "--source", "ayra")
    Path("calls/archive.db").unlink()
    assert run("init", "calls").code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["--source", "nobody"],
        ["--source", "ayra", "--name", "a name"],
        ["--source", "ayra", "--name", ""],
    ],
)
def test_wrong_sources(run: Run, args: list[str]) -> None:
    """A source that can't be is refused before anything is made."""
    ran = run("init", "calls", *args)
    if args[-1] == "":  # an empty name is none
        assert ran.code == 0
        return
    assert ran.code == 2
    assert not Path("calls").exists()


def test_where_no_directory_can_be(run: Run) -> None:
    """A file in the way is wrong usage, told in a sentence."""
    Path("file").write_text("")
    for place in ("file", "file/calls"):
        ran = run("init", place)
        assert ran.code == 2
        assert "cannot be used" in ran.err


def test_a_signing_key_of_ones_own(run: Run, tmp_path: Path) -> None:
    """Made where it is named, and named in the settings; within the archive it is refused."""
    assert run("init", "calls", "--signing-key", "mine.pem").code == 0
    assert "PRIVATE KEY" in Path("mine.pem").read_text()
    assert str(tmp_path / "mine.pem") in Path("calls/convarchive.toml").read_text()
    ran = run("init", "other", "--signing-key", "other/mine.pem")
    assert (ran.code, Path("other").exists()) == (2, False)
    assert "within the archive" in ran.err


def test_a_signing_key_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every option."""
    monkeypatch.setenv("CONVARCHIVE_INIT_SIGNING_KEY", "mine.pem")
    assert run("init", "calls").code == 0
    assert Path("mine.pem").exists()


def test_no_place_for_the_signing_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an archive; that nothing is signed is said, and how to give a key."""
    Path("file").write_text("no directory")
    monkeypatch.setenv("XDG_DATA_HOME", str(Path("file").absolute()))
    ran = run("init", "calls")
    assert ran.code == 0
    assert Path("calls/archive.db").exists()
    assert "Nothing in the archive will be signed." in ran.err
    assert "key_file" in ran.err
