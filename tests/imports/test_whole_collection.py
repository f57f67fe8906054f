"""Every real call of the collection beside the repository goes out, comes in, and is the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.imports.conftest import Import, exported

from convarchive import Archive
from convarchive.export import Selection, export
from convarchive.model import Conversation, Turn
from convarchive.transcripts.roles import role_of
from convarchive.vcon import pieces, read, write

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
COLLECTIONS = sorted(path.name for path in CORPUS.glob("*.jsonl*") if "mixed" not in path.name)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not COLLECTIONS, reason="the collection of real conversations is not here"),
]


def calls(name: str) -> Iterator[Conversation]:
    """A collection's conversations, as an archive would have them; they have no start."""
    path = CORPUS / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:  # type: ignore[union-attr]
        for at, line in enumerate(lines):
            yield call(json.loads(line), at)


def call(real: dict[str, Any], at: int) -> Conversation:
    """One of them; the ids in a few collections are not unique."""
    turns = tuple(
        Turn(place, turn["speaker"], role_of(turn["speaker"]), turn["text"],
             seconds(turn["start"]), seconds(turn["end"]))
        for place, turn in enumerate(real["turns"])
    )  # fmt: skip
    return Conversation(
        source=real["source"], id=f"{at:06} {real['id']}", status="completed",
        language=real["language"], topics=tuple(map(str, real.get("labels") or ())),
        has_transcript=bool(turns), turns=turns, revision=1,
    )  # fmt: skip


def seconds(time: float | None) -> float | None:
    """As the database has it, where it is never a whole number."""
    return None if time is None else float(time)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_an_export_is_the_same_again(
    name: str, target: Archive, take: Import, tmp_path: Path
) -> None:
    """To the byte."""
    found = sorted(calls(name), key=lambda one: (one.source, one.id))
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    some = Selection("", "archive", len(found), lambda: iter(enumerate(found)), lambda _: ())
    export(some, "jsonl", before)
    report = take(before)
    assert (report.new, report.problems) == (len(found), 0)
    assert exported(target, after).read_bytes() == before.read_bytes()


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_vcon_is_without_loss(name: str) -> None:
    """Field by field."""
    for one in calls(name):
        assert read("elsewhere", b"".join(pieces(write(one)))).conversation == one
