"""An archive whose ledger is signed: five conversations, one of them with two states and sound."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import moment, payload

from convarchive import Archive
from convarchive.sandbox import Sandbox
from convarchive.sync.engine import Options

ODD = 'odd_\x1b[31m\u202e é 🙂 \\ " \x7f'
"""The id of the one that has changed and was recorded; the others are ``conv_0`` to ``conv_3``."""

SOUND = b"RIFF" + bytes(range(256)) * 20


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
