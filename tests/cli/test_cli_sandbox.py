"""``sandbox``: the local API as a process of its own, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

Run = Callable[..., Any]


@contextmanager
def sandbox(*args: str) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """A sandbox that runs: its base URL, a key, and the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "convarchive", "sandbox", "--port", "0", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url, key = (process.stdout.readline().split()[1] for _ in range(2))
        yield url, key, process
    finally:
        process.kill()
        process.communicate()


def test_until_ctrl_c() -> None:
    """It says where it is and a key that is good, serves, and ends well on Ctrl-C."""
    with sandbox() as (url, key, process):
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx.get(f"{url}/v1/conversations", headers=headers)
        assert answer.json()["pagination"]["total"] == 126
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert f"--base-url {url}" in err


@pytest.mark.slow
def test_as_many_as_wanted() -> None:
    """``--count`` makes conversations up; the same seed makes up the same."""
    listed = []
    for seed in ("7", "7", "8"):
        with sandbox("--count", "3", "--seed", seed) as (url, key, _):
            headers = {"Authorization": f"Bearer {key}"}
            listed.append(httpx.get(f"{url}/v1/conversations", headers=headers).json()["data"])
    assert len(listed[0]) == 3
    assert [each["id"] for each in listed[0]] == [each["id"] for each in listed[1]]
    assert [each["id"] for each in listed[0]] != [each["id"] for each in listed[2]]


def test_a_rate_limit() -> None:
    """``--rate-limit`` refuses what is too much in a minute."""
    with sandbox("--count", "3", "--rate-limit", "2") as (url, key, _):
        headers = {"Authorization": f"Bearer {key}"}
        codes = [httpx.get(f"{url}/v1/conversations", headers=headers).status_code for _ in "abc"]
    assert codes == [200, 200, 429]


def test_what_it_says_to_type_works(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three commands that it prints mirror it."""
    with sandbox("--count", "3") as (url, key, _):
        monkeypatch.setenv("AYRA_API_KEY", key)
        assert run("init", "sandbox-archive", "--source", "ayra", "--base-url", url).code == 0
        ran = run("-a", "sandbox-archive", "sync", "--json")
    assert json.loads(ran.out)["sources"][0]["new"] == 3


def test_a_port_that_is_taken(run: Run) -> None:
    """A port that another program has is told in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("sandbox", "--port", str(taken.getsockname()[1]))
    assert (ran.code, ran.out) == (2, "")
    assert "cannot listen" in ran.err
