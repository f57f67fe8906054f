"""``redact --preview``, and the options of ``export`` that hide things."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_a_preview_marks_what_would_be_hidden(find: Run) -> None:
    """In the turns where it is, with its kind; the archive keeps it."""
    ran = find("redact", "--preview", "social", "--utc")
    assert ran.code == 0
    assert "my social? (whispering) What's the... ‹two two oh six›.  ssn" in ran.out
    assert "1 conversation with something to hide" in ran.err
    assert "two two oh six" in find("export", "social").out


def test_a_preview_as_json_has_no_text(find: Run) -> None:
    """Places and kinds alone."""
    ran = find("redact", "--preview", "social", "--kinds", "ssn", "--json")
    document = json.loads(ran.out)
    assert document["schema"] == "convarchive.redact/1"
    (conversation,) = document["conversations"]
    (turn,) = conversation["turns"]
    assert turn == {"position": 7, "hidden": [{"start": 121, "end": 135, "kind": "ssn"}]}
    assert "two two" not in ran.out


def test_redact_alone_says_what_to_do(find: Run) -> None:
    """It changes nothing."""
    ran = find("redact", "social")
    assert ran.code == 2
    assert "--preview" in ran.err


def test_an_export_hides_and_tells(find: Run) -> None:
    """How many of each kind, in how many conversations, and that it is to be reviewed."""
    ran = find("export", "social", "--redact", "ssn", "--redact", "phone,card", "-o", "out.jsonl")
    assert ran.code == 0
    written = Path("out.jsonl").read_text(encoding="utf-8")
    assert "two two oh six" not in written
    assert '"caller_number":null' in written or '"caller_number":"[phone]"' in written
    assert re.search(r"Hidden: .*1 ssn in 1 conversation\. Review it", ran.err)


def test_the_report_is_a_file(find: Run) -> None:
    """Of the owner's alone, and in the place of nothing else."""
    args = ("export", "social", "--redact", "ssn", "--redact-report", "told.json")
    ran = find(*args, "-o", "out.jsonl")
    assert ran.code == 0
    report = json.loads(Path("told.json").read_text(encoding="utf-8"))
    assert (report["schema"], report["hidden"]) == ("convarchive.redaction/1", {"ssn": 1})
    assert Path("told.json").stat().st_mode & 0o77 == 0
    again = find(*args, "-o", "other.jsonl")
    assert again.code == 1
    assert not Path("other.jsonl").exists()


def test_no_export_no_report(find: Run) -> None:
    """What could not be written is not reported on."""
    Path("out.jsonl").touch()
    ran = find("export", "--redact", "ssn", "--redact-report", "told.json", "-o", "out.jsonl")
    assert ran.code == 1
    assert not Path("told.json").exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--redact", "crad"), "Did you mean card?"),
        (("--redact", ","), "There are card"),
        (("--redact", "name"), "name:FILE"),
        (("--silence",), "go with --redact"),
        (("--redact-report", "x"), "go with --redact"),
        (("--redact", "card", "--with-recordings", "-f", "raw", "-o", "x"), "--keep-audio"),
    ],
)
def test_wrong_usage_is_told(args: tuple[str, ...], told: str, find: Run) -> None:
    """Before anything is written."""
    ran = find("export", *args)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
