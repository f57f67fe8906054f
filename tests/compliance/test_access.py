"""The access log: what is written down, when, and what becomes of it when something goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.store.conversations import call, received

from convarchive import Archive, settings
from convarchive.compliance import access
from convarchive.errors import ConvarchiveError, SettingsError
from convarchive.store import accesses, clock, evidence, ledger, mirror
from convarchive.store.database import transaction
from convarchive.store.ingest import ingest
from convarchive.store.lock import BRIEF, writer_lock


@pytest.fixture
def mine(tmp_path: Path) -> Archive:
    """An archive with one call, that logs every access."""
    archive = Archive.create(tmp_path / "mine")
    with archive.writing("test") as connection, transaction(connection):
        mirror.add_source(connection, "ayra", "ayra", clock.now())
        ingest(connection, [received(call())])
    set_log(archive, "access_log = true")
    return archive


def set_log(archive: Archive, text: str) -> None:
    """Write this above the rest of the settings."""
    path = archive.directory / settings.FILE
    path.write_text(f"{text}\n{path.read_text()}")


def unset_log(archive: Archive) -> None:
    """Let the settings say nothing of it."""
    path = archive.directory / settings.FILE
    path.write_text(path.read_text().replace("access_log = true\n", ""))


def logged(archive: Archive) -> list[dict[str, Any]]:
    """The rows of the access log."""
    rows = archive._connection().execute("SELECT * FROM access_log ORDER BY entry")
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def entries(archive: Archive, kind: str) -> list[dict[str, Any]]:
    """What the ledger says of this kind."""
    found = (entry.fields for entry in ledger.read(archive._connection()))
    return [fields for fields in found if fields["kind"] == kind]


def files(archive: Archive) -> list[Path]:
    """What waits, hidden files too."""
    place = archive.directory / access.DIRECTORY
    return sorted(place.iterdir()) if place.exists() else []


def test_an_access(mine: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who, when, how, what and how many; there is nothing left that waits."""
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    monkeypatch.setattr("platform.node", lambda: "desk-3")
    before = clock.now()
    assert mine.note_access("search", "refund", conversations=42, form="json")
    (row,) = logged(mine)
    assert before <= row["at"] <= clock.now()
    assert (row["user"], row["host"], row["action"]) == ("ann", "desk-3", "search")
    assert (row["query"], row["format"], row["conversations"]) == ("refund", "json", 42)
    assert files(mine) == []


def test_the_ledger_commits_to_it(mine: Archive) -> None:
    """To all that the row says, without saying any of it."""
    mine.note_access("search", "refund", conversations=42)
    (row,) = logged(mine)
    (entry,) = ledger.read(mine._connection(), row["ledger"], row["ledger"] + 1)
    content = {name: row[name] for name in evidence.ACCESS_COLUMNS}
    assert entry.fields["commitment"] == ledger.commitment(row["salt"], content)
    assert set(entry.fields) == {"kind", "at", "commitment"}


def test_without_the_setting(mine: Archive) -> None:
    """Nobody who only reads leaves anything."""
    unset_log(mine)
    assert mine.note_access("search", "refund", conversations=42)
    assert logged(mine) == files(mine) == []


def test_no_settings_at_all(mine: Archive) -> None:
    """Nothing says that it must be logged."""
    (mine.directory / settings.FILE).unlink()
    assert mine.note_access("search", "refund", conversations=42)
    assert logged(mine) == []


@pytest.mark.parametrize("action", ["export", "dsar"])
def test_what_is_handed_over(mine: Archive, action: str) -> None:
    """Is always written down, as another kind of entry."""
    unset_log(mine)
    assert mine.note_access(action, None, conversations=7, form="csv")
    (row,) = logged(mine)
    assert (row["action"], row["query"], row["conversations"]) == (action, None, 7)
    assert len(entries(mine, "export")) == 1
    assert entries(mine, "access") == []


@pytest.mark.parametrize(
    "text",
    [
        'access_log = "yes"',
        "access_log = 1",
        "[somewhere]\naccess_log = true",
        "[sources.mine]\naccess_log = true",
        '"access\\u005flog" = 1',
        "access_log = true =",
    ],
)
def test_settings_that_are_not_clear(mine: Archive, text: str) -> None:
    """Nothing is shown before it is clear whether that must be logged."""
    unset_log(mine)
    (mine.directory / settings.FILE).write_text(text)
    with pytest.raises(SettingsError):
        mine.note_access("search", "refund", conversations=42)


@pytest.mark.parametrize(
    "text",
    ["access_log = false", "# access_log = true", "[searches]\naccess_log = 'refund'"],
)
def test_settings_that_do_not_ask_for_it(mine: Archive, text: str) -> None:
    """That it is off, a comment, or something else that is called so."""
    unset_log(mine)
    (mine.directory / settings.FILE).write_text(text)
    assert mine.note_access("search", "refund", conversations=42)
    assert logged(mine) == []


def test_an_escaped_setting(mine: Archive) -> None:
    """Is found however TOML lets it be written."""
    unset_log(mine)
    set_log(mine, '"access\\u005flog" = true')
    mine.note_access("search", "refund", conversations=42)
    assert len(logged(mine)) == 1


def test_while_another_process_writes(mine: Archive) -> None:
    """It waits in a file that only its owner can read, and the next one who writes takes it in."""
    with mine.writing("sync"):
        mine.note_access("search", "refund", conversations=42)
        assert logged(mine) == []
        (waiting,) = files(mine)
        if os.name == "posix":
            assert waiting.stat().st_mode & 0o777 == 0o600
            assert waiting.parent.stat().st_mode & 0o777 == 0o700
    with mine.writing("sync"):
        pass
    assert [row["query"] for row in logged(mine)] == ["refund"]
    assert files(mine) == []


def test_in_the_order_of_time(mine: Archive) -> None:
    """Many that waited are taken in as they were made, more than go into one transaction."""
    with mine.writing("sync"):
        for number in range(205):
            mine.note_access("search", f"word{number}", conversations=number)
    assert access.settle(mine) == 0
    assert [row["conversations"] for row in logged(mine)] == list(range(205))


def test_many_at_once(mine: Archive) -> None:
    """Each of several readers is logged once."""

    def read(number: int) -> None:
        with Archive.open(mine.directory) as own:
            own.note_access("search", f"word{number}", conversations=number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert access.settle(mine) == 0
    assert sorted(row["conversations"] for row in logged(mine)) == list(range(8))


def test_who_writes_waits_for_a_reader(tmp_path: Path) -> None:
    """A sync does not fail because somebody's search is just being noted."""
    noting, noted = threading.Event(), threading.Event()

    def note() -> None:
        with writer_lock(tmp_path, BRIEF):
            noting.set()
            noted.wait(30)

    thread = threading.Thread(target=note)
    thread.start()
    noting.wait(30)
    threading.Timer(0.2, noted.set).start()
    with writer_lock(tmp_path, "sync"):
        assert noted.is_set()
    thread.join()


_DYING = """
import os, sys
from pathlib import Path
from convarchive import Archive
from convarchive.compliance import access

def die(*args, **more):
    os._exit(9)

with Archive.open(sys.argv[1]) as archive:
    {cut}
    archive.note_access("search", "refund", conversations=42)
"""


@pytest.mark.parametrize(
    ("cut", "rows"),
    [
        ("Path.rename = die", 0),
        ("access._try_to_write = die", 1),
        ("access.accesses.add = die", 1),
        ("Path.unlink = die", 1),
    ],
    ids=["half written", "written", "before the commit", "before it is removed"],
)
def test_killed(mine: Archive, cut: str, rows: int) -> None:
    """What was shown is in the log once, whenever the process is killed; what was not written
    whole was not shown."""
    script = _DYING.format(cut=cut)
    done = subprocess.run([sys.executable, "-c", script, str(mine.directory)], timeout=60)
    assert done.returncode == 9
    assert access.settle(mine) == 0
    assert len(logged(mine)) == len(entries(mine, "access")) == rows


def test_what_a_killed_process_left(mine: Archive) -> None:
    """Goes away, but not while somebody may be writing it."""
    mine.note_access("search", "refund", conversations=42)
    old, new = (mine.directory / access.DIRECTORY / f".{name}.part" for name in ("old", "new"))
    old.write_text("{")
    os.utime(old, (0, 0))
    new.write_text("{")
    mine.note_access("search", "refund", conversations=42)
    assert files(mine) == [new]


def in_the_way(archive: Archive) -> None:
    """Let nothing be written to the directory."""
    (archive.directory / access.DIRECTORY).write_text("")


def test_what_must_be_logged_and_cannot(mine: Archive) -> None:
    """Is refused, whatever it is."""
    in_the_way(mine)
    for action in ("search", "export"):
        with pytest.raises(ConvarchiveError, match="nothing is shown"):
            mine.note_access(action, "refund", conversations=42)


def test_what_cannot_be_logged_and_need_not(mine: Archive) -> None:
    """Who exports is told."""
    unset_log(mine)
    in_the_way(mine)
    assert not mine.note_access("export", "refund", conversations=42)
    assert mine.note_access("search", "refund", conversations=42)


def rubbish(fields: dict[str, Any]) -> list[bytes]:
    """What a file can be instead of an access."""
    wrong: list[dict[str, Any]] = [
        {"user": None}, {"conversations": -1}, {"conversations": True}, {"conversations": 2**63},
        {"query": 7}, {"more": "x"}, {"at": "\udcff"},
        {"at": "yesterday"}, {"at": "2026-02-30T10:00:00.000000Z"}, {"at": "2026-02-03T10:00:00Z"},
    ]  # fmt: skip
    texts = [json.dumps(fields | each).encode() for each in wrong]
    return [b"", b"\0" * 100, b"{", b"[]", b"[" * 100_000, b"\xff\xfe", *texts]


def test_files_that_are_no_accesses(mine: Archive) -> None:
    """Stay where they are, are counted, and keep nothing else from going in."""
    with mine.writing("sync"):
        mine.note_access("search", "refund", conversations=42)
    (waiting,) = files(mine)
    texts = rubbish(json.loads(waiting.read_text()))
    for number, text in enumerate(texts):
        waiting.with_name(f"20260101T000000.000000Z-1-{number:016x}.json").write_bytes(text)
    waiting.with_name("notes.json").write_text(waiting.read_text())
    assert access.settle(mine) == len(texts) + 1
    assert [row["query"] for row in logged(mine)] == ["refund"]


def test_bytes_that_are_no_text(mine: Archive) -> None:
    """As a shell can give them in a query, are logged as what they are."""
    mine.note_access("search", "caf\udce9 \0 é 日本", conversations=0)
    assert logged(mine)[0]["query"] == "caf\\udce9 \0 é 日本"


def test_forgetting(mine: Archive) -> None:
    """A query that names somebody is taken out, in the row and in what waits; what was done and by
    whom stays, and the ledger says what can't be checked any more."""
    mine.note_access("search", "caller:555-010-4477", conversations=1)
    mine.note_access("search", "refund", conversations=2)
    with mine.writing("erase") as connection:
        mine.note_access("show", "ayra/conv_1", conversations=1)
        assert access.forget(connection, mine.directory, ["+15550104477", "conv_1"]) == 2
    rows = logged(mine)
    assert [row["query"] for row in rows] == [None, "refund", None]
    assert [row["salt"] is None for row in rows] == [True, False, True]
    (entry,) = entries(mine, "forgotten")
    assert entry["entries"] == [rows[0]["ledger"], rows[2]["ledger"]]
    assert accesses.at(mine._connection(), rows[0]["ledger"])[1]  # type: ignore[index]
    assert files(mine) == []


def test_forgetting_what_cannot_be_read(mine: Archive) -> None:
    """A damaged file that names somebody goes away; others stay."""
    with mine.writing("erase") as connection:
        mine.note_access("search", "x", conversations=1)
        (waiting,) = files(mine)
        waiting.with_name("a.json").write_text('{"query": "conv_1"')
        waiting.with_name("b.json").write_text('{"query": "conv_2"')
        access.forget(connection, mine.directory, ["conv_1"])
    assert [path.name for path in files(mine)] == ["b.json"]


def test_a_search_loads_nothing_for_it(mine: Archive) -> None:
    """Where it is off, neither the settings nor the log are loaded."""
    unset_log(mine)
    script = (
        "import sys; from convarchive import Archive\n"
        "with Archive.open(sys.argv[1]) as archive:\n"
        "    archive.note_access('search', 'x', conversations=1)\n"
        "print(sorted({'tomllib', 'convarchive.settings', 'convarchive.compliance.access',"
        " 'pathlib', 'filelock'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{script}",
         str(mine.directory)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")
