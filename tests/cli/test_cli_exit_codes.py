"""The exit codes, as processes: what a script sees."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive
from convarchive.sandbox import Sandbox

Cli = Callable[..., Any]
Serve = Callable[..., str]


def in_the_archive(cli: Cli, archive: Archive) -> Cli:
    """The command line on this archive."""
    return lambda *args, **options: cli("-a", str(archive.directory), *args, **options)


def test_0_done(cli: Cli, synced: Archive) -> None:
    """Done, all of it: data on the standard output, nothing else anywhere."""
    done = in_the_archive(cli, synced)("list", "--ids", "-n", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 126


def test_1_failed(cli: Cli, archive: Archive) -> None:
    """Failed: nothing answers where the vendor should be."""
    settings = archive.directory / "convarchive.toml"
    settings.write_text(
        '[sources.ayra]\nkind = "ayra"\nbase_url = "http://127.0.0.1:1"\n'
        'api_key_env = "CONVARCHIVE_TEST_KEY"\n'
    )
    done = in_the_archive(cli, archive)("sync")
    assert done.returncode == 1
    assert "http://127.0.0.1:1 does not answer." in done.stderr


@pytest.mark.parametrize(
    "args", [["search", "statsu:x"], ["search", "--nope"], ["nope"], ["show"], []]
)
def test_2_wrong_usage(cli: Cli, synced: Archive, args: list[str]) -> None:
    """Wrong usage or a wrong query: nothing on the standard output."""
    done = in_the_archive(cli, synced)(*args)
    assert (done.returncode, done.stdout) == (2, "")


def test_2_wrong_settings(cli: Cli, archive: Archive) -> None:
    """Wrong settings, and a missing key."""
    without = in_the_archive(cli, archive)("sync", env={"CONVARCHIVE_TEST_KEY": ""})
    assert without.returncode == 2
    assert "CONVARCHIVE_TEST_KEY" in without.stderr
    (archive.directory / "convarchive.toml").write_text("[sources.ayra\n")
    assert in_the_archive(cli, archive)("sync").returncode == 2


def test_3_some_could_not_be(cli: Cli, archive: Archive, sandbox: Sandbox) -> None:
    """Done, but for some items; the command that names them is named, and names them."""
    broken = sandbox.upstream.ids()[0]
    for identifier in sandbox.upstream.ids()[2:]:
        sandbox.upstream.remove(identifier)
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    payload = sandbox.upstream.get(broken)
    assert payload is not None
    sandbox.upstream.put(payload | {"quality": deep})
    done = in_the_archive(cli, archive)("sync")
    assert done.returncode == 3
    assert "convarchive problems" in done.stderr
    assert in_the_archive(cli, archive)("problems", "--ids").stdout == f"{broken}\n"


def test_4_another_process_is_writing(cli: Cli, tmp_path: Path, serve: Serve) -> None:
    """A second sync at once is refused, and told who has the archive; reading goes on."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(_path: str) -> tuple[int, str, bytes]:
        asked.set()
        assert go_on.wait(60)
        return 200, "application/json", b'{"data": []}'

    directory = str(tmp_path / "calls")
    url = serve(answer)
    assert cli("init", directory, "--source", "ayra", "--base-url", url).returncode == 0
    command = [sys.executable, "-m", "convarchive", "-a", directory]
    env = {"AYRA_API_KEY": "sk_test_x"}
    first = subprocess.Popen([*command, "sync"], env=os.environ | env, stdout=subprocess.PIPE)
    try:
        assert asked.wait(60)
        for args in (["sync"], ["reindex"], ["rebuild"], ["problems", "--retry"]):
            refused = cli("-a", directory, *args, env=env)
            assert (refused.returncode, refused.stdout) == (4, "")
            assert f"It is pid {first.pid}, sync, since " in refused.stderr
        assert cli("-a", directory, "status").returncode == 0
    finally:
        go_on.set()
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert cli("-a", directory, "sync", env=env).returncode == 0


def test_5_the_key_is_refused(cli: Cli, archive: Archive) -> None:
    """The vendor refused the key; its own words are passed on, the key is not."""
    done = in_the_archive(cli, archive)("sync", env={"CONVARCHIVE_TEST_KEY": "sk_live_secret"})
    assert done.returncode == 5
    assert "AUTH_005" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    "args", [["-a", "nowhere", "list"], ["list"], ["show", "conv_nobody"], ["sync", "nobody"]]
)
def test_6_no_such_thing(cli: Cli, synced: Archive, args: list[str]) -> None:
    """No such archive, source or conversation."""
    env = {"CONVARCHIVE_DIR": str(synced.directory)} if args[0] in ("show", "sync") else {}
    done = cli(*args, env=env)
    assert (done.returncode, done.stdout) == (6, "")


def test_the_code_stays_when_a_trace_is_asked_for(cli: Cli, synced: Archive) -> None:
    """``-vv`` shows where an error came from beside the words, and changes no exit code."""
    quiet = in_the_archive(cli, synced)("show", "conv_nobody")
    loud = in_the_archive(cli, synced)("-vv", "show", "conv_nobody")
    assert (quiet.returncode, loud.returncode) == (6, 6)
    assert "Traceback" in loud.stderr
    assert loud.stderr.endswith(quiet.stderr)
    assert "Traceback" not in quiet.stderr
