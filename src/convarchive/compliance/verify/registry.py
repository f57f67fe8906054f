"""Which rows stand behind which kinds of entry: one list, by which `accounts` goes.

A row names its entry by the position, and has the salt of what the entry commits to. What can be
destroyed by rule is a row here; that the archive is itself what its entries say (sources, windows,
marks) is compared in `statements`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from convarchive.store import evidence


class Behind(NamedTuple):
    """Rows of a table, each with an entry of the ledger."""

    kinds: tuple[str, ...]
    """Of the entries."""
    table: str
    columns: tuple[str, ...]
    """What `content` takes, in this order; SQL."""
    content: Callable[..., evidence.Content] | None
    """What the entry commits to; None where that takes more than the row, see `contents`."""
    where: str
    """What a row is called, by its columns; ``conversation`` there is ``SOURCE/ID``."""
    named: tuple[str, ...] = ()
    """Columns that the entry says in plain, by the same names."""
    position: str = "ledger"
    """The column with the entry's position."""
    salt: str = "salt"
    only: str = "TRUE"
    """SQL for which rows have such an entry."""


REGISTRY: Final[tuple[Behind, ...]] = (
    Behind(
        (evidence.REVISION,),
        "revisions",
        ("conversation", "revision"),
        None,
        "{conversation} revision {revision}",
        ("conversation", "revision"),
    ),
    Behind(
        (evidence.SOUND,),
        "recordings",
        ("sha256", "bytes", "media_type", "fetched_at", "stored"),
        evidence.sound_content,
        "recording {sha256}",
    ),
    Behind(
        (evidence.RECORDING,),
        "conversation_recordings",
        ("conversation", "sha256", "received_at"),
        evidence.recording_content,
        "{conversation} recording {sha256}",
        ("conversation",),
    ),
)


def codes() -> Mapping[str, int]:
    """A number for each kind of entry that a row stands behind, and for windows."""
    kinds = [kind for behind in REGISTRY for kind in behind.kinds]
    return {kind: number for number, kind in enumerate([*kinds, evidence.WINDOW], start=1)}
