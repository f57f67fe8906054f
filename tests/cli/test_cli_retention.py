"""``convarchive retention``: classes are set, listed and applied."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import KEPT, OTHER, THEIRS

from convarchive import Archive
from convarchive.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.conftest import Cli


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("cli_retention") / "archive")


@pytest.fixture
def archive(
    mirrored: tuple[Sandbox, Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Archive]:
    """The archive that is meant: three calls are due, one of them is under a hold."""
    mirrored[1].close()
    copied = shutil.copytree(mirrored[1].directory, tmp_path / "archive")
    monkeypatch.setenv("CONVARCHIVE_DIR", str(copied))
    with Archive.open(copied) as opened:
        opened.set_retention("others", {"query": f"caller:{OTHER}", "delete_after": "1w"})
        opened.place_hold("smith", ids=[KEPT[0]], reason="suit")
        opened.close()
        yield opened


def test_set_list_and_remove(archive: Archive, cli: Cli) -> None:
    """A class is shown as it was set."""
    args = (
        "--query",
        "topic:brobdingnagian",
        "--keep",
        "6y",
        "--delete-after",
        "7y",
        "--from",
        "sync",
    )
    assert cli("retention", "set", "calls", *args).returncode == 0
    listed = json.loads(cli("retention", "list", "--json").stdout)
    assert listed["schema"] == "convarchive.retention/1"
    assert [row["class"] for row in listed["classes"]] == ["others", "calls"]
    assert listed["classes"][0] == {
        "id": "others", "class": "others", "query": f"caller:{OTHER}", "keep": None,
        "delete_after": "1w", "from": "end", "matching": 3, "due": 3, "held_back": 1,
    }  # fmt: skip
    assert cli("retention", "remove", "others").returncode == 0
    assert cli("retention", "list", "--ids").stdout.split() == ["calls"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("set", "x", "--query", "*"), 2, "keep or delete_after"),
        (("set", "x", "--query", "*", "--keep", "soon"), 2, "no span"),
        (("set", "x", "--query", "statsu:x", "--keep", "1y"), 2, "status"),
        (("set", "a b", "--query", "*", "--keep", "1y"), 2, "name of a class"),
        (("set", "x", "--query", "*", "--keep", "2y", "--delete-after", "1y"), 2, "can't go"),
        (("set", "x", "--keep", "2y"), 2, "--query"),
        (("remove", "other"), 6, "others"),
        (("apply",), 2, "--yes"),
    ],
)
def test_refused(archive: Archive, cli: Cli, args: tuple[str, ...], code: int, said: str) -> None:
    """One sentence, the exit code; nothing is set or destroyed."""
    done = cli("retention", *args, stdin=-3)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr
    assert cli("retention", "list", "--ids").stdout.split() == ["others"]
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}


def test_a_dry_run_is_exactly_what_goes(archive: Archive, cli: Cli) -> None:
    """The ids alone, and then it is done: those are gone, no others."""
    announced = cli("retention", "apply", "--dry-run", "--ids")
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}
    archive.close()
    done = cli("retention", "apply", "--yes", "--ids")
    assert (done.returncode, done.stdout) == (0, announced.stdout)
    assert set(done.stdout.split()) == {*THEIRS, *KEPT} - graveyard.ids(archive) == set(KEPT[1:])


def test_conflicts_are_told(archive: Archive, cli: Cli) -> None:
    """On the standard error; they are normal, so the exit code is 0."""
    done = cli("retention", "apply", "--yes")
    assert done.returncode == 0
    assert "1 conversation due and held back" in done.stderr
    assert f"{KEPT[0]} (others) is under the legal hold 'smith'" in done.stderr
    assert KEPT[0] not in done.stdout
    assert "Destroyed: 2 conversations" in done.stderr


def test_as_json(archive: Archive, cli: Cli) -> None:
    """What goes, what stays and why."""
    told = json.loads(cli("retention", "apply", "--dry-run", "--json").stdout)
    assert told["schema"] == "convarchive.disposal/1"
    assert (told["destroyed"], told["certificate"]) == (False, None)
    assert [row["id"] for row in told["conversations"]] == list(KEPT[1:])
    (conflict,) = told["conflicts"]
    assert conflict["id"] == KEPT[0]
    assert conflict["against"] == [{"kind": "held", "name": "smith", "until": None}]
    told = json.loads(cli("retention", "apply", "--yes", "--json").stdout)
    assert (told["destroyed"], told["disposal"]) == (True, 1)


def test_as_csv(archive: Archive, cli: Cli) -> None:
    """The same rows for a spreadsheet."""
    text = cli("retention", "apply", "--dry-run", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in rows] == list(KEPT[1:])
    assert {row["class"] for row in rows} == {"others"}


def test_nothing_due(archive: Archive, cli: Cli) -> None:
    """That is said, and no certificate is written."""
    archive.set_retention("others", {"query": "*", "delete_after": "90y"})
    done = cli("retention", "apply", "--yes")
    assert (done.returncode, "Nothing is due" in done.stderr) == (0, True)
    assert not (archive.directory / "certificates").exists()
