"""What many tests start from: a running sandbox, an archive of it, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from convarchive import Archive, settings
from convarchive.sandbox import Sandbox
from convarchive.sources import pace

KEY_VARIABLE = "CONVARCHIVE_TEST_KEY"

# How long an example takes says more of the machine than of the program.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def make_archive(directory: Path, base_url: str) -> Archive:
    """An empty archive with one source, ``ayra``, whose key is in the environment."""
    archive = Archive.create(directory)
    source = settings.SourceSettings("ayra", "ayra", base_url, KEY_VARIABLE)
    settings.add_source(directory, source)
    return archive


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the person who runs the tests reaches them; the zone is UTC."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("CONVARCHIVE_") or name in (
                "AYRA_API_KEY",
                "NO_COLOR",
                "FORCE_COLOR",
            ):
                patch.delenv(name)
        patch.setenv("TZ", "UTC")
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("user-data")))
        # The same pauses, a hundred times as short: nobody learns anything from waiting.
        patch.setattr(pace, "SHORTEST_BACKOFF", 0.0005)
        patch.setattr(pace, "FIRST_BACKOFF", 0.005)
        yield


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The demo's conversations behind a real server; the key is in the environment."""
    with Sandbox() as running:
        monkeypatch.setenv(KEY_VARIABLE, running.key)
        yield running


@pytest.fixture
def archive(tmp_path: Path, sandbox: Sandbox) -> Iterator[Archive]:
    """An empty archive whose source is the sandbox."""
    with make_archive(tmp_path / "archive", sandbox.base_url) as made:
        yield made


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of all the demo's conversations, to be read only."""
    directory = tmp_path_factory.mktemp("synced") / "archive"
    with Sandbox() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, running.key)
        made = make_archive(directory, running.base_url)
        report = made.sync()
        assert report.complete
    with made:
        yield made


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs the command line as a process of its own, in an empty directory."""

    def run(*args: str, **options: object) -> subprocess.CompletedProcess[str]:
        env = os.environ | dict(options.pop("env", {}) or {})  # type: ignore[call-overload]
        return subprocess.run(
            [sys.executable, "-m", "convarchive", *args],
            capture_output=True, text=True, encoding="utf-8", cwd=options.pop("cwd", tmp_path),
            env=env, timeout=120, **options,
        )  # type: ignore[call-overload]  # fmt: skip

    return run
