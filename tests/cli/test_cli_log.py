"""``convarchive log``, and which commands leave an access in it."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import ESCAPES, Ran, Run, new_archive

from convarchive import Archive, settings
from convarchive.compliance import access
from convarchive.sandbox import Sandbox
from convarchive.store import ledger
from convarchive.store.database import transaction


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

    def on(*args: str) -> Ran:
        return run("-a", full.directory, *args)

    return on


@pytest.fixture
def logging(full: Archive) -> None:
    """The archive logs every access."""
    path = full.directory / settings.FILE
    path.write_text(f"access_log = true\n{path.read_text()}")


def log(on: Run, *args: str) -> list[dict[str, Any]]:
    """Its rows."""
    found: list[dict[str, Any]] = json.loads(on("log", "--json", *args).out)["log"]
    return found


def append(archive: Archive, kind: str, **fields: Any) -> None:
    """Write an entry as some command will."""
    with archive.writing("test") as connection, transaction(connection):
        ledger.append(connection, kind, "2026-05-01T10:00:00.000000Z", **fields)


def test_newest_first(on: Run, full: Archive) -> None:
    """Every entry of the ledger, down to the first."""
    rows = log(on, "-n", "0")
    size = ledger.size(full._connection())
    assert [row["position"] for row in rows] == list(range(size - 1, -1, -1))
    assert rows[-1]["kind"] == "archive"
    assert len(on("log").out.splitlines()) == 21


def test_in_words(on: Run, full: Archive) -> None:
    """A conversation is named, and so is a hold."""
    (first,) = full._connection().execute("SELECT id FROM conversations WHERE key = 1").fetchone()
    on("hold", "add", "M-7", "--query", "*", "--reason", "Doe", "--matter", "24", "--by", "ann")
    on("hold", "release", "M-7", "--reason", "settled", "--by", "bob")
    told = {row["what"] for row in log(on, "-n", "0")}
    assert f"revision 1 of conversation 1 (ayra/{first})" in told
    assert "hold M-7 placed by ann: Doe, 24; *" in told
    assert "30 conversations held by hold M-7" in told
    assert "hold M-7 released by bob: settled" in told
    assert "source ayra, of the kind ayra" in told
    assert any(what.startswith("ayra listed from the beginning") for what in told)


def test_kinds(on: Run) -> None:
    """One or several; of one that there is not, nothing."""
    assert {row["kind"] for row in log(on, "--kind", "window", "--kind", "source")} == {
        "window",
        "source",
    }
    ran = on("log", "--kind", "nothing")
    assert (ran.code, ran.out) == (0, "")
    assert on("log", "--kind", "window", "--access").code == 2


def test_times(on: Run, full: Archive) -> None:
    """From a time on, and up to one; an access has the time when it happened."""
    append(full, "later", what="x")
    assert [row["kind"] for row in log(on, "--since", "2026-05-01T10:00Z", "--until",
                                      "2026-05-01T10:01Z", "-n", "0")] == ["later"]  # fmt: skip
    with full.writing("sync"):
        full.note_access("export", "*", conversations=1)
        (file,) = (full.directory / access.DIRECTORY).iterdir()
        fields = json.loads(file.read_text())
        file.write_text(json.dumps(fields | {"at": "2026-03-01T10:00:00.000000Z"}))
    (row,) = log(on, "--since", "2026-03", "--until", "2026-04")
    assert (row["kind"], row["at"]) == ("export", "2026-03-01T10:00:00.000000Z")
    assert on("log", "--since", "soon").code == 2


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv", "--tsv", "--table", "--ids"])
def test_forms(on: Run, form: str) -> None:
    """As every row command; a limit counts in all of them."""
    ran = on("log", form, "-n", "2")
    assert ran.code == 0
    if form == "--json":
        assert json.loads(ran.out)["schema"] == "convarchive.log/1"
        assert len(json.loads(ran.out)["log"]) == 2
    else:
        heads = form in ("--csv", "--tsv", "--table")
        assert len(ran.out.splitlines()) == 2 + heads


def test_kinds_that_it_does_not_know(on: Run, full: Archive) -> None:
    """Are told by what they say, and so are those that say something unexpected."""
    append(full, "erasure", disposal=3, entries=[1, 2, 3], by={"name": "ann"}, none=None)
    append(full, "held", hold=99, conversations=[])
    append(full, "revision", conversation=[])
    told = [row["what"] for row in log(on, "-n", "3")]
    assert told[2] == "by name ann, disposal 3, entries (3), none none"
    assert "hold 99" in told[1]
    assert "conversation (0)" in told[0]


def test_a_hostile_entry(on: Run, full: Archive) -> None:
    """Reaches no terminal."""
    append(full, f"x{ESCAPES}", what=ESCAPES)
    assert "\x1b" not in on("log").out
    assert "\x1b" not in on("log", "--csv").out


def test_damaged_entries(on: Run, full: Archive) -> None:
    """Are said to be, and hide nothing else."""
    connection = full._connection()
    size = ledger.size(connection)
    with full.writing("test") as connection:
        connection.execute("DROP TRIGGER ledger_is_not_changed")
        for position, entry in enumerate(("[1]", "{}", "7", '{"kind": 1, "at": "then"}')):
            connection.execute("UPDATE ledger SET entry = ? WHERE position = ?", (entry, position))
    rows = log(on, "-n", "0")
    assert len(rows) == size
    assert [row["position"] for row in rows if row["kind"] == "unreadable"] == [3, 2, 1, 0]
    assert len(on("log", "-n", "0").out.splitlines()) == size + 1
    assert on("log", "--kind", "window", "--since", "2026-01").code == 0


COMMANDS = {
    "search": ("search", "hello"),
    "search --count": ("search", "hello", "--count"),
    "list": ("list", "hello", "--csv"),
    "stats": ("stats", "hello"),
    "redact": ("redact", "--preview", "hello"),
    "export": ("export", "hello", "--format", "csv"),
}


@pytest.mark.usefixtures("logging")
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_asked_is_logged(on: Run, full: Archive, name: str) -> None:
    """With the query as it was typed, and how many match."""
    words = COMMANDS[name]
    assert on(*words).code == 0
    (row,) = log(on, "--access")
    assert (row["action"], row["query"]) == (words[0], "hello")
    assert row["conversations"] == full.count("hello") > 0


@pytest.mark.usefixtures("logging")
@pytest.mark.parametrize("name", ["show", "history"])
def test_what_is_read_is_logged(on: Run, full: Archive, name: str) -> None:
    """By its whole name, whatever was typed."""
    one = full.list(limit=1)[0].id
    assert on(name, one).code == 0
    (row,) = log(on, "--access")
    assert (row["action"], row["query"], row["conversations"]) == (name, f"ayra/{one}", 1)


@pytest.mark.usefixtures("logging")
def test_holds_are_read_too(on: Run) -> None:
    """Who looks at what a hold protects sees conversations."""
    on("hold", "add", "M-7", "--query", "*", "--reason", "r")
    on("hold", "show", "M-7")
    (row,) = log(on, "--access")
    assert (row["action"], row["query"], row["conversations"]) == ("hold", "M-7", 30)


def test_without_the_setting(on: Run, full: Archive) -> None:
    """Exports alone are logged."""
    one = full.list(limit=1)[0].id
    for name, words in COMMANDS.items():
        assert on(*words).code == 0, name
    on("show", one)
    (row,) = log(on, "--access")
    assert (row["kind"], row["action"], row["query"]) == ("export", "export", "hello")
    assert row["format"] == "csv"


def test_an_export_of_named_ones(on: Run, full: Archive, tmp_path: Path) -> None:
    """Is logged with their number."""
    (tmp_path / "ids").write_text("\n".join(each.id for each in full.list(limit=3)))
    assert on("export", "--ids-from", str(tmp_path / "ids")).code == 0
    (row,) = log(on, "--access")
    assert (row["query"], row["conversations"]) == (None, 3)
    assert "named ones" in row["what"]


@pytest.mark.usefixtures("logging")
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_shown_unlogged(on: Run, full: Archive, name: str) -> None:
    """Where it must be logged and cannot be: exit code 1, a sentence, and no output."""
    (full.directory / access.DIRECTORY).write_text("in the way")
    ran = on(*COMMANDS[name])
    assert (ran.code, ran.out) == (1, "")
    assert "cannot be logged, so nothing is shown" in ran.err


@pytest.mark.usefixtures("logging")
def test_explanations_are_not_shown_unlogged(on: Run, full: Archive) -> None:
    """They say how many there are."""
    (full.directory / access.DIRECTORY).write_text("in the way")
    assert on("search", "hello call", "--explain").out == ""


def test_an_export_that_cannot_be_logged(on: Run, full: Archive) -> None:
    """Goes on, and says so."""
    (full.directory / access.DIRECTORY).write_text("in the way")
    ran = on("export", "hello")
    assert ran.code == 0
    assert len(ran.out.splitlines()) > 2
    assert "This export is not in the archive's ledger" in ran.err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_an_export_of_what_is_read_only(on: Run, full: Archive) -> None:
    """As a medium that can't be written to."""
    full.directory.chmod(0o500)
    try:
        assert "not in the archive's ledger" in on("export", "hello").err
    finally:
        full.directory.chmod(0o700)


def test_a_wrong_setting(on: Run, full: Archive) -> None:
    """Is told before anything is shown."""
    (full.directory / settings.FILE).write_text('access_log = "on"\n')
    ran = on("search", "hello")
    assert (ran.code, ran.out) == (2, "")
    assert "access_log should be true or false" in ran.err


@pytest.mark.usefixtures("logging")
def test_what_waits_is_said(on: Run, full: Archive) -> None:
    """While another process writes; afterwards it is in the log."""
    with full.writing("sync"):
        assert on("search", "hello").code == 0
        ran = on("log", "--access")
        assert (ran.code, ran.out) == (0, "")
        assert "1 access is not in the ledger yet" in ran.err
        assert json.loads(on("log", "--json").out)["waiting"] == 1
    ran = on("log", "--access")
    assert "search by" in ran.out
    assert ran.err == ""


@pytest.mark.usefixtures("logging")
def test_the_log_as_a_table_of_columns(on: Run) -> None:
    """Who, on which machine, asked what, for whoever evaluates it."""
    on("search", "hello")
    (row,) = csv.DictReader(io.StringIO(on("log", "--access", "--csv").out))
    assert set(row) >= {"at", "user", "host", "action", "query", "format", "conversations"}
    assert row["query"] == "hello"


@pytest.mark.usefixtures("logging")
def test_what_was_forgotten(on: Run, full: Archive) -> None:
    """Is said to be, and is not what asked for everything."""
    on("search", "hello")
    with full.writing("erase") as connection:
        access.forget(connection, full.directory, ["hello"])
    told = [row["what"] for row in log(on, "-n", "0")]
    assert told[0].startswith("what these entries said is forgotten: ")
    assert sum(what.endswith("(forgotten)") for what in told) == 1
