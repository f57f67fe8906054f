"""``sync`` left alone: again and again, in a log, for a monitor, and without fetching anything."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive
from convarchive.sandbox import Sandbox

Run = Callable[..., Any]
Serve = Callable[..., str]


@pytest.fixture
def sync(run: Run, archive: Archive, sandbox: Sandbox) -> Run:
    """Runs a sync of five conversations."""
    for identifier in sandbox.upstream.ids()[5:]:
        sandbox.upstream.remove(identifier)

    def sync(*args: str) -> Any:
        return run("-a", archive.directory, "sync", *args)

    return sync


def test_dry_run(sync: Run, run: Run, archive: Archive, sandbox: Sandbox) -> None:
    """``--dry-run`` lists, says so, and stores nothing."""
    ran = sync("--dry-run", "--json")
    (source,) = json.loads(ran.out)["sources"]
    assert (ran.code, source["listed"], source["fetched"]) == (0, 5, 0)
    assert set(sandbox.requests) == {"list"}
    assert run("-a", archive.directory, "list", "--ids").out == ""
    assert "nothing was fetched" in sync("--dry-run").out
    assert json.loads(sync("--json").out)["sources"][0]["new"] == 5


def test_dry_run_leaves_the_index(sync: Run, archive: Archive) -> None:
    """``--dry-run`` indexes nothing either."""
    sync()
    with archive.writing("test") as connection:
        connection.execute("INSERT INTO index_queue (conversation) SELECT key FROM conversations")
    sync("--dry-run")
    assert archive.unindexed() == 5
    sync()
    assert archive.unindexed() == 0


def test_a_log(sync: Run) -> None:
    """``--log-json`` says everything on the standard error as JSON, an object a line."""
    ran = sync("--log-json")
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert (ran.code, ran.out) == (0, "")
    assert all({"time", "level", "event"} <= event.keys() for event in events)
    assert all(event["time"].endswith("Z") for event in events)
    (synced,) = [event for event in events if event["event"] == "synced"]
    assert (synced["source"], synced["new"], synced["complete"]) == ("ayra", 5, True)


def test_a_log_of_a_failure(sync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is in the log, and in the exit code."""
    monkeypatch.setenv("CONVARCHIVE_TEST_KEY", "wrong")
    ran = sync("--log-json")
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert (ran.code, ran.out) == (5, "")
    assert [event["exit_code"] for event in events if event["event"] == "failed"] == [5]


def test_metrics(sync: Run) -> None:
    """``--metrics`` writes figures as Prometheus reads them, replacing those of before."""
    sync()
    Path("figures.prom").write_text("old")
    assert sync("--metrics", "figures.prom").code == 0
    lines = Path("figures.prom").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r'#.*|convarchive_\w+(\{source="ayra"\})? \S+', line) for line in lines)
    assert 'convarchive_conversations{source="ayra"} 5' in lines
    assert 'convarchive_last_sync_new{source="ayra"} 0' in lines
    assert [path.name for path in Path().iterdir() if "prom" in path.name] == ["figures.prom"]


def test_no_place_for_metrics(sync: Run) -> None:
    """A file that can't be written is told, after everything was stored."""
    ran = sync("--metrics", "no/such/directory.prom")
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert json.loads(sync("--json").out)["sources"][0]["new"] == 0


@pytest.mark.parametrize("length", ["soon", "15", "m", "-1m", "²m"])
def test_no_length_of_time(sync: Run, length: str) -> None:
    """What is no length of time is refused at once."""
    ran = sync("--every", length)
    assert (ran.code, ran.out) == (2, "")
    assert "--every" in ran.err


@contextmanager
def forever(archive: Archive, every: str) -> Iterator[subprocess.Popen[str]]:
    """A sync that goes on for ever."""
    command = [sys.executable, "-m", "convarchive", "-a", str(archive.directory), "sync"]
    process = subprocess.Popen(
        [*command, "--every", every], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does it")
@pytest.mark.parametrize("every", ["1h", "99999999w"])
def test_ctrl_c_between_two(archive: Archive, sync: Run, every: str) -> None:
    """While it waits for the next time there is nothing to finish: it ends at once, and well."""
    with forever(archive, every) as process:
        assert process.stdout is not None
        assert "5 new" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does it")
def test_again_and_again(run: Run, archive: Archive, sandbox: Sandbox, serve: Serve) -> None:
    """It goes on after a failure, too."""
    enough = threading.Event()
    asked: list[str] = []

    def answer(path: str) -> tuple[int, str, bytes]:
        asked.append(path)
        if len(asked) > 3:
            enough.set()
        status = 404 if len(asked) == 1 else 200
        return status, "application/json", b'{"data": []}'

    settings = archive.directory / "convarchive.toml"
    settings.write_text(settings.read_text().replace(sandbox.base_url, serve(answer)))
    with forever(archive, "0m") as process:
        assert enough.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130)  # between two, or in the middle of one
    assert "answered 404" in err
