"""``convarchive dsar``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import PERSON

from convarchive import Archive
from convarchive.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.conftest import Cli


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive."""
    yield from graveyard.made(tmp_path_factory.mktemp("cli_dsar") / "archive")


@pytest.fixture
def archive(
    mirrored: tuple[Sandbox, Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The archive that is meant."""
    mirrored[1].close()
    copied = shutil.copytree(mirrored[1].directory, tmp_path / "archive")
    monkeypatch.setenv("CONVARCHIVE_DIR", str(copied))
    return copied


def test_written(archive: Path, cli: Cli, tmp_path: Path) -> None:
    """Where it is, and how many conversations."""
    done = cli("dsar", "--caller", "+1 (555) 014-2233", "-o", "request.zip", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["schema"], told["conversations"]) == ("convarchive.dsar/1", 2)
    assert (tmp_path / told["path"]).is_file()
    assert "2 conversations, in request.zip" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--caller", PERSON), 2, "--output"),
        (("-o", "out"), 2, "--caller"),
        (("--caller", "+15550000000", "-o", "out"), 6, "no conversation"),
        (("--caller", PERSON, "-o", "archive"), 1, "exists already"),
        (("--caller", PERSON, "-o", "no/where"), 2, "no directory"),
    ],
)
def test_refused(
    archive: Path, cli: Cli, tmp_path: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    """One sentence, the exit code, and nothing is written."""
    done = cli("dsar", *args)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"archive"}


def test_lost_sound(archive: Path, cli: Cli) -> None:
    """Exit code 3."""
    shutil.rmtree(archive / "recordings")
    done = cli("dsar", "--caller", PERSON, "-o", "out")
    assert (done.returncode, "but for 2 recordings" in done.stderr) == (3, True)
