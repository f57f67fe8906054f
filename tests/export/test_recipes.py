"""The recipes of the documentation are followed to the letter, and bring what they promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from convarchive import Archive

DOCUMENT = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
RECIPES = re.findall(
    r"^```(\w+)\n(.*?)^```$", DOCUMENT.partition("\n## Recipes\n")[2], re.MULTILINE | re.DOTALL
)


class Kitchen:
    """A directory in which the recipes are followed, with the demo's archive at hand."""

    def __init__(self, directory: Path, archive: Archive) -> None:
        self.directory = directory
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._env = os.environ | {"CONVARCHIVE_DIR": str(archive.directory), "PATH": tools}

    def run(self, *command: str) -> str:
        """What a command prints."""
        done = subprocess.run(
            command, cwd=self.directory, env=self._env, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def follow(self, language: str) -> list[str]:
        """What each of the recipes in a language prints."""
        program = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}
        return [self.run(*program[language], text) for kind, text in RECIPES if kind == language]


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory, synced: Archive) -> Kitchen:
    """With what the shell's recipes make in it."""
    if not (shutil.which("bash") and shutil.which("jq")):
        pytest.skip("needs bash and jq")
    kitchen = Kitchen(tmp_path_factory.mktemp("kitchen"), synced)
    said, insert, own, *_ = kitchen.follow("sh")
    assert "charged twice" in said
    assert re.search(r"completed +\d+", insert)
    assert re.search(r"customer +\d+", own)
    return kitchen


def test_every_recipe_is_tested() -> None:
    """Those in other languages are followed below."""
    assert {kind for kind, _ in RECIPES} == {"sh", "python", "sql", "html"}


def test_sqlite(kitchen: Kitchen, synced: Archive) -> None:
    """The table has a row for each conversation."""
    counted = kitchen.run(
        "sqlite-utils", "query", "calls.db", "SELECT count(*) FROM calls", "--csv"
    )
    assert counted.split()[-1] == str(synced.count())


def test_pandas(kitchen: Kitchen) -> None:
    """Groups by outcome and by role, from both kinds of Parquet."""
    (printed,) = kitchen.follow("python")
    assert re.search(r"^resolved +\d+ +\d+", printed, re.MULTILINE)
    assert re.search(r"^customer +\d+ +\d+", printed, re.MULTILINE)


def test_duckdb(kitchen: Kitchen, synced: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """By month, who has said something, and what is in JSON."""
    monkeypatch.chdir(kitchen.directory)
    (text,) = (text for kind, text in RECIPES if kind == "sql")
    months, said, scores = (duckdb.sql(each).fetchall() for each in text.split(";") if each.strip())
    assert sum(calls for _, calls, _ in months) == synced.count()
    found = {hit.conversation.id for hit in synced.search('customer:"charged twice"', limit=0).hits}
    assert {name for name, _, _ in said} <= found
    assert said
    assert {score for _, score in scores} >= {"4", "5"}


def test_the_player_page(kitchen: Kitchen) -> None:
    """Names the two files that the export has made."""
    (page,) = (text for kind, text in RECIPES if kind == "html")
    named = re.findall(r'src="([^"]+)"', page)
    assert len(named) == 2
    assert all((kitchen.directory / "player" / name).is_file() for name in named)
