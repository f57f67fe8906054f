"""Conversations to be destroyed, and what finds every trace of them on the disk."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import zstandard
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.vendor import moment, payload

from convarchive import Archive, settings
from convarchive.sandbox import Sandbox

PERSON = "+15550142233"
"""Who asks to be forgotten: the caller of `THEIRS`."""
OTHER = "+442079460991"
THEIRS = ("conv_theirs_1", "conv_theirs_2")
KEPT = ("conv_kept_1", "conv_kept_2", "conv_kept_3")
SENTENCES = (
    "My aunt keeps a quetzalcoatlus in the conservatory.",
    "Please call me back about the zymurgy course.",
)
RARE = ("quetzalcoatlus", "conservatory", "zymurgy", "wherewithal", "brobdingnagian")
"""Words that only the conversations of `PERSON` have."""
WRITINGS = (
    "15550142233", "+1 555 014 2233", "+1 (555) 014-2233", "555-014-2233", "5550142233",
)  # fmt: skip
SECRET_SOUND, SHARED_SOUND = b"RIFF" + b"their voice" * 999, b"RIFF" + b"music on hold" * 999


def fill(vendor: Sandbox) -> None:
    """Two conversations of `PERSON`, three of others; two of them have the same recording."""
    vendor.recordings.add("secret.wav", SECRET_SOUND)
    vendor.recordings.add("shared.wav", SHARED_SOUND)
    for number, identifier in enumerate(THEIRS):
        vendor.upstream.put(theirs(identifier, number))
    for number, identifier in enumerate(KEPT):
        told = payload(identifier, moment(hours=number + 8), caller_number=OTHER)
        if number == 0:
            told["recording"] = "shared.wav"
        vendor.upstream.put(told)


def theirs(identifier: str, number: int, **fields: Any) -> dict[str, Any]:
    """A conversation of `PERSON`, with a word that nobody else has in every field."""
    said = [
        {"id": f"m{at}", "speaker": "customer", "text": text, "timestamp": at * 2.0,
         "duration": 1.0, "confidence": 0.9}
        for at, text in enumerate([*SENTENCES, f"My number is {WRITINGS[number]}, really."])
    ]  # fmt: skip
    usual: dict[str, Any] = {
        "caller_number": PERSON,
        "summary": "They had the wherewithal.",
        "topics": ["brobdingnagian"],
        "transcript": {"language": "en", "word_count": 20, "messages": said},
        "recording": ("secret.wav", "shared.wav")[number],
    }
    return payload(identifier, moment(hours=number), **(usual | fields))


def mirrored(vendor: Sandbox, directory: Path) -> Archive:
    """An archive of all of that; one of the conversations has changed since it was first seen."""
    archive = make_archive(directory, vendor.base_url)
    assert archive.sync().complete
    vendor.upstream.put(theirs(THEIRS[0], 0, summary="They had no wherewithal any more."))
    assert archive.sync().complete
    return archive


def made(directory: Path) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive; the key is in the environment meanwhile."""
    with Sandbox(count=0) as vendor:
        before = os.environ.get(KEY_VARIABLE)
        os.environ[KEY_VARIABLE] = vendor.key
        fill(vendor)
        with mirrored(vendor, directory) as archive:
            yield vendor, archive
        if before is None:
            os.environ.pop(KEY_VARIABLE, None)


def traces(directory: Path, texts: Iterable[str | bytes]) -> list[str]:
    """Where something of these is still to be found: raw in any file, or packed in the database."""
    sought = [text.encode() if isinstance(text, str) else text for text in texts]
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name != settings.FILE:
            content = path.read_bytes().lower()
            found += [f"{path.name}: {text!r}" for text in sought if text.lower() in content]
            for at, part in enumerate(_unpacked(path.read_bytes())):
                found += [f"{path.name}, packed {at}: {t!r}" for t in sought if t in part]
    return found


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Whatever begins like a Zstandard frame, as far as it can be unpacked."""
    at = content.find(b"\x28\xb5\x2f\xfd")
    while at != -1:
        with contextlib.suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompressobj().decompress(content[at:])
        at = content.find(b"\x28\xb5\x2f\xfd", at + 1)


def rows(archive: Archive) -> dict[str, list[Any]]:
    """Every row of every table but the index's mark."""
    connection = sqlite3.connect(archive.directory / "archive.db")
    tables = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    ]
    found = {
        table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        for table in tables
    }
    found["meta"] = [row for row in found["meta"] if row[0] != "index"]
    connection.close()
    return found


def everything_of_theirs() -> list[str | bytes]:
    """All that must not be found after an erasure."""
    return [*THEIRS, *SENTENCES, *RARE, *WRITINGS, PERSON, SECRET_SOUND[:64]]


def ids(archive: Archive) -> set[str]:
    """What is in the archive."""
    return {conversation.id for conversation in archive.list("", limit=0)}


def document(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
