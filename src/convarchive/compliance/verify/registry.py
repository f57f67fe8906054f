"""Which rows stand behind which kinds of entry: one list, by which `accounts` goes.

A row names its entry by the position, and has the salt of what the entry commits to. What can be
destroyed by rule is a row here; that the archive is itself what its entries say (sources, windows,
marks) is compared in `statements`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from convarchive.store import evidence, tombstones


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
    emptied: tuple[str, ...] = ()
    """Columns that are null where what the entry says was forgotten."""


def _named(columns: tuple[str, ...]) -> Callable[..., evidence.Content]:
    return lambda *values: dict(zip(columns, values, strict=True))


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
    Behind(
        (evidence.HOLD,),
        "holds",
        evidence.HOLD_COLUMNS,
        _named(evidence.HOLD_COLUMNS),
        "hold {hold} {name}",
        ("hold",),
        emptied=("name", "query", "reason", "matter"),
    ),
    Behind(
        (evidence.RELEASE,),
        "holds",
        evidence.RELEASE_COLUMNS,
        _named(evidence.RELEASE_COLUMNS),
        "release of hold {hold}",
        ("hold",),
        position="release_ledger",
        salt="release_salt",
        only=" OR ".join(
            f"t.{name} IS NOT NULL"
            for name in (*evidence.RELEASE_COLUMNS[1:], "release_ledger", "release_salt")
        ),
        emptied=("release_reason",),
    ),
    Behind(
        (evidence.ACCESS, evidence.EXPORT),
        "access_log",
        evidence.ACCESS_COLUMNS,
        _named(evidence.ACCESS_COLUMNS),
        "access {at} {action}",
        emptied=("query",),
    ),
    Behind(
        (tombstones.DISPOSED,),
        "disposals",
        tombstones.Disposal._fields,
        lambda *values: tombstones.disposal_content(tombstones.Disposal(*values)),
        "disposal {disposal}",
        ("disposal",),
    ),
    Behind(
        (tombstones.ERASURE, tombstones.DISPOSAL),
        "tombstones",
        tombstones.Tombstone._fields,
        lambda *values: tombstones.tombstone_content(tombstones.Tombstone(*values)),
        "tombstone {conversation}",
        ("conversation", "disposal", "id_hash"),
    ),
)


def codes() -> Mapping[str, int]:
    """A number for each kind of entry that a row stands behind, and for windows."""
    kinds = [kind for behind in REGISTRY for kind in behind.kinds]
    return {kind: number for number, kind in enumerate([*kinds, evidence.WINDOW], start=1)}
