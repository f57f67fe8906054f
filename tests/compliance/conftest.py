"""What tests of the evidence start from."""

from __future__ import annotations

import contextlib
import io
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compliance.signed import ODD, SOUND, Holds, Proved, make, prover
from tests.compliance.tampering import prepare
from tests.conftest import KEY_VARIABLE, make_archive

from convarchive import Archive, settings
from convarchive.compliance import proofs
from convarchive.sandbox import Sandbox
from convarchive.store import clock, ledger
from convarchive.store.database import transaction


@pytest.fixture
def key_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data directory of this test alone."""
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    return home


@pytest.fixture
def signed(tmp_path: Path, key_home: Path) -> Iterator[Archive]:
    """An empty archive with a key."""
    with Archive.create(tmp_path / "archive") as archive:
        yield archive


def grow(archive: Archive, entries: int = 1) -> None:
    """Put something into the ledger."""
    with archive.writing("test") as connection, transaction(connection):
        for number in range(entries):
            ledger.append(connection, "test", clock.now(), number=number)


def call(vendor: Sandbox) -> None:
    """There is one more conversation."""
    name = f"conv_new_{len(vendor.upstream)}"
    vendor.upstream.put({"id": name, "status": "completed", "start_time": clock.now()})


def sign(archive: Archive, **given: str) -> None:
    """Write settings into the table ``[signing]``."""
    for name, value in given.items():
        settings.put(archive.directory, "signing", name, value)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Three conversations."""
    with Sandbox(count=3) as running:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", running.key)
        yield running


@pytest.fixture
def mirror(tmp_path: Path, key_home: Path, vendor: Sandbox) -> Iterator[Archive]:
    """An archive of them that is still empty."""
    with make_archive(tmp_path / "mirror", vendor.base_url) as archive:
        yield archive


def tamper(archive: Archive, *statements: str) -> None:
    """Do to the database what its triggers forbid."""
    with sqlite3.connect(archive.directory / "archive.db") as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = triggers.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Proved:
    """Five conversations, one of them changed since."""
    directory = tmp_path_factory.mktemp("proved") / "archive"
    with make(directory) as archive:
        vkey = archive.verifier_keys()[-1]
        return Proved(directory, vkey, archive.find(ODD), archive.find("conv_1"))


@pytest.fixture
def mine(proved: Proved, tmp_path: Path) -> Proved:
    """The same, to be changed."""
    shutil.copytree(proved.directory, tmp_path / "archive")
    return proved._replace(directory=tmp_path / "archive")


@pytest.fixture(scope="module")
def proof(proved: Proved) -> proofs.Proof:
    """Of the conversation that changed: its newest state, and its recording."""
    with prover(proved) as made:
        return made.of(proved.key)


@pytest.fixture(scope="module")
def documents(proved: Proved, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The vendor's bytes of that conversation, and its sound."""
    folder = tmp_path_factory.mktemp("documents")
    with Archive.open(proved.directory) as archive:
        for name, body in archive.documents(proved.key):
            (folder / f"{name}.json").write_bytes(body)
    (folder / "sound.wav").write_bytes(SOUND)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def holds(tmp_path_factory: pytest.TempPathFactory) -> Holds:
    """``holds(proof, *documents, key=…)``: what the checker says, in this process to be fast."""
    from convarchive import verify_proof

    path = tmp_path_factory.mktemp("checked") / "p.proof.json"

    def holds(proof: proofs.Proof | bytes, *documents: Path, key: str | None = None) -> bool:
        path.write_bytes(proof if isinstance(proof, bytes) else proofs.written(proof))
        options = [] if key is None else ["--key", key]
        arguments = ["verify_proof.py", str(path), *options, *map(str, documents)]
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            patch.setattr(sys, "argv", arguments)
            try:
                verify_proof.main()
            except Exception:  # noqa: BLE001 - as the program itself: any error is a no
                return False
        return True

    return holds


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in which everything has happened."""
    directory = tmp_path_factory.mktemp("prepared") / "archive"
    with Sandbox(count=30, seed=5) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, sandbox.key)
        with make_archive(directory, sandbox.base_url) as archive:
            prepare(archive, sandbox)
    return directory


@pytest.fixture
def spoilt(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(prepared, tmp_path / "spoilt"))
