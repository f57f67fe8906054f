"""Bad input of every kind: each is told in a sentence, and nothing is lost by it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive
from convarchive.sandbox import Sandbox

Run = Callable[..., Any]
Serve = Callable[..., str]

READING = (["list"], ["search", "x"], ["show", "conv_x"], ["status"], ["problems"], ["export"],
           ["history", "conv_x"], ["path"], ["source", "list"], ["backup", "copy"])  # fmt: skip
WRITING = (["sync"], ["reindex"], ["rebuild"], ["problems", "--retry"])


def told(ran: Any, code: int) -> str:
    """The error, if it is one as errors should be; it is on the standard error alone."""
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("convarchive: ")
    assert ran.err.splitlines()[0].endswith(".")
    assert "Traceback" not in ran.err
    assert "should not" not in ran.err  # the words of the last resort
    return str(ran.err)


@pytest.mark.parametrize("args", [*READING, *WRITING])
def test_no_archive(run: Run, args: list[str]) -> None:
    """Every command says that there is none, and how to make one."""
    for where in ([], ["-a", "nowhere"]):
        err = told(run(*where, *args), 6)
        assert "convarchive init" in err
        assert "convarchive demo" in err
    assert not list(Path().iterdir())


@pytest.mark.parametrize("args", [*READING, *WRITING])
def test_an_archive_from_the_future(run: Run, tmp_path: Path, args: list[str]) -> None:
    """What a later version has written is left alone, with the advice to update."""
    assert run("init", "calls", "--source", "ayra").code == 0
    with sqlite3.connect("calls/archive.db") as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version={version + 1}")
    connection.close()
    err = told(run("-a", "calls", *args), 1)
    assert "later version" in err
    assert "pip install -U convarchive" in err


@pytest.mark.parametrize("args", [["list"], ["status"], ["sync"], ["rebuild"]])
def test_a_file_that_is_no_database(run: Run, args: list[str]) -> None:
    """Garbage where the database should be is damage, told as such."""
    assert run("init", "calls", "--source", "ayra").code == 0
    Path("calls/archive.db").write_bytes(b"garbage " * 1000)
    assert "damaged" in told(run("-a", "calls", *args), 1)


@pytest.mark.parametrize("text", ["[sources", "[sources.x]\nkind = 1", "sources = 1", "\xff\xfe"])
def test_wrong_settings(run: Run, text: str) -> None:
    """Settings that make no sense name the file; what needs none of them goes on."""
    assert run("init", "calls").code == 0
    Path("calls/convarchive.toml").write_bytes(text.encode("latin-1"))
    for args in (["sync"], ["source", "list"], ["source", "add", "ayra"]):
        assert "convarchive.toml" in told(run("-a", "calls", *args), 2)
    assert run("-a", "calls", "list").code == 0


def test_an_empty_archive_cannot_be_searched_for_much(run: Run) -> None:
    """Before the first sync a search finds nothing, or says that there is no index; both calmly."""
    run("init", "calls", "--source", "ayra")
    ran = run("-a", "calls", "search", "refund", "--json")
    if ran.code == 0:
        assert json.loads(ran.out)["total"] == 0
    else:
        assert "convarchive reindex" in told(ran, 1)


@pytest.fixture
def calls(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Run]:
    """Makes an archive of what is behind a base URL; gives what runs commands on it."""
    monkeypatch.setenv("AYRA_API_KEY", "sk_test_x")

    def calls(base_url: str) -> Run:
        assert run("init", "calls", "--source", "ayra", "--base-url", base_url).code == 0
        return lambda *args: run("-a", "calls", *args)

    return calls


@pytest.mark.parametrize("command", [["sync"], ["source", "test", "ayra"]])
def test_nothing_behind_the_base_url(calls: Callable[[str], Run], command: list[str]) -> None:
    """Nobody there: which address, why, and what to check."""
    ran = calls("http://127.0.0.1:1")(*command)
    err = ran.err
    assert ran.code == 1
    assert "http://127.0.0.1:1 does not answer" in err
    assert "Check the base URL" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("status", [200, 404, 301])
@pytest.mark.parametrize("body", [b"<html><body>Welcome</body></html>", b"", b"\x00\xff", b"{}"])
def test_something_else_behind_the_base_url(
    calls: Callable[[str], Run], serve: Serve, status: int, body: bytes
) -> None:
    """A web page, nothing, bytes or other JSON: not the API, and told so; nothing is stored."""
    run = calls(serve(lambda _path: (status, "text/html", body)))
    ran = run("sync")
    assert ran.code == 1
    assert ran.err.startswith("convarchive: ")
    assert "Traceback" not in ran.err
    assert "should not" not in ran.err
    assert run("list", "--ids").out == ""


@pytest.mark.parametrize("url", ["not a url", "ftp://example.org", "http://", "http://[::1"])
def test_no_base_url_at_all(calls: Callable[[str], Run], url: str) -> None:
    """What is no address of a web server is a wrong setting."""
    told(calls(url)("sync"), 2)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "clé", "\x1b[31m"])
def test_a_key_that_can_be_none(
    calls: Callable[[str], Run], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Such a key is refused before it is sent, without being told."""
    run = calls("http://127.0.0.1:1")
    monkeypatch.setenv("AYRA_API_KEY", key)
    assert key not in told(run("sync"), 2)


def test_half_of_a_surrogate_pair(calls: Callable[[str], Run], serve: Serve) -> None:
    """JSON can smuggle in what is no character; it is stored, found, shown and exported."""
    call = {
        "id": "conv_surrogate", "status": "completed", "start_time": "2026-01-01T00:00:00Z",
        "summary": "zebra \ud800", "topics": ["\udfff"],
        "transcript": {"messages": [{"speaker": "customer", "text": "zebra \ud83d end"}]},
    }  # fmt: skip

    def answer(path: str) -> tuple[int, str, bytes]:
        body = {"data": call if path.startswith("/v1/conversations/") else [call]}
        return 200, "application/json", json.dumps(body).encode("ascii")

    run = calls(serve(answer))
    assert run("sync").code == 0
    show = ["show", "conv_surrogate"]
    for args in (
        ["search", "zebra"], ["search", "zebra", "--json"], ["list", "--csv"], show,
        [*show, "--format", "json"], ["history", "conv_surrogate", "--json"], ["export"],
        ["export", "-f", "csv"],
    ):  # fmt: skip
        ran = run(*args)
        assert (ran.code, "conv_surrogate" in ran.out) == (0, True)
    assert "zebra � end" in run("show", "conv_surrogate").out


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("a small disk takes root to mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk(run: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was stored stays, and with more room the same command fetches the rest."""
    with Sandbox(count=400) as sandbox:
        monkeypatch.setenv("AYRA_API_KEY", sandbox.key)
        calls = small_disk / "calls"
        assert run("init", calls, "--source", "ayra", "--base-url", sandbox.base_url).code == 0
        full = run("-a", calls, "sync")
        assert full.code == 1
        assert "disk is full" in full.err
        assert "Traceback" not in full.err
        assert "should not" not in full.err
        stored = len(run("-a", calls, "list", "--ids", "-n", "0").out.split())
        assert stored < 400
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        again = run("-a", calls, "sync", "--json")
        assert again.code == 0
        assert json.loads(again.out)["sources"][0]["new"] == 400 - stored
        assert run("-a", calls, "search", "--count").out == "400\n"


@pytest.mark.parametrize(("form", "name"), [("jsonl", "x"), ("srt", "x"), ("raw", "x.zip")])
def test_no_room_for_an_export(
    run: Run, synced: Archive, small_disk: Path, form: str, name: str
) -> None:
    """Nothing is left of an export that has no room."""
    (small_disk / "fill").write_bytes(b"x" * 1_990_000)
    ran = run("-a", synced.directory, "export", "-f", form, "-o", small_disk / name)
    assert "No room" in told(ran, 1)
    assert [path.name for path in small_disk.iterdir()] == ["fill"]


def test_no_room_for_a_backup(run: Run, synced: Archive, small_disk: Path) -> None:
    """Nothing is left of a backup that has no room."""
    (small_disk / "fill").write_bytes(b"x" * 1_500_000)
    assert "full" in told(run("-a", synced.directory, "backup", small_disk / "copy"), 1)
    assert [path.name for path in small_disk.iterdir()] == ["fill"]
