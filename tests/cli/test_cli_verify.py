"""``convarchive verify``: what it says, and its exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive
from convarchive.compliance.verify import pool

Run = Callable[..., Any]


def spoil(
    archive: Archive, statement: str = "UPDATE turns SET text = 'x' WHERE position = 0"
) -> None:
    """Somebody has been at the tables."""
    connection = sqlite3.connect(archive.directory / "archive.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_no_damage(run: Run, copied: Archive) -> None:
    """What was looked at, in a few lines, and exit code 0."""
    ran = run("-a", copied.directory, "verify")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert "entries of the ledger, root " in lines[0]
    assert lines[1].startswith("126 conversations, 126 documents, 5 recordings, ")
    assert lines[-1].startswith("No damage. (")


def test_quiet(run: Run, copied: Archive) -> None:
    """Nothing is said where nothing is wrong."""
    assert run("-q", "-a", copied.directory, "verify") == (0, "", "")


def test_damage(run: Run, copied: Archive) -> None:
    """Every one is named, with what it means and what to do; exit code 7."""
    spoil(copied)
    ran = run("-a", copied.directory, "verify")
    assert ran.code == 7
    assert ran.out.count("projection  ayra/") > 100
    assert "convarchive rebuild" in ran.out
    assert "Damage was found" in ran.err
    assert "No damage" not in ran.out


def test_damage_on_a_terminal(on_terminal: Any, copied: Archive) -> None:
    """A screen shows the first twenty, and how many more there are."""
    spoil(copied)
    screen = on_terminal("-a", copied.directory, "verify")
    assert screen.code == 7
    assert screen.plain.count("projection  ayra/") == 20
    assert " more. All of them: convarchive verify --json" in screen.plain


def test_json(run: Run, copied: Archive) -> None:
    """One document with everything, and the same exit codes."""
    ran = run("-a", copied.directory, "verify", "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["schema"], document["ok"]) == (0, "convarchive.verify/1", True)
    spoil(copied)
    ran = run("-a", copied.directory, "verify", "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["ok"]) == (7, False)
    assert len(document["damage"]) > 100


def test_another_archive(run: Run, copied: Archive, tmp_path: Path) -> None:
    """A backup is verified where it is, and nothing is written there."""
    assert run("-a", copied.directory, "backup", tmp_path / "copy").code == 0
    ran = run("verify", tmp_path / "copy")
    assert ran.code == 0
    with Archive.open(tmp_path / "copy") as copy:
        assert copy.status().verified_at is None


def test_status_tells(run: Run, copied: Archive) -> None:
    """When all of it was verified, and whether it was whole."""
    assert "verified" not in run("-a", copied.directory, "status").out
    run("-a", copied.directory, "verify")
    assert ", no damage" in run("-a", copied.directory, "status").out
    assert json.loads(run("-a", copied.directory, "status", "--json").out)["verified_at"]
    spoil(copied, "UPDATE turns SET text = 'x' WHERE position = 0 AND conversation = 7")
    run("-a", copied.directory, "verify")
    assert ", 1 item damaged" in run("-a", copied.directory, "status").out


def test_a_checkpoint_kept_elsewhere(run: Run, copied: Archive, tmp_path: Path) -> None:
    """An old copy that was put back does not agree with what has seen more."""
    shutil.copytree(copied.directory, tmp_path / "old")
    copied.place_hold("x", query="*", reason="y")
    written = copied.checkpoint()
    assert run("verify", copied.directory, "--checkpoint", written.path).code == 0
    ran = run("verify", tmp_path / "old", "--quick", "--checkpoint", written.path)
    assert ran.code == 7
    assert "ledger_cut" in ran.out


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--sample", "5"), 2),
        (("--sample", "0%"), 2),
        (("--sample", "101%"), 2),
        (("--sample", "nan%"), 2),
        (("--sample", "x%"), 2),
        (("--max-duration", "soon"), 2),
        (("--jobs", "0"), 2),
        (("--checkpoint", "nowhere"), 1),
        (("--source", "nobody"), 6),
        (("nowhere",), 6),
    ],
)
def test_wrong_usage(find: Run, args: tuple[str, ...], code: int) -> None:
    """One clear sentence, and the exit code for it."""
    ran = find("verify", *args)
    assert ran.code == code
    assert ran.out == ""
    assert ran.err.startswith("convarchive: ")
    assert "should not" not in ran.err


def test_a_sample(run: Run, copied: Archive) -> None:
    """What was left out is said."""
    ran = run("-a", copied.directory, "verify", "--sample", "5%", "--max-duration", "1h")
    assert ran.code == 0
    assert "6 conversations, " in ran.out
    assert "120 conversations were not looked at" in ran.out


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does it")
def test_interrupted(run: Run, copied: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C keeps what was verified, and the next run goes on with the rest."""
    monkeypatch.setattr("convarchive.compliance.verify.choice.BATCH", 10)
    check = pool.survive
    calls = []

    def interrupted(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return check(*args)

    monkeypatch.setattr(pool, "survive", interrupted)
    ran = run("-a", copied.directory, "verify", "--sample", "100%")
    assert ran.code == 130
    assert "Finishing what is under way" in ran.err
    assert "96 conversations were not looked at" in ran.err
    ran = run("-a", copied.directory, "verify", "--sample", "76%")  # the 96 others
    assert ran.code == 0
    connection = sqlite3.connect(copied.directory / "archive.db")
    assert connection.execute("SELECT count(*) FROM verified").fetchone() == (126,)
    connection.close()
