"""What the names of transcripts tell."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.imports.conftest import Import  # noqa: TC002

from convarchive import Archive
from convarchive.errors import Unreadable, UsageError
from convarchive.imports.naming import Pattern, without_suffix

BERLIN = ZoneInfo("Europe/Berlin")
FULL = "{started_at:%Y-%m-%d_%H%M}_{caller_number}_{agent_id}_{id}"


@pytest.mark.parametrize(
    ("pattern", "name", "told"),
    [
        (
            FULL, "2026-01-15_1042_+15550104477_billing_conv_8f2kq1.srt",
            {"started_at": "2026-01-15T10:42:00Z", "caller_number": "+15550104477",
             "agent_id": "billing", "id": "conv_8f2kq1"},
        ),
        ("{id}", "a/b/c.vtt", {"id": "c"}),
        ("{agent_id}/{id}", "billing/c.d.srt.gz", {"agent_id": "billing", "id": "c.d"}),
        ("call ({id}) [{language}]", "call (7) [pt-BR].txt", {"id": "7", "language": "pt-BR"}),
        ("{id}-{duration}s", "7-61.5s.srt", {"id": "7", "duration": 61.5}),
        ("{started_at:%d%b%Y %I.%M%p}_{id}", "03Feb2026 01.05PM_7",
         {"started_at": "2026-02-03T13:05:00Z", "id": "7"}),
        ("{started_at:%Y%m%dT%H%M%S%z}_{id}", "20260115T104200+0200_7",
         {"started_at": "2026-01-15T08:42:00Z", "id": "7"}),
        ("{started_at:%Y%m%d%H%M%S.%f}_{id}", "20260115104200.25_7",
         {"started_at": "2026-01-15T10:42:00.25Z", "id": "7"}),
    ],
)  # fmt: skip
def test_a_name_that_fits(pattern: str, name: str, told: dict[str, Any]) -> None:
    """Tells each field."""
    assert Pattern(pattern, UTC).told(name) == told


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (FULL, "2026-01-15_1042_conv.srt"),
        (FULL, "2026-13-15_1042_+1_a_b.srt"),
        ("{started_at:%Y-%m-%d}_{id}", "2026-02-30_x"),
        ("{id}-{duration}", "7-long"),
        ("{agent_id}/{id}", "c.srt"),
        ("x{id}", "x.srt"),
    ],
)
def test_a_name_that_does_not(pattern: str, name: str) -> None:
    """Is refused, and nothing is guessed."""
    with pytest.raises(Unreadable, match="Its name"):
        Pattern(pattern, UTC).told(name)


@pytest.mark.parametrize(
    "pattern",
    ["", "{name}_{id}", "{agent_id}", "{id}{id}", "{started_at}_{id}", "{id:%Y}",
     "{started_at:%Q}_{id}", "{source}_{id}", "{turns}_{id}", "{}_{id}"],
)  # fmt: skip
def test_a_pattern_that_is_none(pattern: str) -> None:
    """Is said before anything is read."""
    with pytest.raises(UsageError):
        Pattern(pattern, UTC)


def test_a_time_in_a_zone() -> None:
    """Is the instant that it was there."""
    told = Pattern("{started_at:%Y-%m-%d %H:%M}_{id}", BERLIN).told("2026-07-01 12:00_7")
    assert told["started_at"] == "2026-07-01T10:00:00Z"


def test_without_a_pattern() -> None:
    """The path without its suffix is the id."""
    names = ("a/b.srt", "b.VTT", "c.txt.gz", "d.en.srt", "e", "f.json")
    assert [*map(without_suffix, names)] == ["a/b", "b", "c", "d.en", "e", "f.json"]


def test_it_is_in_the_bytes(target: Archive, take: Import, tmp_path: Path) -> None:
    """What the name has told is read again by a rebuild, which knows of no pattern."""
    path = tmp_path / "2026-01-15_+15550104477_7.srt"
    path.write_text("1\n00:01 --> 00:02\nAgent: Hola\n")
    (tmp_path / "other.srt").write_text("1\n00:01 --> 00:02\nAgent: Hola\n")
    pattern = Pattern("{started_at:%Y-%m-%d}_{caller_number}_{id}", UTC)
    report = take(path, tmp_path / "other.srt", pattern=pattern, language="es", source="old")
    assert (report.new, report.problems) == (1, 1)
    found = target.show("old/7")
    assert (found.started_at, found.caller_number, found.language, found.status) == (
        "2026-01-15T00:00:00Z", "+15550104477", "es", "unknown",
    )  # fmt: skip
    with target.writing("test") as connection:
        connection.execute("UPDATE conversations SET started_at = NULL, language = 'de'")
    assert target.rebuild() == (1, 1)
    assert target.show("old/7") == found
    assert target.show("7", 1) == found
    assert target.count("language:es hola") == 1
