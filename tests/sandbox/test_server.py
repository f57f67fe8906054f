"""The server: where it listens, what it serves, how it stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from convarchive.errors import UsageError
from convarchive.sandbox import Sandbox
from convarchive.sandbox.demo import conversations, folder


def _total(sandbox: Sandbox) -> int:
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    body = httpx.get(f"{sandbox.base_url}/v1/conversations", headers=headers).json()
    total: int = body["pagination"]["total"]
    return total


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_loopback_only(shared: Sandbox) -> None:
    """It listens on 127.0.0.1, on a port of its own."""
    assert shared.base_url == f"http://127.0.0.1:{shared.port}"
    assert shared.port > 0


def test_stops(data: Path) -> None:
    """After it stopped nothing answers there, and its thread is gone."""
    before = threading.active_count()
    with Sandbox(data=data) as sandbox:
        assert _total(sandbox) == 5
    with pytest.raises(httpx.ConnectError):
        _total(sandbox)
    assert threading.active_count() == before


def test_starts_again_on_the_same_port(data: Path) -> None:
    """A sandbox that was stopped can be started again where it was, with its changes."""
    sandbox = Sandbox(data=data).start()
    url = sandbox.base_url
    sandbox.stop()
    sandbox.upstream.remove("conv_aaaaaaaaaaa1")
    with sandbox:
        assert sandbox.base_url == url
        assert _total(sandbox) == 4


def test_start_and_stop_twice(data: Path) -> None:
    """Starting what runs and stopping what does not run change nothing."""
    sandbox = Sandbox(data=data)
    sandbox.stop()
    with sandbox:
        port = sandbox.start().port
        assert sandbox.port == port
    sandbox.stop()


def test_port_taken(data: Path, taken: int) -> None:
    """A port that is taken is one clear sentence, not a traceback."""
    with pytest.raises(UsageError, match=rf"cannot listen on port {taken}"):
        Sandbox(data=data, port=taken).start()


def test_impossible_port(data: Path) -> None:
    """A port that cannot be is the same kind of error."""
    with pytest.raises(UsageError, match="70000"):
        Sandbox(data=data, port=70_000).start()


def test_no_data(tmp_path: Path) -> None:
    """A directory without conversations is named in the error."""
    with pytest.raises(UsageError, match="no conversations to serve"):
        Sandbox(data=tmp_path)


@pytest.mark.parametrize("text", ["{", "{}", '[{"id": "a"}]', "[1]"])
def test_broken_file(tmp_path: Path, text: str) -> None:
    """A file that holds no conversations is named in the error."""
    (tmp_path / "conversations").mkdir()
    (tmp_path / "conversations" / "bad.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"bad\.json"):
        Sandbox(data=tmp_path)


def test_files_or_count(data: Path) -> None:
    """Files and a count cannot be had at once."""
    with pytest.raises(UsageError, match="either"):
        Sandbox(data=data, count=5)


def test_demo_conversations() -> None:
    """Those that come with the package can all be served, and no id is there twice."""
    payloads = conversations(folder())
    with Sandbox() as sandbox:
        assert _total(sandbox) == len(payloads) == len({one["id"] for one in payloads}) > 10


def test_many_calls() -> None:
    """Two hundred thousand calls can be served, and those asked for are made then."""
    with Sandbox(count=200_000) as sandbox:
        assert _total(sandbox) == len(sandbox.upstream) == 200_000


def test_many_calls_take_no_room() -> None:
    """A call that nobody asked for takes less than fifty bytes."""
    tracemalloc.start()
    sandbox = Sandbox(count=20_000)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(sandbox.upstream) < 50


def test_run_until_interrupted(data: Path) -> None:
    """``run`` serves until Ctrl-C and then returns, quietly."""
    script = (
        "import sys, pathlib; from convarchive.sandbox import Sandbox\n"
        f"sandbox = Sandbox(data=pathlib.Path({str(data)!r})).start()\n"
        "print(sandbox.base_url, flush=True); sandbox.run(); print('over')"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/v1/conversations").status_code == 401
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10) == ("over\n", "")
    assert process.returncode == 0
