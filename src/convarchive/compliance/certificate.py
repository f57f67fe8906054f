"""The certificate of disposal: what was destroyed, by which rule or for what reason, by whom.

Two files, ``disposal-0001.json`` for programs and ``.html`` for people. They hold no data of a
person: a destroyed conversation is a number and a keyed hash, and a reason is what was given. They
are made from the tables alone, so a run that was interrupted writes the same again, and what
they say can be held against the ledger: they name its size and its root right after the disposal.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convarchive import disk
from convarchive.compliance import checkpoints
from convarchive.compliance.page import page
from convarchive.store import inception, ledger, tombstones
from convarchive.store.tombstones import Disposal, Tombstone

SCHEMA = "convarchive.certificate/1"
DIRECTORY = "certificates"

_COPIES = (
    "Copies made before: backups, exports, and whatever else was taken out of the archive. They"
    " have to be destroyed where they are."
)
_VENDOR = (
    "What the vendor keeps. It is not told; what was destroyed is not fetched from there again."
)
_DISK = (
    "Blocks that the disk no longer shows: flash memory and snapshots of a file system may keep"
    " what was overwritten. An encrypted disk makes them unreadable."
)
_STONES = (
    "For each conversation a number, a keyed hash of its id, the month of its start and its source,"
    " so that it stays destroyed and this can be proven."
)
REMAINS = (_COPIES, _VENDOR, _DISK, _STONES)
"""What a disposal does not reach."""


def path(directory: Path, disposal: int, suffix: str) -> Path:
    """Where the certificate of a disposal is; the suffix is ``.json`` or ``.html``."""
    return directory / DIRECTORY / f"disposal-{disposal:04}{suffix}"


def write(connection: sqlite3.Connection, directory: Path, disposal: int) -> None:
    """Write both files of a disposal, durably; what is there already is written anew.

    Raises:
        OSError: They can't be written.
    """
    told = document(connection, directory, disposal)
    folder = directory / DIRECTORY
    folder.mkdir(mode=0o700, exist_ok=True)
    disk.flush_names(directory)
    disk.sweep(folder)
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    disk.write(path(directory, disposal, ".json"), text.encode())
    disk.write(path(directory, disposal, ".html"), page(told).encode())


def document(connection: sqlite3.Connection, directory: Path, disposal: int) -> dict[str, Any]:
    """What a certificate says, as the document ``convarchive.certificate/1``."""
    run = tombstones.disposal(connection, disposal)
    stones = tombstones.of(connection, disposal)
    return {
        "schema": SCHEMA,
        "archive": inception.archive_id(connection),
        **_run(run),
        "by_class": _by_class(stones),
        "rules": json.loads(run.rules),
        "ledger": _ledger(connection, directory, disposal),
        "remains": list(REMAINS),
        "conversations": [
            {
                "key": stone.conversation,
                "source": stone.source,
                "id_hash": stone.id_hash,
                "month": stone.month,
                "class": stone.rule,
            }
            for stone in stones
        ],
    }


def _run(run: Disposal) -> dict[str, Any]:
    return {
        "disposal": run.disposal,
        "kind": run.kind,
        "at": run.at,
        "by": run.by,
        "reason": run.reason,
        "destroyed": {
            "conversations": run.conversations,
            "recordings": run.recordings,
            "bytes": run.bytes,
        },
    }


def _by_class(stones: Sequence[Tombstone]) -> list[dict[str, Any]]:
    counts = Counter(stone.rule for stone in stones)
    return [
        {"class": rule, "conversations": many}
        for rule, many in sorted(counts.items(), key=lambda each: each[0] or "")
    ]


def _ledger(connection: sqlite3.Connection, directory: Path, disposal: int) -> dict[str, Any]:
    """The entries that say so, and the root of the ledger that ends with them."""
    first, last = connection.execute(
        "SELECT d.ledger, max(d.ledger, coalesce(max(t.ledger), 0)) FROM disposals AS d"
        " LEFT JOIN tombstones AS t USING (disposal) WHERE d.disposal = ?",
        (disposal,),
    ).fetchone()
    size = last + 1
    return {
        "first": first,
        "last": last,
        "size": size,
        "root": base64.b64encode(ledger.root(connection, size)).decode(),
        "checkpoint": _checkpoint(directory, size),
    }


def _checkpoint(directory: Path, size: int) -> str | None:
    """The first checkpoint of a ledger of this size or more; None while there is none."""
    found = (each for each in checkpoints.all_of(directory) if not each.error)
    return next((each.path.name for each in found if each.path and each.size >= size), None)
