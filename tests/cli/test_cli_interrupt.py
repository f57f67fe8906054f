"""Ctrl-C during a sync: the first finishes what is under way, the second stops at once.

The vendor is the sandbox behind a gate of ours, which holds a request back until the test lets it
go on: so a sync is surely in the middle of something when it is interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from convarchive.sandbox import Sandbox

Cli = Callable[..., Any]

COUNT = 40

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does it")


class Gate(NamedTuple):
    """A vendor that stops at the tenth detail until it may go on."""

    directory: str
    asked: threading.Event
    go_on: threading.Event

    def sync(self) -> subprocess.Popen[str]:
        """A sync that has come to the gate."""
        process = subprocess.Popen(
            [sys.executable, "-m", "convarchive", "-a", self.directory, "sync", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"AYRA_API_KEY": "sk_test_x"},
        )  # fmt: skip
        assert self.asked.wait(60)
        return process


@pytest.fixture
def gate(tmp_path: Path, serve: Callable[..., str], cli: Cli) -> Iterator[Gate]:
    """An archive of a vendor that stops in the middle."""
    asked, go_on, details = threading.Event(), threading.Event(), []

    with Sandbox(count=COUNT) as sandbox, httpx.Client(base_url=sandbox.base_url) as client:

        def answer(path: str) -> tuple[int, str, bytes]:
            if path.startswith("/v1/conversations/"):
                details.append(path)
            if len(details) >= 10:
                asked.set()
                go_on.wait(60)
            passed = client.get(path, headers={"Authorization": "Bearer sk_test_x"})
            return passed.status_code, passed.headers["content-type"], passed.content

        directory = str(tmp_path / "calls")
        made = cli("init", directory, "--source", "ayra", "--base-url", serve(answer))
        assert made.returncode == 0
        yield Gate(directory, asked, go_on)
        go_on.set()


def wait_until_it_says_so(process: subprocess.Popen[str]) -> None:
    """Until it has heard the first Ctrl-C."""
    assert process.stderr is not None
    while "Ctrl-C again stops at once" not in process.stderr.readline():
        assert process.poll() is None


def test_the_first_finishes_what_is_under_way(gate: Gate, cli: Cli) -> None:
    """It stores what was asked for, says that it was interrupted, and exits with 130."""
    process = gate.sync()
    process.send_signal(signal.SIGINT)
    wait_until_it_says_so(process)
    gate.go_on.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in err
    assert "Run the same command again" in err
    (source,) = json.loads(out)["sources"]
    assert 9 <= source["new"] < COUNT
    assert source["complete"] is False
    assert "Traceback" not in err


def test_run_again_to_go_on(gate: Gate, cli: Cli) -> None:
    """The same command fetches the rest, and only that."""
    process = gate.sync()
    process.send_signal(signal.SIGINT)
    wait_until_it_says_so(process)
    gate.go_on.set()
    first = json.loads(process.communicate(timeout=60)[0])["sources"][0]["new"]
    again = cli("-a", gate.directory, "sync", "--json", env={"AYRA_API_KEY": "sk_test_x"})
    assert again.returncode == 0
    assert json.loads(again.stdout)["sources"][0]["new"] == COUNT - first
    assert cli("-a", gate.directory, "search", "--count").stdout == f"{COUNT}\n"


def test_the_second_stops_at_once(gate: Gate, cli: Cli) -> None:
    """It does not wait for the vendor, and nothing that was stored before is lost."""
    process = gate.sync()
    process.send_signal(signal.SIGINT)
    wait_until_it_says_so(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)  # the vendor still holds its answers back
    assert (process.returncode, out) == (130, "")
    assert "Interrupted" in err
    assert "Traceback" not in err
    gate.go_on.set()
    again = cli("-a", gate.directory, "sync", env={"AYRA_API_KEY": "sk_test_x"})
    assert again.returncode == 0
    assert cli("-a", gate.directory, "search", "--count").stdout == f"{COUNT}\n"


def test_a_polite_end_is_the_same(gate: Gate) -> None:
    """SIGTERM, as a service manager sends it, is like the first Ctrl-C."""
    process = gate.sync()
    process.send_signal(signal.SIGTERM)
    wait_until_it_says_so(process)
    gate.go_on.set()
    assert json.loads(process.communicate(timeout=60)[0])["complete"] is False
    assert process.returncode == 130
