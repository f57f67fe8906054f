"""``convarchive hold``, and where else holds are seen."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests.cli.conftest import ESCAPES, Run, new_archive

from convarchive import Archive
from convarchive.sandbox import Sandbox


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """An archive of thirty calls, to be written to."""
    with Sandbox(count=30, seed=5) as running:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", running.key)
        archive = new_archive(tmp_path / "full", running.base_url)
        archive.sync()
    return archive


@pytest.fixture
def on(run: Run, full: Archive) -> Run:
    """Runs a command on it."""

    def on(*args: str) -> object:
        return run("-a", full.directory, *args)

    return on


def test_placing(on: Run, full: Archive) -> None:
    """Says how many it protects, and the query as it is kept."""
    ran = on("hold", "add", "M-7", "--query", "since:2026-01-15", "--reason", "Doe", "--utc")
    assert (ran.code, ran.out) == (0, "")
    assert f"M-7 protects {full.count('since:2026-01-15T00:00Z')} conversations" in ran.err
    assert "since:2026-01-15T00:00:00Z" in ran.err


def test_a_reason_is_needed(on: Run) -> None:
    """To place one; to release one, it can be left out."""
    assert on("hold", "add", "M-7", "--query", "*").code == 2
    assert on("hold", "release", "M-7").code == 6


def test_the_same_name_again(on: Run) -> None:
    """Is refused, with what to do instead."""
    on("hold", "add", "M-7", "--query", "*", "--reason", "r")
    ran = on("hold", "add", "M-7", "--query", "*", "--reason", "r")
    assert ran.code == 2
    assert "There is a hold 'M-7' already" in ran.err
    assert "another name" in ran.err


def test_listing(on: Run) -> None:
    """Active ones, or all, in every form."""
    on("hold", "add", "M-7", "--query", "*", "--reason", "Doe", "--matter", "24-CV-1", "--by", "me")
    on("hold", "add", "old", "--query", "*", "--reason", "r")
    on("hold", "release", "old", "--reason", "settled")
    listed = json.loads(on("hold", "list", "--json").out)
    assert listed["schema"] == "convarchive.holds/1"
    (hold,) = listed["holds"]
    assert (hold["name"], hold["query"], hold["reason"]) == ("M-7", "*", "Doe")
    assert (hold["matter"], hold["placed_by"], hold["conversations"]) == ("24-CV-1", "me", 30)
    everything = list(csv.DictReader(io.StringIO(on("hold", "list", "--all", "--csv").out)))
    assert [row["release_reason"] for row in everything] == ["", "settled"]
    assert on("hold", "list", "--ids").out == "M-7\n"
    assert on("hold", "list", "--all", "-n", "1", "--ids").out == "M-7\n"
    assert "24-CV-1" in on("hold", "list").out


def test_without_holds(on: Run) -> None:
    """Nothing on the standard output but the document, and how to place one."""
    ran = on("hold", "list")
    assert (ran.code, ran.out) == (0, "")
    assert "convarchive hold add" in ran.err
    assert json.loads(on("hold", "list", "--json").out)["holds"] == []


def test_showing(on: Run, full: Archive) -> None:
    """The hold itself, and its members as rows."""
    on("hold", "add", "M-7", "--query", "*", "--reason", "Doe v. Acme")
    ran = on("hold", "show", "M-7", "-n", "2")
    assert "Doe v. Acme" in ran.out
    assert "2 of 30" in ran.err
    shown = json.loads(on("hold", "show", "M-7", "--json", "-n", "0").out)
    assert shown["schema"] == "convarchive.hold/1"
    newest = [one.id for one in full.list(limit=0)]
    assert [member["id"] for member in shown["members"]] == newest
    assert shown["members"][0]["held_since"] == shown["placed_at"]


def test_showing_a_released_one(on: Run) -> None:
    """By whom and why it was released."""
    on("hold", "add", "M-7", "--query", "*", "--reason", "r")
    on("hold", "release", "M-7", "--reason", "settled", "--by", "Counsel")
    ran = on("hold", "show", "M-7")
    assert "by Counsel" in ran.out
    assert "settled" in ran.out


def test_a_hold_that_is_not_there(on: Run) -> None:
    """Is not found, with the nearest name."""
    on("hold", "add", "MATTER-7", "--query", "*", "--reason", "r")
    for action in (("show",), ("release", "--reason", "r")):
        ran = on("hold", action[0], "MATER-7", *action[1:])
        assert ran.code == 6
        assert "Did you mean MATTER-7?" in ran.err


def test_a_released_hold_cannot_be_released(on: Run) -> None:
    """It is not active any more."""
    on("hold", "add", "M-7", "--query", "*", "--reason", "r")
    assert on("hold", "release", "M-7", "--reason", "r").code == 0
    assert on("hold", "release", "M-7", "--reason", "r").code == 6


def test_a_wrong_query(on: Run) -> None:
    """Is pointed at, and nothing is placed."""
    ran = on("hold", "add", "M-7", "--query", "stats:failed", "--reason", "r")
    assert ran.code == 2
    assert "^" in ran.err
    assert json.loads(on("hold", "list", "--json").out)["holds"] == []


def test_a_hostile_name(on: Run) -> None:
    """Reaches no terminal."""
    ran = on("hold", "add", f"M{ESCAPES}", "--query", "*", "--reason", "r")
    assert ran.code == 2
    assert "\x1b]" not in ran.err


def test_a_call_says_who_holds_it(on: Run, full: Archive) -> None:
    """For the eye and for scripts."""
    one, other = (each.id for each in full.list(limit=2))
    on("hold", "add", "M-7", "--id", one, "--reason", "r")
    assert "held by    M-7" in on("show", one).out
    assert json.loads(on("show", one, "--format", "json").out)["held"] == ["M-7"]
    assert "held by" not in on("show", other).out
    assert "held" not in json.loads(on("show", other, "--format", "json").out)


def test_a_held_call_is_imported_as_the_same(on: Run, full: Archive, tmp_path: Path) -> None:
    """What ``show`` says of holds is no part of the call."""
    one = full.list(limit=1)[0].id
    on("hold", "add", "M-7", "--id", one, "--reason", "r")
    (tmp_path / "one.json").write_text(on("show", one, "--format", "json").out)
    other = Archive.create(tmp_path / "other")
    assert other.import_files([tmp_path / "one.json"]).new == 1
    on("hold", "release", "M-7", "--reason", "r")
    (tmp_path / "one.json").write_text(on("show", one, "--format", "json").out)
    assert other.import_files([tmp_path / "one.json"]).unchanged == 1


def test_status_counts_them(on: Run, full: Archive) -> None:
    """Holds, and each conversation once."""
    one, other = (each.id for each in full.list(limit=2))
    assert "holds" not in on("status").out
    on("hold", "add", "A", "--id", one, "--reason", "r")
    on("hold", "add", "B", "--id", one, "--id", other, "--reason", "r")
    assert "2, 2 conversations held" in on("status").out
    counted = json.loads(on("status", "--json").out)
    assert (counted["holds"], counted["held"]) == (2, 2)


def test_a_sync_that_cannot_protect(
    on: Run, full: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ends with 3 and a sentence, and so do an import and a rebuild."""
    on("hold", "add", "A", "--query", "refund*", "--reason", "r")
    before = full.count()

    def refuse(*_args: object) -> None:
        from convarchive.errors import UsageError

        raise UsageError("Too many different words begin so.")

    monkeypatch.setattr("convarchive.index.reader.Reader.keys", refuse)
    (tmp_path / "call.txt").write_text("customer: refund\n")
    with Sandbox(count=30, seed=5) as running:
        (full.directory / "convarchive.toml").write_text(
            f'[sources.ayra]\nkind = "ayra"\nbase_url = "{running.base_url}"\n'
            'api_key_env = "CONVARCHIVE_TEST_KEY"\n'
        )
        for command in (("sync",), ("import", str(tmp_path / "call.txt")), ("rebuild",)):
            ran = on(*command)
            assert (command, ran.code) == (command, 3)
            assert "could not be put under the legal holds" in ran.err
            assert "the hold 'A'" in ran.err
    assert full.count() == before + 1
