"""``convarchive erase``: shows, asks, erases, and says so."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import KEPT, PERSON, THEIRS

from convarchive import Archive
from convarchive.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.conftest import Cli

ERASE = ("erase", "--caller", PERSON, "--reason", "Request 17")


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("cli_erase") / "archive")


@pytest.fixture
def archive(
    mirrored: tuple[Sandbox, Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Archive]:
    """The archive that is meant."""
    mirrored[1].close()
    copied = shutil.copytree(mirrored[1].directory, tmp_path / "archive")
    monkeypatch.setenv("CONVARCHIVE_DIR", str(copied))
    with Archive.open(copied) as opened:
        opened.close()
        yield opened


def test_erased(archive: Archive, cli: Cli) -> None:
    """What goes is on the standard output, what was done on the standard error."""
    done = cli(*ERASE, "--yes")
    assert done.returncode == 0, done.stderr
    assert all(identifier in done.stdout for identifier in THEIRS)
    assert "Erased: 2 conversations, 1 recording" in done.stderr
    assert "disposal-0001.json" in done.stderr
    assert graveyard.ids(archive) == set(KEPT)


def test_a_dry_run(archive: Archive, cli: Cli) -> None:
    """It needs no reason, shows the same, and erases nothing."""
    done = cli("erase", "--caller", PERSON, "--dry-run")
    assert (done.returncode, "Nothing was erased" in done.stderr) == (0, True)
    assert all(identifier in done.stdout for identifier in THEIRS)
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("erase", "--reason", "x"), 2, "Nothing is named"),
        (("erase", THEIRS[0]), 2, "reason is needed"),
        (("erase", THEIRS[0], "--reason", " ", "--yes"), 2, "reason is needed"),
        (ERASE, 2, "--yes"),
        (("erase", "conv_nowhere", THEIRS[0], "--reason", "x", "--yes"), 6, "no conversation"),
        (("erase", "--caller", "5550142233", "--reason", "x", "--yes"), 6, "country's code"),
        (("erase", "--caller", PERSON, "--reason", f"for {PERSON}", "--yes"), 2, "kept for good"),
    ],
)
def test_refused(archive: Archive, cli: Cli, args: tuple[str, ...], code: int, said: str) -> None:
    """One sentence, the exit code, and everything is there still."""
    done = cli(*args, stdin=-3)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}


@pytest.mark.parametrize("dry", [True, False])
def test_protected(archive: Archive, cli: Cli, dry: bool) -> None:
    """Each is told with what is against it; exit code 1."""
    archive.place_hold("smith", ids=[THEIRS[1]], reason="suit")
    archive.set_retention("odd", {"query": f"id:{THEIRS[0]}", "keep": "90y"})
    done = cli(*ERASE, "--yes", "--json", *(["--dry-run"] if dry else []))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    first, second = (row["protected"] for row in told["conversations"])
    assert "must be kept until" in first[0]
    assert second == ["is under the legal hold 'smith'"]
    assert told["erased"] is False
    assert "2 of 2" in done.stderr
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}


def test_as_json(archive: Archive, cli: Cli) -> None:
    """One document, when it is done."""
    done = cli(*ERASE, "--yes", "--json", "--by", "Jo")
    told = json.loads(done.stdout)
    assert told["schema"] == "convarchive.erase/1"
    assert (told["erased"], told["disposal"], told["recordings"]) == (True, 1, 1)
    assert [row["id"] for row in told["conversations"]] == list(THEIRS)
    assert graveyard.document(Path(told["certificate"]))["by"] == "Jo"


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130), ("", 130)])
def test_it_asks_on_a_terminal(archive: Archive, tmp_path: Path, answer: str, code: int) -> None:
    """Yes erases; no, or nothing, does not."""
    import pty
    import subprocess

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "convarchive", *ERASE], stdin=theirs, stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        _, said = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == code, said
    assert "Erase 2 conversations for good?" in said
    assert (graveyard.ids(archive) == set(KEPT)) is (answer == "y")


def test_a_sync_says_what_it_left_out(archive: Archive, cli: Cli) -> None:
    """In words, and in the document."""
    assert cli(*ERASE, "--yes").returncode == 0
    assert "2 left out, erased here" in cli("sync", "--full").stdout
    (told,) = json.loads(cli("sync", "--full", "--json").stdout)["sources"]
    assert (told["erased"], told["problems"]) == (2, 0)
