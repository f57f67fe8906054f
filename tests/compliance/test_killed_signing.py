"""Killed at any instant, signing is finished by the next run, and no key is lost."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.compliance.conftest import grow

from convarchive import Archive
from convarchive.compliance import keys

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")


def killed(directory: Path, new: bool, number: int) -> bool:
    """Sign until this instant; whether there was one."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.compliance.doomed_signing", str(directory),
         "new" if new else "same", str(number)],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def copy(original: Archive, to: Path) -> Path:
    """The archive, to be harmed."""
    original.close()
    shutil.copytree(original.directory, to)
    return to


def assert_signed(archive: Archive) -> None:
    """Every checkpoint is whole and signed, the newest is of now, and nothing half is left."""
    home = keys.usual_place(archive._connection()).parent
    assert not list(home.glob(".part-*"))
    kept = archive.checkpoints()
    assert kept
    assert [each.error for each in kept] == [""] * len(kept)
    assert kept[-1].size == archive.ledger_entries()
    assert kept[-1].signed_by == (archive.verifier_keys()[-1],)
    assert not list(archive.directory.rglob(".part-*"))


@pytest.mark.slow
def test_killed_while_the_first_key_is_made(signed: Archive, tmp_path: Path) -> None:
    """At every instant: the next run signs, with a key that the ledger has once."""
    place = keys.usual_place(signed._connection())
    with signed.writing("test") as connection:
        connection.execute("DROP TRIGGER ledger_is_not_shortened")
        connection.execute("DELETE FROM ledger WHERE kind = 'key'")
    for number in itertools.count(1):
        place.unlink(missing_ok=True)
        directory = copy(signed, tmp_path / f"copy-{number}")
        if not killed(directory, False, number):
            break
        made = place.read_bytes() if place.exists() else None
        with Archive.open(directory) as archive:
            archive.checkpoint()
            assert_signed(archive)
            assert len(archive.verifier_keys()) == 1
        assert made in (None, place.read_bytes())
    assert number > 10


@pytest.mark.slow
def test_killed_while_a_new_key_is_made(signed: Archive, tmp_path: Path) -> None:
    """At every instant: asked for again, it is there, and the old one is kept."""
    signed.checkpoint()
    grow(signed)
    place = keys.usual_place(signed._connection())
    old = place.read_bytes()
    for number in itertools.count(1):
        shutil.rmtree(place.parent)
        place.parent.mkdir()
        place.write_bytes(old)
        directory = copy(signed, tmp_path / f"copy-{number}")
        if not killed(directory, True, number):
            break
        with Archive.open(directory) as archive:
            archive.checkpoint(new_key=True)
            assert_signed(archive)
            assert len(archive.verifier_keys()) in (2, 3)
        assert old in [path.read_bytes() for path in place.parent.glob("*.pem")]
    assert number > 10


def test_killed_at_one_instant(signed: Archive) -> None:
    """A sample of what the slow tests do everywhere."""
    grow(signed)
    assert killed(signed.directory, False, 3)
    signed.checkpoint()
    assert_signed(signed)
