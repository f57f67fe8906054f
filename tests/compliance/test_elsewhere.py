"""A checkpoint goes where the settings say, and what failed is tried again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.compliance.conftest import call, sign

from convarchive import Archive, settings
from convarchive.errors import UsageError
from convarchive.sandbox import Sandbox


@pytest.fixture
def outbox(tmp_path: Path, mirror: Archive) -> Callable[[], list[str]]:
    """A command that files what it gets, or fails while there is a file ``down``."""
    folder = tmp_path / "outbox"
    folder.mkdir()
    program = tmp_path / "command.py"
    program.write_text(
        "import os, pathlib, shutil, sys\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "path = pathlib.Path(os.environ['CONVARCHIVE_CHECKPOINT'])\n"
        "if (folder / 'down').exists(): sys.exit('The mail is down')\n"
        "assert path.read_bytes() == sys.stdin.buffer.read()\n"
        "shutil.copy(path, folder)\n"
    )
    sign(mirror, checkpoint_command=f"'{sys.executable}' '{program}'")
    return lambda: sorted(path.name for path in folder.glob("*.txt"))


def test_a_command_gets_each_checkpoint(
    mirror: Archive, vendor: Sandbox, outbox: Callable[[], list[str]]
) -> None:
    """On its standard input, and its path in a variable; each once."""
    for _ in range(2):
        call(vendor)
        assert mirror.sync().unkept is None
    names = [each.path.name for each in mirror.checkpoints() if each.path]
    assert outbox() == names
    assert len(names) == 2


def test_a_command_that_fails_is_tried_again(
    mirror: Archive, vendor: Sandbox, outbox: Callable[[], list[str]], tmp_path: Path
) -> None:
    """The sync says so and has stored all the same; the next one hands over the newest."""
    (tmp_path / "outbox" / "down").touch()
    for _ in range(2):
        call(vendor)
        report = mirror.sync()
        assert report.complete
        assert report.unkept is not None
        assert report.unkept.exit_code == 3
        assert "The mail is down" in str(report.unkept)
    (tmp_path / "outbox" / "down").unlink()
    mirror.checkpoint()
    names = [each.path.name for each in mirror.checkpoints() if each.path]
    assert len(names) == 2
    assert outbox() == names[-1:]


@pytest.mark.parametrize("command", ["no-such-program --at-all", "'unbalanced"])
def test_a_command_that_cannot_be_run(mirror: Archive, command: str) -> None:
    """Is told as well."""
    sign(mirror, checkpoint_command=command)
    report = mirror.sync()
    assert report.unkept is not None
    assert "cannot be run" in str(report.unkept)
    assert len(mirror.checkpoints()) == 1


def test_settings_that_are_wrong(signed: Archive) -> None:
    """Name the setting that does not exist, or has a wrong value."""
    sign(signed, ceckpoint_command="x")
    with pytest.raises(UsageError, match="ceckpoint_command"):
        signed.checkpoint()
    settings.drop(signed.directory, "signing", "ceckpoint_command")
    for wrong in ("  ", "nul\0.pem"):
        sign(signed, key_file=wrong)
        with pytest.raises(UsageError, match="should be a text"):
            signed.checkpoint()
