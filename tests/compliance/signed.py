"""An archive whose ledger is signed: five conversations, one of them with two states and sound."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import moment, payload

from convarchive import Archive
from convarchive.compliance import proofs
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options

ODD = 'odd_\x1b[31m\u202e é 🙂 \\ " \x7f'
"""The id of the one that has changed and was recorded; the others are ``conv_0`` to ``conv_3``."""

SOUND = b"RIFF" + bytes(range(256)) * 20


Holds = Callable[..., bool]
"""``holds(proof, *documents, key=…)``: what the checker says."""

spec = importlib.util.find_spec("convarchive.verify_proof")
assert spec is not None
assert spec.origin is not None
CHECKER = Path(spec.origin)
"""The program that checks proofs."""


class Proved(NamedTuple):
    """An archive whose ledger is signed, and files of it."""

    directory: Path
    vkey: str
    key: int
    """Of a conversation that was seen in two states and has a recording."""
    other: int


def make(directory: Path) -> Archive:
    """Sync it, so that its newest checkpoint covers all of it."""
    with Sandbox(count=0) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, running.key)
        running.recordings.add("a.wav", SOUND)
        for number in range(4):
            running.upstream.put(payload(f"conv_{number}", moment(hours=number)))
        running.upstream.put(payload(ODD, moment(hours=5), recording="a.wav"))
        archive = make_archive(directory, running.base_url)
        assert archive.sync().complete
        again = payload(ODD, moment(hours=5), recording="a.wav", summary="Another.")
        running.upstream.put(again)
        assert archive.sync(options=Options(full=True)).sources[0].changed == 1
        archive.checkpoint()
        return archive


@contextlib.contextmanager
def prover(proved: Proved) -> Iterator[proofs.Prover]:
    """What makes proofs of it."""
    with Archive.open(proved.directory) as archive:
        yield archive.prover()


def bare(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The checker as a process that can't import convarchive."""
    shutil.copy(CHECKER, folder / "verify_proof.py")
    program = (
        "import runpy, sys; sys.modules['convarchive'] = None;"
        " runpy.run_path('verify_proof.py', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", program, *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
