"""What a vCon has to pass: the IETF's JSON schema, and the rules of the draft beyond it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from convarchive.vcon import pieces, write
from convarchive.vcon.rules import violations

STANDARD = Path(__file__).parents[3] / "shared" / "standards" / "vcon"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "fixtures.jsonl"


def wrongs(vcon: dict[str, Any]) -> list[str]:
    """What schema and rules have against it."""
    return [error.message for error in schema().iter_errors(vcon)] + violations(vcon)


@functools.cache
def schema() -> jsonschema.Draft7Validator:
    """The IETF's, with formats."""
    path = STANDARD / "vcon_json_schema.json"
    if not path.exists():
        pytest.skip("the standard's schema is not here")
    formats = jsonschema.Draft7Validator.FORMAT_CHECKER
    assert "date-time" in formats.checkers
    return jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")), format_checker=formats)


def example(name: str) -> bytes:
    """One of the IETF's examples."""
    path = STANDARD / f"{name}.vcon"
    if not path.exists():
        pytest.skip("the standard's examples are not here")
    return path.read_bytes()


def written(*args: Any, **options: Any) -> dict[str, Any]:
    """What `write` makes, after a way through JSON."""
    return json.loads(b"".join(pieces(write(*args, **options))))
